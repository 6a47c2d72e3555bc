"""What the data say about smoothness, against the exact marginal likelihood of a Gaussian model."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy.optimize import minimize

from kan.losses import FAMILIES, FamilyName
from kan.network import Network
from kan.regularization import ORDERS, Penalties, edge_sizes, network_costs
from kan.training.evidence import EXPECTED_VARIANCE, precision, priors, starting_strengths
from kan.training.gauss_newton import GaussNewton, Regularization
from kan.training.parameters import Parameters
from kan.training.rows import Rows, weighted_rows
from tests.kan.random_models import MIXED, network_with_every_form, random_rows
from tests.kan.training.runs import started

Array = npt.NDArray[np.float64]
GENERATOR = torch.Generator().manual_seed(0)
COUNT = 300
X = 2 * torch.rand(COUNT, 2, generator=GENERATOR, dtype=torch.float64) - 1
NOISE = torch.randn(COUNT, 1, generator=GENERATOR, dtype=torch.float64)
CURVES = torch.sin(4 * X[:, :1]) + 0.5 * X[:, 1:] ** 2


def estimated(
    rows: Rows, family: FamilyName = "gaussian", steps: int = 60, **more: Any
) -> tuple[Network, Regularization, GaussNewton]:
    """Return an additive network after steps that estimate its smoothness, and what they found."""
    network, state = started(rows, family, grid_sizes=(8,), **more), Regularization()
    engine = GaussNewton(network, rows, FAMILIES[family], Penalties(0.0, 0.0, None), state, memory=2**28)
    for _ in range(steps):
        engine.step(estimate=True)
    return network, state, engine


@dataclass(frozen=True)
class Exact:
    """The marginal likelihood of an additive Gaussian model, computed with NumPy from its features and matrices.

    The mean of an edge is the bias of its node, so each edge counts in coordinates without the constant.
    """

    design: Array
    costs: Array
    target: Array

    @classmethod
    def of(cls, network: Network, engine: GaussNewton, rows: Rows) -> "Exact":
        layer = network.layer(0)
        splines = slice(1, layer.functions + 1)
        basis = np.linalg.svd(np.ones((1, layer.functions)))[2][1:].T
        features = layer.features(rows.x)[:, :, splines].numpy()
        edges = [features[:, i] @ basis for i in range(layer.in_features)]
        costs = engine.costs[0].kinds[: len(ORDERS) + 1, :, splines, splines].numpy()
        design = np.column_stack([np.ones(len(rows)), *edges])
        return cls(design, basis.T @ costs @ basis, rows.target[:, 0].numpy())

    def prior(self, strengths: Array) -> Array:
        size = self.costs.shape[-1]
        matrix = np.zeros((self.design.shape[1], self.design.shape[1]))
        for i in range(self.costs.shape[1]):
            at = slice(1 + i * size, 1 + (i + 1) * size)
            matrix[at, at] = np.einsum("k,kab->ab", strengths[:, i], self.costs[:, i])
        return matrix

    def solution(self, strengths: Array, dispersion: float) -> tuple[Array, float]:
        """Return the fitted values and the degrees of freedom."""
        gram = self.design.T @ self.design / dispersion
        inverse = np.linalg.inv(gram + self.prior(strengths))
        weights = inverse @ self.design.T @ self.target / dispersion
        return self.design @ weights, float(np.trace(inverse @ gram))

    def log_evidence(self, strengths: Array, dispersion: float) -> float:
        """Return the logarithm up to a constant, with what is expected of the strength of slopes beforehand."""
        prior = self.prior(strengths)
        matrix = self.design.T @ self.design / dispersion + prior
        weights = np.linalg.solve(matrix, self.design.T @ self.target / dispersion)
        error = self.target - self.design @ weights
        misfit = error @ error / dispersion + weights @ prior @ weights
        volume = np.linalg.slogdet(matrix)[1] - np.linalg.slogdet(prior[1:, 1:])[1]
        slope, edges = strengths[-1, 0], self.costs.shape[1]
        expected = edges * (np.log(slope) - EXPECTED_VARIANCE * slope)
        return float(expected - misfit - volume) / 2


ROWS = weighted_rows(X, CURVES + 0.3 * NOISE)


def free(strengths: Array) -> Array:
    """Return the logarithms that the estimate may choose: roughness of every edge, one slope for all."""
    logarithms: Array = np.log(np.concatenate([strengths[: len(ORDERS)].ravel(), strengths[-1, :1]]))
    return logarithms


def whole(logarithms: Array) -> Array:
    count = (len(logarithms) - 1) // len(ORDERS)
    roughness = np.exp(logarithms[:-1]).reshape(len(ORDERS), count)
    return np.vstack([roughness, np.full((1, count), np.exp(logarithms[-1]))])


def test_estimate_is_where_the_exact_marginal_likelihood_is_flat_and_highest() -> None:
    network, state, engine = estimated(ROWS, base="zero")
    assert state.strengths is not None
    exact, strengths = Exact.of(network, engine, ROWS), state.strengths[0][: len(ORDERS) + 1, 0].numpy()
    fitted, freedom = exact.solution(strengths, state.dispersion)
    np.testing.assert_allclose(network.evaluate(X)[:, 0].detach().numpy(), fitted, atol=1e-5)
    assert state.freedom == pytest.approx(freedom, rel=1e-6)
    error = exact.target - fitted
    assert state.dispersion == pytest.approx(error @ error / (COUNT - freedom), rel=1e-6)

    def cost(logarithms: Array) -> float:
        return -exact.log_evidence(whole(logarithms), state.dispersion)

    found = free(strengths)
    for place in range(len(found)):
        step = 0.01 * np.eye(len(found))[place]
        assert abs(cost(found + step) - cost(found - step)) / 0.02 < 1e-3
    bounds = [(-20.0, 20.0)] * len(found)
    best = minimize(cost, np.zeros(len(found)), method="L-BFGS-B", bounds=bounds)
    assert cost(found) <= best.fun + 0.01


def test_pseudo_traces_are_those_of_numpy() -> None:
    network = network_with_every_form(seed=1, hidden=(), outputs=2)
    rows = random_rows(MIXED, 200, seed=2)
    parameters = Parameters(network)
    found = priors(parameters, network_costs(network, rows))
    strengths = starting_strengths(parameters, found)
    generator = torch.Generator().manual_seed(3)
    random = [one * torch.rand(one.shape, generator=generator, dtype=torch.float64).add(0.1) for one in strengths]
    whole_prior = precision(random, found)[0]
    traces = found[0].trace(random[0])
    learned = network.layer(0).kinds == 1
    for target, source in learned.nonzero().tolist():
        inverse = np.linalg.pinv(whole_prior[target, source].numpy(), rcond=1e-9, hermitian=True)
        for kind, matrix in enumerate(found[0].costs[:, source].numpy()):
            if random[0][kind, target, source] > 0:
                expected = float(np.trace(inverse @ matrix))
                assert float(traces[kind, target, source]) == pytest.approx(expected, rel=1e-4)


def test_only_costs_that_an_edge_has_get_a_strength() -> None:
    network = network_with_every_form(seed=1, hidden=(), outputs=2)
    parameters = Parameters(network)
    found = priors(parameters, network_costs(network, random_rows(MIXED, 200, seed=2)))
    (strengths,) = starting_strengths(parameters, found)
    expected = torch.zeros(4, 2, 3, dtype=torch.float64)  # kinds, outputs, inputs
    expected[:3, :, :2] = 1.0  # roughness of both orders and slope of the numbers
    expected[3, :, 1:] = 1.0  # gaps and tables
    expected[:, 0, 0] = expected[:, 1, 2] = 0.0  # a formula and a removed edge
    assert torch.equal(strengths, expected)


@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_straight_line_has_no_wiggles(noise: float) -> None:
    line = 2 * X[:, :1] - X[:, 1:]
    network, state, _ = estimated(weighted_rows(X, line + noise * NOISE))
    with torch.no_grad():
        grid = torch.linspace(-1, 1, 101, dtype=torch.float64).unsqueeze(1).expand(-1, 2)
        bend = network.layer(0).activations(grid)[:, 0].diff(n=2, dim=0).abs().max()
        error = (network.evaluate(X) - line).square().mean().sqrt()
    assert float(bend) < 1e-4
    assert float(error) < (2 * noise / COUNT**0.5 if noise else 1e-3)
    assert state.freedom < (4 if noise else 6)  # rounding is all that is left to fit without noise


def test_edges_of_a_straight_line_are_held_much_harder_than_those_of_a_curve() -> None:
    bent, straight = (
        estimated(weighted_rows(X, curve + 0.3 * NOISE))[1].strengths for curve in (CURVES, 2 * X[:, :1] - X[:, 1:])
    )
    assert bent is not None
    assert straight is not None
    assert bool((straight[0][0] > 1e3 * bent[0][0]).all())


def test_curve_without_noise_is_not_smoothed_away() -> None:
    network, state, _ = estimated(weighted_rows(X, CURVES), steps=100)
    error = float((network.evaluate(X) - CURVES).detach().square().mean().sqrt())
    assert error < 5e-3
    assert state.dispersion < 1e-4


def test_feature_that_does_nothing_is_shrunk_to_nearly_nothing() -> None:
    rows = weighted_rows(X, torch.sin(4 * X[:, :1]) + 0.3 * NOISE)
    network, _, engine = estimated(rows)
    sizes = edge_sizes(network.layer(0), engine.costs[0].covariance)[0].tolist()
    assert sizes[0] > 0.5
    assert sizes[1] < 2 * 0.3 / COUNT**0.5  # twice the error of a straight line


@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson", "gamma", "multinomial"])
def test_degrees_of_freedom_lie_between_none_and_all_parameters(family: FamilyName) -> None:
    uniform = torch.rand(COUNT, 1, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    target = {
        "gaussian": CURVES + 0.3 * NOISE,
        "binomial": (uniform < torch.sigmoid(2 * CURVES)).double(),
        "poisson": torch.poisson(CURVES.exp(), generator=torch.Generator().manual_seed(5)),
        "gamma": CURVES.exp() * -torch.log(uniform),
        "multinomial": torch.nn.functional.one_hot((CURVES[:, 0] + NOISE[:, 0]).sign().long() + 1, 3).double(),
    }[family]
    network, state, _ = estimated(weighted_rows(X, target), family, steps=25)
    assert 1 < state.freedom < Parameters(network).size
    assert state.freedom < 25
    expected = {"gaussian": 0.09, "gamma": 1.0, "poisson": 1.0}.get(family)
    if expected is not None:
        assert state.dispersion == pytest.approx(expected, rel=0.35)


def test_more_noise_means_more_smoothing() -> None:
    freedoms = [estimated(weighted_rows(X, CURVES + noise * NOISE))[1].freedom for noise in (0.03, 0.3, 3.0)]
    assert freedoms == sorted(freedoms, reverse=True)
