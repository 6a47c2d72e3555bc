"""How sure a model is of its functions and answers: standard deviations from the covariance of its parameters.

Whatever is computed from the parameters θ varies by g·Σ·gᵀ, with g its derivative by θ and Σ = L·Lᵀ the Laplace
approximation of `kan.training.laplace` (the delta method; exact where it is linear in θ, as splines are). A curve that
is centred over the reference rows has a centred derivative: what is uncertain about its level belongs to the bias.

Multiply by `quantile(0.9)` for the half-width of a band that holds nine in ten.
"""

from statistics import NormalDist

import torch
from jaxtyping import Float
from torch import Tensor

from kan.edges import edge_inputs
from kan.errors import InvalidSetting, UncertaintyUnknown
from kan.layer import SYMBOLIC, ZERO
from kan.model import FittedModel
from kan.network import EdgeId
from kan.training.normal_equations import link_jacobian
from kan.training.parameters import Parameters

CHUNK_NUMBERS = 2**24  # of one Jacobian: 128 MiB


def quantile(coverage: float) -> float:
    """Return how many standard deviations on both sides hold this share; raises InvalidSetting."""
    if not 0 < coverage < 1:
        raise InvalidSetting("coverage", coverage, "a number above 0 and below 1")
    return NormalDist().inv_cdf((1 + coverage) / 2)


def deviation_of(model: FittedModel, derivatives: Float[Tensor, "points parameters"]) -> Float[Tensor, " points"]:
    """Return the standard deviations of numbers with these derivatives by the parameters; raises UncertaintyUnknown."""
    if model.covariance_factor is None:
        raise UncertaintyUnknown
    return (derivatives @ model.covariance_factor.double()).square().sum(dim=1).sqrt()


@torch.no_grad()
def link_deviation(model: FittedModel, x: Float[Tensor, "rows features"], *, output: int = 0) -> Float[Tensor, " rows"]:
    """Return the standard deviation of one output of every row, on the link scale; raises UncertaintyUnknown."""
    parameters = Parameters(model.network)
    size = max(1, CHUNK_NUMBERS // (parameters.size * model.network.shape[-1]))
    parts = [deviation_of(model, link_jacobian(model.network, parameters, one)[:, output]) for one in x.split(size)]
    return torch.cat(parts) if parts else x.new_zeros(0)


@torch.no_grad()
def edge_deviation(model: FittedModel, edge: EdgeId, x: Float[Tensor, " points"]) -> Float[Tensor, " points"]:
    """Return the standard deviation of an edge's value less its mean over the reference rows.

    `x` is in the unit of the edge's source. It is 0 for a removed edge and for a formula whose numbers are all fixed.
    Raises InvalidEdge, UncertaintyUnknown.
    """
    reference = edge_inputs(model, edge)
    derivatives = _edge_derivatives(model, edge, torch.cat([x, reference]))
    values, over_reference = derivatives[: len(x)], derivatives[len(x) :]
    return deviation_of(model, values - over_reference.mean(dim=0) if len(reference) else values)


def _edge_derivatives(
    model: FittedModel, edge: EdgeId, x: Float[Tensor, " points"]
) -> Float[Tensor, "points parameters"]:
    """Return the derivatives of an edge's value by all parameters, most of which are 0."""
    parameters, layer = Parameters(model.network), model.network.layer(edge.layer)
    place, kind = parameters.places[edge.layer], int(layer.kinds[edge.target, edge.source])
    found = x.new_zeros(len(x), parameters.size + 1)
    if kind == ZERO:
        return found[:, :-1]
    inputs = x.new_zeros(len(x), layer.in_features)
    inputs[:, edge.source] = x
    found[:, parameters.padded[edge.layer][edge.target, edge.source]] = layer.features(inputs)[:, edge.source]
    found = found[:, :-1]  # the last column took the features of weights that are not in use
    if kind == SYMBOLIC:
        position = list(layer.forms).index((edge.target, edge.source))
        before, own = int(place.free[:position].sum()), place.free[position]
        start = place.coefficients.start + before
        jacobian = layer.symbolic_jacobian(inputs)[:, position]
        found[:, start : start + int(own.sum())] = jacobian[:, own]
    return found
