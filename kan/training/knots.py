"""Knots of hidden nodes follow the values that the nodes take; constants move from edges into biases."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from kan.grid import RELATIVE_SPREAD, adaptive_knots, column_ranges
from kan.layer import Layer
from kan.network import Network
from kan.refinement import move_knots, widen_domain
from kan.sampling import evenly
from kan.symbolic.library import function_of

MARGIN = 0.05  # share of the range by which a hidden domain is wider than the training data
LARGEST_WIDENING = 0.1  # share of a domain by which its outer pieces may be made longer
LARGEST_CHANGE = 0.3  # of a node, as a share of its standard deviation, before another way to its rows is tried
SMALLEST_SPREAD = 1e-12  # standard deviation that a node counts as having at least
STARTING_SPREAD = 0.03  # least standard deviation of a hidden node before training: a step of Adam by default
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
def spread_hidden_nodes(network: Network, x: Float[Tensor, "rows inputs"]) -> None:
    """Scale random hidden nodes that hardly vary, as they do without a base.

    Domains would be so short that the first steps of Adam or a line search lead far out of them, and a log link
    overflows.
    """
    nodes = x
    for position in range(len(network.layers) - 1):
        layer = network.layer(position)
        deviation = _through(layer, nodes).std(dim=0, correction=0)
        varies = deviation > SMALLEST_SPREAD
        layer.weights.mul_(torch.where(varies, STARTING_SPREAD / deviation, 1.0).clamp(min=1.0).reshape(-1, 1, 1))
        nodes = _through(layer, nodes)


@torch.no_grad()
def follow_hidden_nodes(network: Network, x: Float[Tensor, "rows inputs"]) -> float:
    """Move the knots of every hidden layer to the values of its nodes, from the inputs to the outputs, evenly spaced.

    Afterwards every row lies inside every hidden domain but those of formulas that are not defined everywhere, which
    continue linearly. A layer that evenly spaced knots would change much only gets longer outer intervals, if that
    changes it less. Returns the largest change of an edge at the rows.
    """
    largest, nodes = 0.0, x
    for position in range(1, len(network.layers)):
        layer, nodes = network.layer(position), _through(network.layer(position - 1), nodes)
        sample = evenly(nodes, SAMPLE_ROWS)
        even = partial(move_knots, knots=_even_knots(layer, nodes), x=sample)
        longer = partial(move_knots, knots=_longer_knots(layer, nodes), x=sample)
        largest = max(largest, _least_change(layer, sample, (even, longer)))
    return largest


def _even_knots(layer: Layer, nodes: Float[Tensor, "rows inputs"]) -> Float[Tensor, "inputs knots"]:
    """Return evenly spaced knots over the nodes; one that stands still takes its domain with it, as long as it is."""
    knots = adaptive_knots(nodes, grid_size=layer.grid_size, degree=layer.degree, grid_eps=1.0, margin=MARGIN)
    lower, upper, still = column_ranges(nodes)
    middle = (lower + upper) / 2
    length = torch.maximum(layer.domain[1] - layer.domain[0], 2 * RELATIVE_SPREAD * middle.abs())
    share = length / (knots[:, -1] - knots[:, 0])
    around = middle.unsqueeze(1) + share.unsqueeze(1) * (knots - middle.unsqueeze(1))
    knots = torch.where(still.unsqueeze(1), around, knots)
    held = _held_inputs(layer)
    knots[held] = layer.knots[held]
    return knots


def _longer_knots(layer: Layer, nodes: Float[Tensor, "rows inputs"]) -> Float[Tensor, "inputs knots"]:
    """Return the knots with outer intervals that reach all nodes, and a margin where they had not done so."""
    first, last = nodes.amin(dim=0), nodes.amax(dim=0)
    lower, upper = layer.domain
    held = _held_inputs(layer)
    first[held], last[held] = lower[held], upper[held]
    margin, knots, repeated = MARGIN / 2 * (upper - lower), layer.knots.clone(), layer.degree + 1
    knots[:, :repeated] = torch.where(first < lower, first - margin, lower).unsqueeze(1)
    knots[:, -repeated:] = torch.where(last > upper, last + margin, upper).unsqueeze(1)
    return knots


def _least_change(
    layer: Layer, nodes: Float[Tensor, "rows inputs"], moves: Sequence[Callable[[Layer], object]]
) -> float:
    """Make the first of some moves that hardly changes the layer at the rows, else the one that changes it least.

    Returns the largest change of an edge.
    """
    before, start, found = layer.activations(nodes), _state(layer), []
    spread = before.sum(dim=2).std(dim=0, correction=0).clamp(min=SMALLEST_SPREAD)
    for move in moves:
        move(layer)
        change = layer.activations(nodes) - before
        share = float((change.sum(dim=2).square().mean(dim=0).sqrt() / spread).nan_to_num(nan=torch.inf).max())
        if share <= LARGEST_CHANGE:
            return float(change.abs().max())
        found.append((share, float(change.abs().max()), _state(layer)))
        layer.load_state_dict(start)
    _, largest, best = min(found, key=lambda one: one[0])
    layer.load_state_dict(best)
    return largest


def _state(layer: Layer) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in layer.state_dict().items()}


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

    Where rows are a little outside, domains are widened and the function stays inside them, unless that would change
    a layer much; else the knots follow.
    """
    if hidden_fit(network, x).outside > LARGEST_WIDENING:
        follow_hidden_nodes(network, x)
        return
    nodes = x
    for position in range(1, len(network.layers)):
        layer, nodes = network.layer(position), _through(network.layer(position - 1), nodes)
        longer, sample = _longer_knots(layer, nodes), evenly(nodes, SAMPLE_ROWS)
        if not torch.equal(longer, layer.knots):
            widen = partial(widen_domain, lower=longer[:, 0], upper=longer[:, -1])
            moves = [partial(move_knots, knots=knots, x=sample) for knots in (longer, _even_knots(layer, nodes))]
            _least_change(layer, sample, (widen, *moves))


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
    """Return the inputs whose domains stay: of frozen edges, and of formulas that are not defined everywhere."""
    partial_forms = {edge[1] for edge, form in layer.forms.items() if function_of(form.function).domain != "all"}
    return sorted(partial_forms.union(layer.frozen.any(dim=0).nonzero().flatten().tolist()))


def _through(layer: Layer, nodes: Float[Tensor, "rows inputs"]) -> Float[Tensor, "rows outputs"]:
    """Return the nodes behind a layer, some rows at a time: the feature map of a large table would fill the memory."""
    return torch.cat([layer(part) for part in nodes.split(SAMPLE_ROWS)])
