"""Knots where functions bend, so that every interval has its share of the error of approximation.

Source: C. de Boor, "Good approximation by splines with variable knots II" (1974); "A Practical Guide to Splines"
(1978), chapter XII. The least-squares spline of degree k on intervals of length h misses f, to the leading order, by

    ∫ w·e² = 2·(2π)^-(2k+2) · ∫ w·|f^(k+1)|²·h^(2k+2)

which a number of knots makes least where their density is proportional to (w·|f^(k+1)|²)^(1/(2k+3)). f^(k+1) is read
from a trained spline: jumps of its k-th derivative by the distance between the middles of its intervals. w is what an
error costs: the density of the rows times the squared sensitivity δ² of the loss to the node behind the edge.

Noise bends splines too, but so little that what is estimated from it is a small share of the noise. Knots therefore
move by the estimated error as a share of the residuals' spread: all the way on exact data, hardly on noisy tables.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from kan.bspline import basis, greville
from kan.feature_maps import base_values
from kan.grid import MINIMUM_SPACING, clamped
from kan.layer import Layer
from kan.losses import Family
from kan.network import Network
from kan.refinement import move_knots
from kan.sampling import evenly
from kan.training.rows import Rows

SAMPLE_ROWS = 4096  # rows at which sensitivities are measured
LARGEST_HIDDEN_SHARE = 0.5  # of the way that knots of hidden nodes go, because the nodes move on
TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Curvature:
    """For the numeric inputs of a layer: where knots were, how dense they should be there, and the squared error."""

    breakpoints: Float[Tensor, "numeric breakpoints"]
    density: Float[Tensor, "numeric breakpoints"]
    error: Float[Tensor, " numeric"]

    def shared_out(self, grid_size: int) -> Float[Tensor, "numeric steps"]:
        """Return breakpoints with the same integral of the density, linear between its values, in every interval."""
        lengths, first, rise = self.breakpoints.diff(dim=1), self.density[:, :-1], self.density.diff(dim=1)
        areas = lengths * (first + rise / 2)
        reached = torch.nn.functional.pad(areas.cumsum(dim=1), (1, 0))
        steps = torch.linspace(0, 1, grid_size + 1, dtype=lengths.dtype, device=lengths.device)
        wanted = reached[:, -1:] * steps
        at = torch.searchsorted(reached[:, 1:-1].contiguous(), wanted)
        first, rise, length = first.gather(1, at), rise.gather(1, at), lengths.gather(1, at)
        rest = (wanted - reached.gather(1, at)) / length
        share = 2 * rest / (first + (first.square() + 2 * rise * rest).clamp(min=0).sqrt()).clamp(min=TINY)
        lower, upper = self.breakpoints[:, :1], self.breakpoints[:, -1:]
        uniform = lower + (upper - lower) * steps
        found = self.breakpoints.gather(1, at) + length * share.clamp(max=1)
        found = MINIMUM_SPACING * uniform + (1 - MINIMUM_SPACING) * found
        found[:, 0], found[:, -1] = lower[:, 0], upper[:, 0]
        return found


@torch.no_grad()
def curvatures(network: Network, rows: Rows, family: Family) -> list[Curvature]:
    """Return the curvature of every layer of a trained network, in the metric of its loss at the rows."""
    rows = Rows(*(evenly(one, SAMPLE_ROWS) for one in (rows.x, rows.target, rows.weights, rows.offset)))
    nodes = network.trace(rows.x).inputs
    sensitivity = family.factors(nodes[-1] + rows.offset) * rows.weights.sqrt().reshape(-1, 1, 1)
    found = []
    for position in reversed(range(len(network.layers))):
        layer = network.layer(position)
        found.append(_curvature(layer, nodes[position], sensitivity.square().sum(dim=1)))
        if position > 0:
            sensitivity = sensitivity @ layer.derivatives(nodes[position])
    return found[::-1]


@torch.no_grad()
def follow_curvature(
    network: Network,
    x: Float[Tensor, "rows inputs"],
    found: Sequence[Curvature],
    dispersion: float,
    grid_eps: float | Sequence[float],
) -> None:
    """Move the knots of every layer towards those that share out the error that was found before an extension.

    Inputs whose share of the uniform grid, `grid_eps`, is 1 keep their knots.
    """
    nodes = evenly(x, SAMPLE_ROWS)
    for position, curvature in enumerate(found):
        layer = network.layer(position)
        share = (curvature.error / dispersion).sqrt().clamp(max=LARGEST_HIDDEN_SHARE if position else 1.0).unsqueeze(1)
        if position == 0:
            share[(share.new_tensor(grid_eps) == 1).expand(len(share))] = 0.0
        if bool((share > 0).any()):
            present = layer.knots[:, layer.degree : -layer.degree]
            knots = torch.lerp(present, curvature.shared_out(layer.grid_size), share)
            move_knots(layer, clamped(knots, layer.degree), nodes)
        nodes = layer(nodes)


def _curvature(layer: Layer, nodes: Float[Tensor, "rows inputs"], costs: Float[Tensor, "rows outputs"]) -> Curvature:
    """Return the curvature of a layer; an error of a node costs `costs` at the rows."""
    breakpoints = layer.knots[:, layer.degree : -layer.degree]
    lengths, order = breakpoints.diff(dim=1), 2 * layer.degree + 2
    paid = _ends_repeated(_costs_by_interval(layer, nodes, costs) / lengths) * _bends(layer).square()
    paid = paid.sum(dim=0)
    error = 2 * (2 * math.pi) ** -order * (paid[:, 1:] + paid[:, :-1]) / 2 * lengths ** (order + 1)
    return Curvature(breakpoints, paid ** (1 / (order + 1)), error.sum(dim=1))


def _costs_by_interval(
    layer: Layer, nodes: Float[Tensor, "rows inputs"], costs: Float[Tensor, "rows outputs"]
) -> Float[Tensor, "outputs numeric intervals"]:
    """Return what errors in each interval cost, as a share of all rows; missing values cost nothing."""
    inner = layer.knots[:, layer.degree + 1 : -layer.degree - 1]
    found = []
    for position, source in enumerate(layer.numeric):
        u = (nodes[:, source] - layer.centre[position]) / layer.half_width[position]
        at = torch.bucketize(u, inner[position].contiguous(), right=True)
        known = ~u.isnan()
        sums = costs.new_zeros(layer.grid_size, costs.shape[1])
        found.append(sums.index_add_(0, at[known], costs[known]).T / len(nodes))
    return torch.stack(found, dim=1) if found else costs.new_zeros(costs.shape[1], 0, layer.grid_size)


def _bends(layer: Layer) -> Float[Tensor, "outputs numeric breakpoints"]:
    """Return the derivative of order k+1 of every edge at its breakpoints; 0 where an interval has no neighbour."""
    degree, numeric, knots = layer.degree, list(layer.numeric), layer.knots
    sites = greville(knots, degree)
    bases = basis(sites.T.contiguous(), knots, degree).transpose(0, 1)
    base = torch.linalg.solve(bases, base_values(layer.base, sites))
    weights = (layer.weights * layer.mask)[:, numeric]
    derivative = weights[:, :, 1 : layer.functions + 1] + weights[:, :, :1] * base
    for order in range(degree, 0, -1):
        knots = knots[:, 1:-1]
        derivative = order * derivative.diff(dim=2) / (knots[:, order:] - knots[:, :-order])
    middles = (knots[:, 1:] + knots[:, :-1]) / 2
    if layer.grid_size == 1:
        return torch.zeros_like(weights[:, :, :2])
    jumps = derivative.diff(dim=2) / middles.diff(dim=1)
    return torch.cat([jumps[:, :, :1], jumps, jumps[:, :, -1:]], dim=2)


def _ends_repeated(
    intervals: Float[Tensor, "outputs numeric intervals"],
) -> Float[Tensor, "outputs numeric breakpoints"]:
    """Return values at breakpoints: the mean of the intervals on both sides."""
    framed = torch.cat([intervals[:, :, :1], intervals, intervals[:, :, -1:]], dim=2)
    return (framed[:, :, 1:] + framed[:, :, :-1]) / 2
