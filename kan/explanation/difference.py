"""How far two networks can be apart: bounds for every edge and every output, proved for the whole domain.

Let Δ[l,i] bound after − before at node i of layer l, t and t′ be the values of that node before and after. Then

    φ′(t′) − φ(t) = (φ′ − φ)(t) + φ′(t′) − φ′(t) ∈ (φ′ − φ) + slope · Δ[l,i]
    Δ[l+1,j] = b′[j] − b[j] + Σ_i (φ′[j,i] − φ[j,i]) + slope[j,i] · Δ[l,i]

where both terms are intervals over all values that the node is proved to take in either network, and the slope is that
of φ′ or, for the same reason, of φ: both hold. No Δ exceeds what the ranges of the node in both networks allow. Signs
are kept, so that a constant that moves from an edge to the bias of its node counts nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from kan.enclosures import Enclosure, Pieces, edge_enclosure
from kan.features import Feature
from kan.layer import Layer
from kan.network import EdgeId, Network
from kan.ranges import Range, node_ranges
from kan.symbolic import intervals
from kan.symbolic.intervals import ROUNDING, Interval

NOTHING: Range = (0.0, 0.0)
UNKNOWN: Range = (-math.inf, math.inf)


@dataclass(frozen=True)
class ProvedDifference:
    """Between which numbers after − before stays: per output on the link scale, and per edge in its target's unit."""

    outputs: tuple[Range, ...]
    edges: dict[EdgeId, Range]


@torch.no_grad()
def proved_difference(
    before: Network, after: Network, features: Sequence[Feature], pieces: int = 1024
) -> ProvedDifference:
    """Return the bounds of after − before for two networks of one shape on the same features.

    The input of every edge is cut into so many `pieces`, and at all knots. Infinite bounds say that nothing is proved.
    """
    ranges = list(zip(node_ranges(before, features), node_ranges(after, features), strict=True))
    differences, edges = [NOTHING] * len(features), {}
    for position in range(len(before.layers)):
        one, other = before.layer(position), after.layer(position)
        sums = [intervals.subtract(_point(new), _point(old)) for old, new in zip(one.bias, other.bias, strict=True)]
        for source, (old, new) in enumerate(zip(*ranges[position], strict=True)):
            for target in range(one.out_features):
                own, change = _edge((one, other), target, source, (old, new), differences[source], pieces)
                edges[EdgeId(position, source, target)] = own
                sums[target] = intervals.add(sums[target], _interval(change))
        nodes = zip(sums, *ranges[position + 1], strict=True)
        differences = [_common(_range(total), _apart(old, new)) for total, old, new in nodes]
    return ProvedDifference(tuple(differences), edges)


def _edge(
    layers: tuple[Layer, Layer], target: int, source: int, inputs: tuple[Range, Range], moved: Range, pieces: int
) -> tuple[Range, Range]:
    """Return what two versions of an edge differ by at one input, and at inputs that differ by `moved`."""
    if _is_same(*layers, target, source):
        if moved == NOTHING:
            return NOTHING, NOTHING
        own = NOTHING
    elif layers[0].inputs[source].categories:
        count = layers[0].inputs[source].categories + 1
        own = _weights_apart(*(layer.weights[target, source, :count] for layer in layers))
        return own, own
    else:
        own = UNKNOWN
    if not all(math.isfinite(end) for values in inputs for end in values):
        return own, UNKNOWN
    cut = _pieces(layers, source, inputs, pieces)
    before, after = (edge_enclosure(layer, target, source, cut) for layer in layers)
    if own == UNKNOWN:
        own = _range(after.minus(before).tightened(cut).values)
        if layers[0].inputs[source].has_missing:
            missing = _weights_apart(*(layer.weights[target, source, layer.functions + 1] for layer in layers))
            own = (min(own[0], missing[0]), max(own[1], missing[1]))
    return own, own if moved == NOTHING else _moved(own, before, after, moved)


def _moved(own: Range, before: Enclosure, after: Enclosure, moved: Range) -> Range:
    """Return what two edges differ by at inputs that differ by `moved`: no more than all of their values do."""
    by_slope = (_range(intervals.multiply(_hull(one.slopes), _interval(moved))) for one in (before, after))
    change = _range(intervals.add(_interval(own), _interval(_common(*by_slope))))
    return _common(change, _apart(_range(before.values), _range(after.values)))


def _is_same(before: Layer, after: Layer, target: int, source: int) -> bool:
    """Return whether an edge is one function in both layers, because all of its numbers are equal."""
    form, formula = before.form(target, source), before.symbolic_form(target, source)
    if form != after.form(target, source) or formula != after.symbolic_form(target, source):
        return False
    if form == "zero":
        return True
    if form == "table":
        return torch.equal(before.weights[target, source], after.weights[target, source])
    knots = [layer.knots[layer.numeric.index(source)] for layer in (before, after)]
    if form == "symbolic":
        missing = [layer.weights[target, source, layer.functions + 1] for layer in (before, after)]
        return torch.equal(knots[0][[0, -1]], knots[1][[0, -1]]) and torch.equal(*missing)
    is_like = (before.degree, before.base) == (after.degree, after.base)
    return (
        is_like and torch.equal(*knots) and torch.equal(before.weights[target, source], after.weights[target, source])
    )


def _weights_apart(before: Float[Tensor, "*values"], after: Float[Tensor, "*values"]) -> Range:
    return _range(intervals.subtract(_point(after), _point(before)))


def _pieces(layers: tuple[Layer, Layer], source: int, inputs: tuple[Range, Range], count: int) -> Pieces:
    """Cut the values of an input in both networks into even pieces, and at the knots of both layers."""
    position, one = layers[0].numeric.index(source), layers[0].inputs[source]
    lower, upper = zip(*inputs, strict=True)
    ends = torch.tensor([min(lower), max(upper)], dtype=torch.float64)
    unit = intervals.subtract(_point(ends), intervals.constant(one.centre, ends))
    if one.half_width != 1:
        unit = intervals.divide(unit, intervals.constant(one.half_width, ends))
    first, last = float(unit.lower[0]), float(unit.upper[1])
    even = torch.linspace(first, last, count + 1, dtype=torch.float64)
    breaks = torch.cat([even, *(layer.knots[position].clamp(first, last) for layer in layers)]).unique()
    return Pieces(breaks[:-1], breaks[1:])


def _apart(before: Range, after: Range) -> Range:
    """Return what two numbers in two ranges differ by."""
    return _range(intervals.subtract(_interval(after), _interval(before)))


def _common(one: Range, other: Range) -> Range:
    return max(one[0], other[0]), min(one[1], other[1])


def _hull(one: Interval) -> Interval:
    return _interval(_range(one))


def _range(one: Interval) -> Range:
    """Return the hull of all intervals; without ends where one of them is not known."""
    return one.hull() if one.is_defined else UNKNOWN


def _interval(ends: Range) -> Interval:
    return Interval(*(torch.tensor(end, dtype=torch.float64) for end in ends))


def _point(value: Float[Tensor, "*shape"]) -> Interval:
    return Interval(value, value)


def largest(ends: Range) -> float:
    """Return the largest distance from 0 between two ends, rounded upwards."""
    return max(abs(ends[0]), abs(ends[1])) * (1 + ROUNDING)
