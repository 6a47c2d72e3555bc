"""Second-order training: Levenberg–Marquardt steps on the generalised Gauss–Newton matrix.

Source: D. Marquardt, "An Algorithm for Least-Squares Estimation of Nonlinear Parameters" (1963); the damping follows
H. B. Nielsen, "Damping Parameter in Marquardt's Method" (1999). Each step minimises the local quadratic model of

    mean loss + ψ/(2n) · Σ λ·wᵀ·Q·w + l1 · Σ sizes + entropy · Σ H(sizes)

with λ from `kan.training.evidence`. The last two terms are met by their tangent and a quadratic above them
(iteratively reweighted least squares: I. Daubechies et al., 2010). A step that does not lower the objective is not
taken, so an objective that is finite stays finite.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from kan.errors import TrainingDiverged
from kan.losses import Family
from kan.network import Network
from kan.regularization import Penalties, edge_sizes, network_costs, network_sparsity, sparsity_slopes
from kan.sampling import evenly
from kan.training.bounded import bounded_step
from kan.training.evidence import EXPECTED_VARIANCE, precision, priors, starting_strengths, updated
from kan.training.normal_equations import Chunks, NormalEquations
from kan.training.parameters import Parameters
from kan.training.rows import Rows

FIRST_DAMPING, LARGEST_DAMPING, SMALLEST_DAMPING = 1e-2, 1e12, 1e-12
FLOOR = 1e-11  # share of the mean curvature that every direction has at least
BASE_RIDGE = 1e-3  # share of the mean curvature on the base, which the spline can nearly express itself
SMALLEST_DISPERSION = 1e-28
SMALLEST_FREEDOM = 0.05  # share of the rows that stays free for the dispersion, however many parameters there are
EVEN_DAMPING = 1e-2  # share of the mean curvature by which directions of little curvature are damped too
NEGLIGIBLE = 1e-13  # share of the objective below which a predicted gain is rounding
SAMPLE_ROWS = 4096  # on which formulas are measured
TRIALS = 15  # steps tried before the damping is given up


@dataclass
class Regularization:
    """What an optimisation has learned about the noise: λ per layer, dispersion, degrees of freedom, damping."""

    strengths: list[Tensor] | None = None
    dispersion: float = 1.0
    freedom: float = 0.0
    damping: float = FIRST_DAMPING


@dataclass(frozen=True, eq=False)
class Past:
    """What earlier rows say: their loss around old values to second order, relative to the number of present rows."""

    gram: Float[Tensor, "parameters parameters"]
    gradient: Float[Tensor, " parameters"]
    values: Float[Tensor, " parameters"]

    def price(self, values: Float[Tensor, " parameters"]) -> Float[Tensor, ""]:
        """Return how much the earlier rows lose by other values."""
        moved = values - self.values
        return moved @ (self.gradient + self.gram @ moved / 2)


@dataclass(frozen=True)
class StepResult:
    """Mean loss, sparsity and objective after a step, by how much the objective fell, and whether a step was taken."""

    loss: float
    sparsity: float
    objective: float
    decrease: float
    taken: bool


class GaussNewton:
    """Steps on one network, whose knots, forms and edges stay as they are; made anew when they change."""

    def __init__(
        self,
        network: Network,
        rows: Rows,
        family: Family,
        penalties: Penalties,
        state: Regularization,
        *,
        memory: int,
        past: Past | None = None,
        validation: Rows | None = None,
    ) -> None:
        """Prepare the rows; `state` is read and kept up to date."""
        self.past = past
        self.network, self.rows, self.family, self.penalties, self.state = network, rows, family, penalties, state
        self.parameters = Parameters(network)
        self.chunks = Chunks(network, self.parameters, rows, family, memory)
        self.held_out = None if validation is None else Chunks(network, self.parameters, validation, family, memory)
        self.costs = network_costs(network, rows.x)
        self.priors = priors(self.parameters, self.costs)
        if state.strengths is None:
            state.strengths = starting_strengths(self.parameters, self.priors)
        self.base, self.anchor, self.formulas = self._base_weights(), self._anchor(), self._formula_ridge()
        self.largest_dispersion = self._dispersion_of_a_constant()

    @torch.no_grad()
    def step(self, *, estimate: bool, afresh: bool = False) -> StepResult:
        """Take one step, after an update of λ and dispersion where `estimate` says so and they are not given.

        `afresh` first takes the dispersion from the residuals alone, for a trained network of which no noise is known.
        Raises TrainingDiverged where the loss is not finite at the present parameters.
        """
        equations, values = self.chunks.normal_equations(), self.parameters.read()
        if not math.isfinite(equations.loss):
            raise TrainingDiverged("the loss at the present parameters is not finite")
        floor = self._floor(equations.gram)
        if estimate and self.penalties.smoothness is None:
            if afresh:
                self._measure_noise(equations)
            self._estimate(equations, values, floor)
        quadratic = self._quadratic()
        before = equations.loss + self._price(quadratic, values)
        slope, curvature = self._sparsity_terms(values)
        gradient = equations.gradient + quadratic @ values + slope
        matrix = equations.gram + quadratic + curvature + floor
        if self.past is not None:
            gradient = gradient + self.past.gradient + self.past.gram @ (values - self.past.values)
            matrix = matrix + self.past.gram
        return self._damped_step(matrix, gradient, values, quadratic, before, equations)

    def validation_loss(self) -> float | None:
        """Return the mean loss of the rows held out, None where there are none."""
        return None if self.held_out is None else self.held_out.loss()

    @torch.no_grad()
    def covariance(self) -> Float[Tensor, "parameters parameters"] | None:
        """Return the Laplace approximation (n/ψ·G + Σ λ·Q)⁻¹ at the present parameters; None where it is singular.

        Where the smoothness is given and nothing was estimated, the dispersion is.
        """
        equations = self.chunks.normal_equations()
        matrix = equations.gram + self._quadratic() + self._floor(equations.gram)
        matrix.diagonal().add_(self._unseen())
        if self.past is not None:
            matrix = matrix + self.past.gram
        factor, failed = torch.linalg.cholesky_ex(matrix)
        if failed:
            return None
        inverse = torch.cholesky_inverse(factor)
        if self.penalties.smoothness is not None:
            self._measure_noise(equations, inverse)
        return inverse * (self.state.dispersion / len(self.rows))

    def _damped_step(
        self,
        matrix: Tensor,
        gradient: Tensor,
        values: Tensor,
        quadratic: Tensor,
        before: float,
        equations: NormalEquations,
    ) -> StepResult:
        diagonal, state, growth = equations.gram.diagonal(), self.state, 2.0
        scale = diagonal + EVEN_DAMPING * diagonal.mean()
        for _ in range(TRIALS):
            damped = matrix.clone()
            damped.diagonal().add_(state.damping * scale)
            step = self._solved(damped, gradient, values)
            if step is None:
                state.damping = max(state.damping, SMALLEST_DAMPING) * 10
                continue
            predicted = -float(gradient @ step + step @ (matrix @ step) / 2)
            if predicted <= NEGLIGIBLE * abs(before):
                break
            self.parameters.write(values + step)
            loss = self.chunks.loss(remember=True)
            after = loss + self._price(quadratic, values + step)
            if math.isfinite(after) and after < before:
                ratio = min((before - after) / predicted, 2.0)
                shrunk = state.damping * max(1 / 3, 1 - (2 * ratio - 1) ** 3)
                state.damping = max(shrunk, SMALLEST_DAMPING)
                return StepResult(loss, self._sparsity(), after, before - after, taken=True)
            state.damping = max(state.damping, SMALLEST_DAMPING) * growth
            growth *= 2
            if state.damping > LARGEST_DAMPING:
                break
        self.parameters.write(values)
        self.chunks.forget()
        state.damping = min(state.damping, 1.0)
        return StepResult(equations.loss, self._sparsity(), before, 0.0, taken=False)

    def _solved(self, matrix: Tensor, gradient: Tensor, values: Tensor) -> Float[Tensor, " parameters"] | None:
        bounds = self.parameters.bounds
        if bounds is None:
            factor, failed = torch.linalg.cholesky_ex(matrix)
            return None if failed else -torch.cholesky_solve(gradient.unsqueeze(1), factor)[:, 0]
        index, transform = bounds.index, bounds.transform
        matrix, gradient = matrix.clone(), gradient.clone()
        matrix[:, index] = matrix[:, index] @ transform
        matrix[index] = transform.T @ matrix[index]
        gradient[index] = transform.T @ gradient[index]
        theta = torch.linalg.solve(transform, values[index])
        lower = torch.full_like(gradient, -math.inf)
        lower[index] = torch.where(bounds.bounded, -theta.clamp(min=0), -math.inf)
        step = bounded_step(matrix, gradient, lower)
        if step is not None:
            step[index] = transform @ step[index]
        return step

    # The regularisation

    def _estimate(self, equations: NormalEquations, values: Tensor, floor: Tensor) -> None:
        """Update dispersion and λ once."""
        matrix = equations.gram + self._quadratic() + floor
        factor, failed = torch.linalg.cholesky_ex(matrix)
        if failed:
            return
        inverse = torch.cholesky_inverse(factor)
        count, state = len(self.rows), self.state
        self._measure_noise(equations, inverse)
        assert state.strengths is not None  # set when this was made  # noqa: S101
        share = state.dispersion / count
        state.strengths = updated(
            self.parameters,
            self.priors,
            state.strengths,
            values,
            inverse * share,
            equations.gram.diagonal() / share,
            tied=len(self.network.layers) > 1,
        )

    def _measure_noise(
        self, equations: NormalEquations, inverse: Float[Tensor, "parameters parameters"] | None = None
    ) -> None:
        """Update the degrees of freedom, where the `inverse` is known, and the dispersion where the family has one."""
        count, state = len(self.rows), self.state
        if inverse is not None:
            state.freedom = float((inverse * equations.gram).sum())
        if self.family.has_dispersion:
            free = max(count - state.freedom, SMALLEST_FREEDOM * count)
            # In this order, so that an overflow to NaN meets the limit too.
            state.dispersion = max(min(self.largest_dispersion, equations.pearson * count / free), SMALLEST_DISPERSION)
            if self.family.name == "poisson":
                state.dispersion = max(state.dispersion, 1.0)

    def _dispersion_of_a_constant(self) -> float:
        """Return the dispersion around the best constant, which no better answer exceeds.

        Without this limit one row that a step misses far would make the noise, and with it every penalty, explode.
        """
        rows, family = self.rows, self.family
        link = family.start(rows.target, rows.weights, rows.offset) + rows.offset
        return float(family.pearson(link, rows.target) @ rows.weights / rows.weights.sum())

    def _quadratic(self) -> Float[Tensor, "parameters parameters"]:
        """Return the matrix of all quadratic costs, relative to the mean loss."""
        assert self.state.strengths is not None  # set when this was made  # noqa: S101
        share = self.state.dispersion / len(self.rows)
        if self.penalties.smoothness is None:
            blocks = precision(self.state.strengths, self.priors)
        else:
            share = self.penalties.smoothness
            blocks = [
                cost.given.expand(len(place.positions), -1, -1, -1)
                for cost, place in zip(self.costs, self.parameters.places, strict=True)
            ]
        matrix = self.parameters.scattered([share * block for block in blocks])
        matrix.diagonal().add_(self.state.dispersion / len(self.rows) * self.formulas)
        return matrix

    @torch.no_grad()
    def _formula_ridge(self) -> Float[Tensor, " parameters"]:
        """Return the cost of c² of every formula that leads to an output, 0 for other parameters.

        It expects the variance that is expected of splines: without it formulas of separable classes grow without end.
        """
        ridge = torch.zeros(self.parameters.size, dtype=self.rows.x.dtype, device=self.rows.x.device)
        layer, place = self.network.layer(len(self.network.layers) - 1), self.parameters.places[-1]
        if layer.forms:
            nodes = self.network.trace(evenly(self.rows.x, SAMPLE_ROWS)).inputs[-2]
            variances = layer.symbolic_jacobian(nodes)[:, :, 2].var(dim=0, correction=0)
            positions = place.coefficients.start + place.free.flatten().cumsum(0).reshape(-1, 3)[:, 2] - 1
            free = place.free[:, 2]
            ridge[positions[free]] = variances[free] / EXPECTED_VARIANCE
        return ridge

    def _unseen(self) -> Float[Tensor, " parameters"]:
        """Return the cost of values for categories never seen, which vary like those of the others; 0 elsewhere."""
        assert self.state.strengths is not None  # set when this was made  # noqa: S101
        ridge = torch.zeros(self.parameters.size + 1, dtype=self.rows.x.dtype, device=self.rows.x.device)
        given, share = self.penalties.smoothness, self.state.dispersion / len(self.rows)
        for position, (padded, strengths) in enumerate(zip(self.parameters.padded, self.state.strengths, strict=True)):
            layer = self.network.layer(position)
            for source in layer.categorical:
                cost = share * strengths[-1, :, source] if given is None else given
                ridge[padded[:, source, layer.inputs[source].categories]] = cost
        return ridge[:-1]

    def _price(self, quadratic: Tensor, values: Tensor) -> float:
        """Return everything that is paid beside the loss; the network holds `values`."""
        price = values @ (quadratic @ values) / 2
        if self.past is not None:
            price = price + self.past.price(values)
        return float(price) + self._sparsity()

    def _sparsity(self) -> float:
        return float(network_sparsity(self.network, self.costs, self.penalties))

    def _sparsity_terms(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return the gradient of the sparsity and the curvature of a quadratic above it."""
        if self.penalties.l1 == 0 and self.penalties.entropy == 0:
            return torch.zeros_like(values), values.new_zeros(())
        tangents, blocks = [], []
        for position, cost in enumerate(self.costs):
            sizes = edge_sizes(self.network.layer(position), cost.covariance)
            pull = torch.where(sizes > 0, sparsity_slopes(sizes, self.penalties) / sizes.clamp(min=1e-12), 0.0)
            tangents.append(pull.reshape(*pull.shape, 1, 1) * cost.covariance)
            blocks.append(pull.clamp(min=0).reshape(*pull.shape, 1, 1) * cost.covariance)
        return self.parameters.scattered(tangents) @ values, self.parameters.scattered(blocks)

    def _floor(self, gram: Tensor) -> Float[Tensor, "parameters parameters"]:
        """Return the curvature that every direction has at least, so that what the data leave open stays where it is.

        The mean of an edge is open, because the bias of its node can take it over; so is the base beside its spline.
        """
        mean = gram.diagonal().mean()
        anchor = self.anchor * mean
        anchor.diagonal().add_(mean * (FLOOR + BASE_RIDGE * self.base))
        return anchor

    def _anchor(self) -> Float[Tensor, "parameters parameters"]:
        """Return the square of the mean activation of every edge as a matrix."""
        blocks = []
        for place, cost in zip(self.parameters.places, self.costs, strict=True):
            mean = cost.mean * (place.positions >= 0)
            blocks.append(mean.unsqueeze(3) * mean.unsqueeze(2))
        return self.parameters.scattered(blocks)

    def _base_weights(self) -> Float[Tensor, " parameters"]:
        """Return 1 for the weights of a base, 0 for other parameters."""
        base = torch.zeros(self.parameters.size + 1, dtype=self.rows.x.dtype, device=self.rows.x.device)
        for position, padded in enumerate(self.parameters.padded):
            layer = self.network.layer(position)
            base[padded[:, list(layer.numeric), 0].flatten()] = 1.0
        return base[:-1]
