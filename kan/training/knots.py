"""Knots of hidden nodes follow the values that the nodes take; constants move from edges into biases."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from kan.grid import adaptive_knots
from kan.layer import Layer
from kan.network import Network
from kan.refinement import move_knots, widen_domain
from kan.sampling import evenly
from kan.symbolic.library import FUNCTIONS

MARGIN = 0.05  # share of the range by which a hidden domain is wider than the training data
LARGEST_WIDENING = 0.1  # share of a domain by which its outer pieces may be made longer
SMALLEST_RANGE = 1e-12  # share of the domain that a node's range counts as at least
SAMPLE_ROWS = 4096  # rows on which the splines are refitted


@torch.no_grad()
def place_input_knots(network: Network, x: Float[Tensor, "rows inputs"], grid_eps: float | Sequence[float]) -> None:
    """Put the knots of the first layer where the data are, between the borders of its inputs' domains.

    `grid_eps` is one number or one for each numeric input.
    """
    layer = network.layer(0)
    if layer.numeric:
        u = (x[:, layer.numeric] - layer.centre) / layer.half_width
        knots = adaptive_knots(
            u, grid_size=layer.grid_size, degree=layer.degree, grid_eps=grid_eps, domain=layer.domain
        )
        move_knots(layer, knots, evenly(x, SAMPLE_ROWS))


@torch.no_grad()
def follow_hidden_nodes(network: Network, x: Float[Tensor, "rows inputs"]) -> float:
    """Move the knots of every hidden layer to the values of its nodes, from the inputs to the outputs, evenly spaced.

    Afterwards every row lies inside every hidden domain but those of formulas that are not defined everywhere, which
    continue linearly. Returns the largest change of an edge at the rows.
    """
    largest, nodes = 0.0, x
    for position in range(1, len(network.layers)):
        layer, nodes = network.layer(position), _through(network.layer(position - 1), nodes)
        knots = adaptive_knots(nodes, grid_size=layer.grid_size, degree=layer.degree, grid_eps=1.0, margin=MARGIN)
        held = _held_inputs(layer)
        knots[held] = layer.knots[held]
        largest = max(largest, move_knots(layer, knots, evenly(nodes, SAMPLE_ROWS)))
    return largest


@dataclass(frozen=True)
class HiddenFit:
    """How far rows lie outside the hidden domains, and how much longer the domains are than the nodes' ranges.

    Both are the largest over all nodes, as shares of the domain and of the range.
    """

    outside: float
    length: float


@torch.no_grad()
def hidden_fit(network: Network, x: Float[Tensor, "rows inputs"]) -> HiddenFit:
    """Return how the hidden domains fit the values that the nodes take at the rows."""
    outside, length, nodes = 0.0, 0.0, x
    for position in range(1, len(network.layers)):
        layer, nodes = network.layer(position), _through(network.layer(position - 1), nodes)
        lower, upper = layer.domain
        first, last = nodes.amin(dim=0), nodes.amax(dim=0)
        free = [at for at in range(layer.in_features) if at not in _held_inputs(layer)]
        lower, upper, first, last = lower[free], upper[free], first[free], last[free]
        if not free:
            continue
        domain = upper - lower
        outside = max(outside, float(torch.maximum((lower - first) / domain, (last - upper) / domain).max()))
        length = max(length, float((domain / (last - first).clamp(min=SMALLEST_RANGE * domain)).max()))
    return HiddenFit(outside, length)


@torch.no_grad()
def cover_hidden_nodes(network: Network, x: Float[Tensor, "rows inputs"]) -> None:
    """Bring every row into every hidden domain, from the inputs to the outputs.

    Where rows are a little outside, domains are widened and the function stays inside them; else the knots follow.
    """
    if hidden_fit(network, x).outside > LARGEST_WIDENING:
        follow_hidden_nodes(network, x)
        return
    nodes = x
    for position in range(1, len(network.layers)):
        layer, nodes = network.layer(position), _through(network.layer(position - 1), nodes)
        first, last = nodes.amin(dim=0), nodes.amax(dim=0)
        lower, upper = layer.domain
        held = _held_inputs(layer)
        first[held], last[held] = lower[held], upper[held]
        margin = MARGIN / 2 * (upper - lower)
        if bool((first < lower).any() or (last > upper).any()):
            below = torch.where(first < lower, first - margin, lower)
            widen_domain(layer, below, torch.where(last > upper, last + margin, upper))


@torch.no_grad()
def centre_edges(network: Network, x: Float[Tensor, "rows inputs"]) -> None:
    """Give every learned edge mean zero over the rows, exactly; a category never seen gets that mean, 0."""
    nodes = x
    for position in range(len(network.layers)):
        layer = network.layer(position)
        mean = torch.stack([layer.features(part).sum(dim=0) for part in nodes.split(SAMPLE_ROWS)]).sum(dim=0) / len(x)
        layer.shift((layer.weights * mean).sum(dim=-1))
        for source in layer.categorical:
            layer.weights[:, source, layer.inputs[source].categories] = 0.0
        nodes = _through(layer, nodes) if position < len(network.layers) - 1 else nodes


def _held_inputs(layer: Layer) -> list[int]:
    """Return the inputs of formulas that are not defined everywhere: their domains stay where they were found good."""
    return sorted({source for (_, source), form in layer.forms.items() if FUNCTIONS[form.function].domain != "all"})


def _through(layer: Layer, nodes: Float[Tensor, "rows inputs"]) -> Float[Tensor, "rows outputs"]:
    """Return the nodes behind a layer, some rows at a time: the feature map of a large table would fill the memory."""
    return torch.cat([layer(part) for part in nodes.split(SAMPLE_ROWS)])
