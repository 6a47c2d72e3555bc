"""Symbolic forms for the edges of a fitted model: candidates for one edge, snapping of all that have a good one.

A fit depends on nothing but the model: its points are quantiles of the stored reference rows, so that dense
regions weigh more, and a thin uniform cover of the edge's domain, so that a form cannot go astray where data
are sparse.
"""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from kan.constraints import CONCAVE, CONVEX, DECREASING, INCREASING
from kan.edges import edge_domain, edge_inputs
from kan.errors import InvalidSetting
from kan.model import FittedModel
from kan.network import EdgeId, Network
from kan.symbolic.fitting import Candidate, fit_candidates

QUANTILES = 128  # points at quantiles of the reference, weight 1 each
UNIFORM = 64  # points spread over the domain
UNIFORM_WEIGHT = 0.25
SHAPE_POINTS, SHAPE_ROUNDING = 1001, 1e-13  # points at which a formula shows its shape, and its rounding there
FEW_VALUES = 10  # with at most so many distinct inputs nothing between them is fitted


def edge_candidates(model: FittedModel, edge: EdgeId, limit: int = 8) -> list[Candidate]:
    """Return up to `limit` fitted forms of an edge, best first; none for a table, a zero or a constant edge.

    Raises `InvalidEdge`, `InvalidSetting`.
    """
    if limit < 1:
        raise InvalidSetting("limit", limit, "a whole number of at least 1")
    return _candidates(model, edge)[0][:limit]


def symbolify(model: FittedModel, *, minimum_r2: float = 0.995, tolerance: float = 0.1) -> FittedModel:
    """Return a model in which every spline edge with a good enough form is symbolic; the others stay splines.

    A form is good enough with an R² of at least `minimum_r2` and, at every point, a deviation of at most
    `tolerance` times the range of the edge, and if it has the shape that the edge is held to. Edges are judged one by
    one on the given model; a refit of the
    parameters is the caller's next step. Raises `InvalidSetting`.
    """
    if not 0 <= minimum_r2 <= 1:
        raise InvalidSetting("minimum_r2", minimum_r2, "a number from 0 to 1")
    if not tolerance > 0:
        raise InvalidSetting("tolerance", tolerance, "a number above 0")
    network = model.network
    for edge in model.network.active_edges():
        if model.network.form(edge) != "spline":
            continue
        candidates, largest_range = _candidates(model, edge)
        for candidate in candidates:
            good = candidate.r2 >= minimum_r2 and candidate.max_abs_deviation <= tolerance * largest_range
            snapped = network.with_symbolic(edge, candidate.form) if good else None
            if snapped is not None and _has_shape(snapped, edge, edge_domain(model, edge)):
                network = snapped
                break
    return replace(model, network=network)


@torch.no_grad()
def _has_shape(network: Network, edge: EdgeId, domain: tuple[float, float]) -> bool:
    """Return whether an edge has the shape that it is held to, at even points of its domain."""
    shape = int(network.layer(edge.layer).shapes[edge.target, edge.source])
    x = torch.linspace(*domain, SHAPE_POINTS, dtype=torch.float64)
    values = network.edge_activation(edge, x)
    first, second = values.diff(), values.diff(n=2)
    slack = SHAPE_ROUNDING * float(values.abs().max())
    wanted = {INCREASING: first, DECREASING: -first, CONVEX: second, CONCAVE: -second}
    return all(bool((change >= -slack).all()) for flag, change in wanted.items() if shape & flag)


def _candidates(model: FittedModel, edge: EdgeId) -> tuple[list[Candidate], float]:
    """Return all fitted forms of an edge, best first, and the range of its values."""
    if model.network.form(edge) in ("zero", "table"):
        return [], 0.0
    present = edge_inputs(model, edge)
    if len(present) == 0:
        return [], 0.0
    lower, upper = edge_domain(model, edge)
    x, weights = _points(present, (lower, upper))
    with torch.no_grad():
        y = model.network.edge_activation(edge, x)
    domain = min(lower, float(x.min())), max(upper, float(x.max()))
    return fit_candidates(x, y, weights, domain=domain), float(y.max() - y.min())


def _points(
    present: Float[Tensor, " present"], domain: tuple[float, float]
) -> tuple[Float[Tensor, " points"], Float[Tensor, " points"]]:
    """Return where an edge is fitted, and with which weights."""
    distinct, counts = torch.unique(present, return_counts=True)
    if len(distinct) <= FEW_VALUES:
        return distinct, counts.to(present.dtype)
    quantiles = torch.quantile(present, torch.linspace(0, 1, QUANTILES, dtype=present.dtype))
    uniform = torch.linspace(domain[0], domain[1], UNIFORM, dtype=present.dtype)
    weights = torch.cat([torch.ones_like(quantiles), torch.full_like(uniform, UNIFORM_WEIGHT)])
    return torch.cat([quantiles, uniform]), weights
