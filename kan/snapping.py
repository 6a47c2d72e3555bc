"""Edges by hand: fitted forms of one edge, and pure operations that snap it, remove it, refine it or make it a spline.

A fit depends on nothing but the model: its points are the reference grid of the edge, quantiles of the stored reference
rows, so that dense regions weigh more, and a thin uniform cover of the edge's domain, so that a form cannot go astray
where data are sparse. Every second point is held out, to tell how good a form is between the points of its fit.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from kan.constraints import CONCAVE, CONVEX, DECREASING, INCREASING
from kan.edges import edge_domain, edge_inputs
from kan.errors import EdgeFormRefused, InvalidSetting
from kan.layer import LARGEST_GRID_SIZE
from kan.model import FittedModel
from kan.network import EdgeId, Network, constraint_shapes
from kan.pruning import connected, without
from kan.refinement import hold, refined, spline_of
from kan.symbolic.direction import has_shape
from kan.symbolic.fitting import Candidate, Curve, fit_candidates, scaled_form
from kan.symbolic.library import FUNCTIONS, Parameter, SymbolicForm

QUANTILES = 256  # points at quantiles of the reference, weight 1 each
UNIFORM = 128  # points spread over the domain
UNIFORM_WEIGHT = 0.25
FEW_VALUES = 10  # with at most so many distinct inputs nothing between them is fitted


@dataclass(frozen=True, eq=False)
class ReferenceGrid:
    """Where an edge is fitted: points in the unit of its source, weights, values, and which points are held out."""

    x: Float[Tensor, " points"]
    weights: Float[Tensor, " points"]
    y: Float[Tensor, " points"]
    held_out: Tensor
    domain: tuple[float, float]

    @property
    def digest(self) -> str:
        """ "sha256:" and the hash of points and weights, so that two fits can be known to have used the same."""
        data = torch.stack([self.x, self.weights]).numpy().astype("<f8").tobytes()
        return f"sha256:{hashlib.sha256(data).hexdigest()}"


@torch.no_grad()
def reference_grid(
    model: FittedModel,
    edge: EdgeId,
    domain: tuple[float, float] | None = None,
    nodes: Sequence[Tensor] | None = None,
) -> ReferenceGrid | None:
    """Return the points at which an edge is fitted; None for a table, a zero, or a source without any value.

    They cover the `domain`, that of the edge where it is not given. `nodes` are the nodes of every layer at the
    reference rows, where they are known. Raises `InvalidEdge`.
    """
    if model.network.form(edge) in ("zero", "table"):
        return None
    present = edge_inputs(model, edge, nodes)
    if len(present) == 0:
        return None
    lower, upper = edge_domain(model, edge) if domain is None else domain
    x, weights, held_out = _points(present, (lower, upper))
    covered = min(lower, float(x.min())), max(upper, float(x.max()))
    return ReferenceGrid(x, weights, model.network.edge_activation(edge, x), held_out, covered)


def edge_candidates(
    model: FittedModel,
    edge: EdgeId,
    limit: int | None = 8,
    names: Sequence[str] | None = None,
    domain: tuple[float, float] | None = None,
) -> list[Candidate]:
    """Return up to `limit` fitted forms of an edge, best first; none for a table, a zero or a constant edge.

    `names` are functions of the library or formulas of x, all of the library where not given. Every form is defined on
    the whole `domain`, that of the edge where it is not given. R² and deviation are those at the held-out points.
    Raises `InvalidEdge`, `InvalidSetting`, `UnknownFunction`, `InvalidFormula`.
    """
    if limit is not None and limit < 1:
        raise InvalidSetting("limit", limit, "a whole number of at least 1")
    grid = reference_grid(model, edge, domain)
    return [] if grid is None else grid_candidates([grid], names)[0][:limit]


def grid_candidates(grids: Sequence[ReferenceGrid], names: Sequence[str] | None = None) -> list[list[Candidate]]:
    """Return the fitted forms of several edges on their reference grids, as `edge_candidates` does."""
    return fit_candidates([_curve(grid) for grid in grids], names)


def _curve(grid: ReferenceGrid) -> Curve:
    fitted, held_out = ~grid.held_out, None
    if bool(grid.held_out.any()):
        held_out = (grid.x[grid.held_out], grid.y[grid.held_out], grid.weights[grid.held_out])
    return Curve(grid.x[fitted], grid.y[fitted], grid.weights[fitted], grid.domain, held_out)


def fitted_form(
    model: FittedModel, edge: EdgeId, function: str, fixed: Sequence[Parameter] | None = None
) -> SymbolicForm:
    """Return a function of the library fitted to an edge, or a formula of x as it was typed.

    A formula gets a factor and a constant only, and a refit leaves its a and b alone unless `fixed` says otherwise.
    Raises `InvalidEdge`, `UnknownFunction`, `InvalidFormula`, and `EdgeFormRefused` where it is not defined on the
    edge's whole domain or the edge has no values.
    """
    grid = reference_grid(model, edge)
    if grid is None:
        raise EdgeFormRefused(str(edge), "a table, a removed edge and one without data have no form")
    default: tuple[Parameter, ...] = ()
    if function in FUNCTIONS:
        found = edge_candidates(model, edge, limit=None, names=[function])
        form = found[0].form if found else None
    else:
        form, default = scaled_form(function, grid.x, grid.y, grid.weights, grid.domain), ("a", "b")
    if form is None:
        lower, upper = grid.domain
        reason = f"{function} is constant or not defined everywhere from {lower:.6g} to {upper:.6g}"
        raise EdgeFormRefused(str(edge), reason)
    return replace(form, fixed=default if fixed is None else tuple(fixed))


def snap(model: FittedModel, edge: EdgeId, form: SymbolicForm) -> FittedModel:
    """Return a model in which an edge is a formula.

    Raises `InvalidEdge`, and `EdgeFormRefused` for a table and for a formula that is not defined on the whole domain or
    leaves the shape that the edge is held to.
    """
    lower, upper = edge_domain(model, edge)
    if not form.defined_between(lower, upper):
        reason = f"{form.function} is not defined, or not finite, everywhere from {lower:.6g} to {upper:.6g}"
        raise EdgeFormRefused(str(edge), reason)
    shape = int(model.network.layer(edge.layer).shapes[edge.target, edge.source])
    network = model.network.with_symbolic(edge, form)
    if not has_shape(form.expression, shape, lower, upper):
        raise EdgeFormRefused(
            str(edge), "it is held to rise, to fall or to bend one way, and the formula is not proved to do so"
        )
    return model.with_network(network)


def unsnap(model: FittedModel, edge: EdgeId) -> FittedModel:
    """Return a model in which a formula is a spline again, the one nearest to it on the knots of its layer.

    Raises `InvalidEdge`, and `EdgeFormRefused` for an edge that is no formula.
    """
    form = model.network.symbolic_form(edge)
    if form is None:
        raise EdgeFormRefused(str(edge), f"it is no formula but a {model.network.form(edge)}")
    network = model.network.copy()
    spline_of(network.layer(edge.layer), edge.target, edge.source, form)
    return model.with_network(network)


def remove(model: FittedModel, edge: EdgeId) -> FittedModel:
    """Return a model without an edge, whose mean over the reference rows moves into the bias of its target.

    Edges that then lead nowhere go too. Raises `InvalidEdge`, `NoEdgesLeft`.
    """
    model.network.require(edge)
    active = set(model.network.active_edges())
    kept = connected(active - {edge}, model.network)
    return model.with_network(without(model.network, model.reference, active - kept))


def refine(model: FittedModel, grid_size: int) -> FittedModel:
    """Return a model whose splines have `grid_size` intervals, the same functions on nested knots.

    Raises `InvalidSetting` unless that is a multiple of the present number of every layer.
    """
    sizes = model.network.grid_sizes
    fits = max(sizes) < grid_size <= LARGEST_GRID_SIZE and all(grid_size % size == 0 for size in sizes)
    if not fits:
        present = " and ".join(str(size) for size in sorted(set(sizes)))
        expected = f"a multiple of the present {present} that is larger, and at most {LARGEST_GRID_SIZE}"
        raise InvalidSetting("grid_size", grid_size, expected)
    layers = [model.network.layer(position) for position in range(len(sizes))]
    return model.with_network(Network([refined(layer, grid_size // layer.grid_size) for layer in layers]))


def direct(model: FittedModel, monotone: Mapping[str, int]) -> FittedModel:
    """Return an additive model held to other directions, 1 or -1 by feature; each spline moves as little as it must.

    Raises `InvalidSetting` for a network with hidden layers, for several outputs and for what is no direction,
    `UnknownFeature`, and `EdgeFormRefused` for a formula that is not proved to have its direction.
    """
    if len(model.network.layers) > 1:
        raise InvalidSetting("monotone", dict(monotone), "a network without hidden layers; train this one anew")
    outputs = model.network.shape[-1]
    wanted = constraint_shapes(model.features, monotone, None, hidden=False, outputs=outputs)
    network = model.network.copy()
    layer = network.layer(0)
    for edge in network.active_edges():
        if edge.source not in layer.numeric:
            continue
        old = int(layer.shapes[edge.target, edge.source])
        shape = (old & (CONVEX | CONCAVE)) | (wanted[edge.source] if len(wanted) else 0)
        form = network.symbolic_form(edge)
        if form is not None:
            if not has_shape(form.expression, shape, *edge_domain(model, edge)):
                raise EdgeFormRefused(str(edge), f"the formula is not proved to {_direction_in_words(shape)}")
            layer.shapes[edge.target, edge.source] = shape
        elif shape != old:
            hold(layer, edge.target, edge.source, shape)
    return model.with_network(network)


def _direction_in_words(shape: int) -> str:
    return "rise" if shape & INCREASING else "fall" if shape & DECREASING else "bend one way"


def _points(
    present: Float[Tensor, " present"], domain: tuple[float, float]
) -> tuple[Float[Tensor, " points"], Float[Tensor, " points"], Tensor]:
    """Return where an edge is fitted, with which weights, and which of the points are held out."""
    distinct, counts = torch.unique(present, return_counts=True)
    if len(distinct) <= FEW_VALUES:
        return distinct, counts.to(present.dtype), torch.zeros(len(distinct), dtype=torch.bool)
    quantiles = torch.quantile(present, torch.linspace(0, 1, QUANTILES, dtype=present.dtype))
    uniform = torch.linspace(domain[0], domain[1], UNIFORM, dtype=present.dtype)
    weights = torch.cat([torch.ones_like(quantiles), torch.full_like(uniform, UNIFORM_WEIGHT)])
    held_out = torch.cat([torch.arange(len(part)) % 2 == 1 for part in (quantiles, uniform)])
    return torch.cat([quantiles, uniform]), weights, held_out
