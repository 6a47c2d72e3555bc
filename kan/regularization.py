"""What is paid for: rough functions, slopes, uneven tables, active edges, many half-active edges.

The first kinds of cost are quadratic forms wᵀ·Q·w of an edge's weights, with a matrix for each kind:

    roughness   second and fourth derivative of the spline  (P. Eilers and B. Marx, "Flexible smoothing with B-splines
                                                             and penalties", 1996; here for unequal knots)
    slope       the straight line nearest to the spline, by its variance over the data (G. Marra and S. Wood,
                "Practical variable selection for generalized additive models", 2011)
    levels      values of a table, and the value at a missing input

The others are the L1 norm and the entropy of the sizes of the edges (Z. Liu et al., "KAN: Kolmogorov-Arnold
Networks", 2024, section 2.5.1), measured on the activations: the size of an edge is the standard deviation of its
activation over the data, sqrt(wᵀ·C·w) with C the covariance of the input's feature map. So the sizes of all edges
cost one small quadratic form each and never the (rows, outputs, inputs) tensor.

Only learned edges pay; a symbolic edge has been paid for when it was snapped.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from kan.bspline import greville
from kan.feature_maps import base_values
from kan.layer import LEARNED, Layer
from kan.network import Network
from kan.sampling import evenly

SMALLEST_VARIANCE = 1e-10  # keeps the slope of the square root finite at an edge of size 0
BASE_WEIGHT = 10.0  # of the square of the weight of a base, as a share of a given smoothness
ORDERS = (2, 4)  # derivatives whose size is roughness: the first for noise, the second where there is none
SAMPLE_ROWS = 8192  # rows on which spreads are measured


@dataclass(frozen=True)
class Penalties:
    """Weights of the penalties, relative to a loss of one row; smoothness None is estimated from the data."""

    l1: float
    entropy: float
    smoothness: float | None


@dataclass(frozen=True)
class Costs:
    """The matrices of one layer: one for each kind of cost, what a given smoothness weighs, the covariance and the
    mean of the feature map.

    A given smoothness weighs the first roughness, levels, and the square of the base weight: the spline can nearly
    express the base, so that without this the weights of the same function would have no minimum.
    """

    kinds: Float[Tensor, "kinds inputs width width"]
    given: Float[Tensor, "inputs width width"]
    covariance: Float[Tensor, "inputs width width"]
    mean: Float[Tensor, "inputs width"]


def feature_covariance(features: Float[Tensor, "rows inputs width"]) -> Float[Tensor, "inputs width width"]:
    """Return the covariance of every input's feature map over the rows."""
    centred = (features - features.mean(dim=0)).transpose(0, 1).contiguous()
    return centred.transpose(1, 2) @ centred / len(features)


def layer_costs(layer: Layer, features: Float[Tensor, "rows inputs width"]) -> Costs:
    """Return the cost matrices of one layer, for its feature map at some rows."""
    covariance = feature_covariance(features)
    rough = [differences.transpose(1, 2) @ differences for differences in (roughness(layer, one) for one in ORDERS)]
    slope, levels = torch.zeros_like(rough[0]), torch.zeros_like(rough[0])
    numeric, splines = list(layer.numeric), slice(0, layer.functions + 1)
    if numeric:
        line = _line(layer)
        known = covariance[numeric] if layer.categorical else covariance
        towards = (known[:, splines, splines] @ line.unsqueeze(2)).squeeze(2)
        variance = (towards * line).sum(dim=1).clamp(min=SMALLEST_VARIANCE)
        towards = towards / variance.sqrt().unsqueeze(1)
        slope[numeric, : layer.functions + 1, : layer.functions + 1] = towards.unsqueeze(2) * towards.unsqueeze(1)
        levels[numeric, layer.functions + 1, layer.functions + 1] = layer.has_missing.to(levels.dtype)
    for i in layer.categorical:
        count = layer.inputs[i].categories
        levels[i, :count, :count] = torch.eye(count, dtype=levels.dtype, device=levels.device)
    given = rough[0] + levels
    if numeric:
        given[numeric, 0, 0] += BASE_WEIGHT
    return Costs(torch.stack([*rough, slope, levels]), given, covariance, features.mean(dim=0))


def _line(layer: Layer) -> Float[Tensor, "numeric functions_plus_1"]:
    """Return the weights of base and spline that make the line φ(u) = u."""
    sites = greville(layer.knots, layer.degree)
    return torch.nn.functional.pad(sites, (1, 0))


@torch.no_grad()
def network_costs(network: Network, x: Float[Tensor, "rows inputs"]) -> list[Costs]:
    """Return the cost matrices of every layer over some of the rows, evenly chosen."""
    nodes, costs = evenly(x, SAMPLE_ROWS), []
    for position in range(len(network.layers)):
        layer = network.layer(position)
        features = layer.features(nodes)
        costs.append(layer_costs(layer, features))
        nodes = layer.combine(features, nodes)
    return costs


def roughness(layer: Layer, order: int) -> Float[Tensor, "inputs differences width"]:
    """Return D with |D·w|² the roughness of every numeric input's edges, from a derivative of spline and base together.

    A derivative of a B-spline is one of a lower degree, with coefficients (c[m+1] - c[m]) / (g[m+1] - g[m]), g the
    Greville abscissae of the degree before. Each is multiplied by a power of the knot intervals around it: what is
    paid for is the change from interval to interval, so that a thinly populated end, where intervals are long, is not
    free to bend. Polynomials of degree order - 1 cost nothing on any knots. The base counts by its values at the
    Greville abscissae, which are its coefficients up to the square of the spacing.
    """
    count, degree = layer.functions, layer.degree
    rows = max(count - order, 0)
    differences = torch.zeros(
        layer.in_features, rows, layer.width, dtype=layer.weights.dtype, device=layer.weights.device
    )
    if not layer.numeric or rows == 0:
        return differences
    sites = greville(layer.knots, degree)
    change = torch.eye(count, dtype=sites.dtype, device=sites.device).expand(len(sites), -1, -1)
    for taken in range(order):
        change = change.diff(dim=1)
        if degree - taken >= 1:
            inner = layer.knots[:, taken : layer.knots.shape[1] - taken]
            change = change / greville(inner, degree - taken).diff(dim=1).unsqueeze(2)
    change = change * _local_interval(layer.knots, degree, order).pow(min(order, degree)).unsqueeze(2)
    numeric = list(layer.numeric)
    differences[numeric, :, 1 : count + 1] = change
    if layer.base != "zero":
        differences[numeric, :, 0] = (change @ base_values(layer.base, sites).unsqueeze(2)).squeeze(2)
    return differences


def _local_interval(
    knots: Float[Tensor, "numeric knots"], degree: int, order: int
) -> Float[Tensor, "numeric differences"]:
    """Return the mean length of the knot intervals on which a coefficient of a derivative is felt."""
    first, window = min(order, degree), abs(degree - order) + 1
    lengths = knots.diff(dim=1)[:, first : knots.shape[1] - 1 - first]
    parts = lengths.unfold(1, window, 1)
    return parts.sum(dim=2) / (parts > 0).sum(dim=2)


def edge_sizes(layer: Layer, covariance: Float[Tensor, "inputs width width"]) -> Float[Tensor, "outputs inputs"]:
    """Return the standard deviation of every learned edge's activation, 0 for other edges."""
    weights = layer.weights * layer.mask
    variance = ((weights.transpose(0, 1) @ covariance) * weights.transpose(0, 1)).sum(dim=-1).T
    return (variance.clamp(min=0) + SMALLEST_VARIANCE).sqrt() * (layer.kinds == LEARNED)


def sparsity(sizes: Float[Tensor, "outputs inputs"], penalties: Penalties) -> Float[Tensor, ""]:
    """Return l1 · Σ sizes + entropy · H(sizes) of one layer."""
    return penalties.l1 * sizes.sum() + penalties.entropy * _entropy(sizes)


def sparsity_slopes(sizes: Float[Tensor, "outputs inputs"], penalties: Penalties) -> Float[Tensor, "outputs inputs"]:
    """Return ∂ sparsity / ∂ size of every edge: l1 − entropy · (log p + H) / Σ sizes, p the share of the edge."""
    total = sizes.sum().clamp(min=SMALLEST_VARIANCE)
    shares = (sizes / total).clamp(min=SMALLEST_VARIANCE)
    return penalties.l1 - penalties.entropy * (shares.log() + _entropy(sizes)) / total


def network_sparsity(network: Network, costs: Sequence[Costs], penalties: Penalties) -> Float[Tensor, ""]:
    """Return the sparsity of all layers together."""
    total = network.layer(0).weights.new_zeros(())
    if penalties.l1 > 0 or penalties.entropy > 0:
        for position, cost in enumerate(costs):
            total = total + sparsity(edge_sizes(network.layer(position), cost.covariance), penalties)
    return total


def penalty(network: Network, costs: Sequence[Costs], penalties: Penalties) -> Float[Tensor, ""]:
    """Return the sparsity of every layer, and half of what a given smoothness costs, for first-order steps."""
    total = network_sparsity(network, costs, penalties)
    for position, cost in enumerate(costs):
        layer = network.layer(position)
        weights = (layer.weights * layer.mask).transpose(0, 1)
        quadratic = ((weights @ cost.given) * weights).sum()
        total = total + (penalties.smoothness or 0.0) / 2 * quadratic
    return total


def _entropy(sizes: Float[Tensor, "outputs inputs"]) -> Float[Tensor, ""]:
    """Return -Σ p log p of the shares p of the sizes: small when few edges do the work."""
    shares = sizes / sizes.sum().clamp(min=SMALLEST_VARIANCE)
    return -torch.xlogy(shares, shares.clamp(min=SMALLEST_VARIANCE)).sum()
