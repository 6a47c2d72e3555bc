"""Proved ranges: between which values an edge and every node of a network stay while the inputs are in their domains.

A spline lies in the hull of the coefficients of each knot span (C. de Boor, "A Practical Guide to Splines", 1978,
chapter XI); formulas and bases are bounded by interval arithmetic over small pieces. The proof covers the linear
continuation outside a domain, missing values and categories never seen.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import torch
from jaxtyping import Float
from torch import Tensor

from kan.features import CategoricalFeature, Feature
from kan.grid import clamped
from kan.layer import Layer
from kan.network import Network
from kan.symbolic.evaluation import bounds
from kan.symbolic.expressions import Call, Expression, Operation, X, affine
from kan.symbolic.intervals import ROUNDING, Interval
from kan.symbolic.library import SymbolicForm, function_of

PIECES = 256  # on which a formula is bounded
BORDER = 1e-6  # share of a range at its ends where a formula may stop to be defined: a root begins at a border
HALVINGS = 60  # of the search for the border up to which a formula is defined
BASES: Mapping[str, Expression] = MappingProxyType({"silu": Operation("*", X, Call("sigmoid", X)), "identity": X})

Range = tuple[float, float]


@torch.no_grad()
def node_ranges(network: Network, features: Sequence[Feature]) -> list[list[Range]]:
    """Return the proved range of every node, inputs first: a category's is that of its codes."""
    ranges = [_input_ranges(features)]
    for position in range(len(network.layers)):
        ranges.append(_through(network.layer(position), ranges[-1]))
    return ranges


def _input_ranges(features: Sequence[Feature]) -> list[Range]:
    return [
        (0.0, float(len(one.categories))) if isinstance(one, CategoricalFeature) else (one.lower, one.upper)
        for one in features
    ]


def _through(layer: Layer, inputs: Sequence[Range]) -> list[Range]:
    """Return the range of every node behind a layer."""
    found = []
    for target in range(layer.out_features):
        lower = upper = float(layer.bias[target])
        size = abs(lower)  # what is summed may cancel, its rounding does not
        for source in range(layer.in_features):
            least, most = edge_range(layer, target, source, inputs[source])
            lower, upper, size = lower + least, upper + most, size + max(abs(least), abs(most))
        found.append((lower - size * ROUNDING, upper + size * ROUNDING))
    return found


@torch.no_grad()
def edge_range(layer: Layer, target: int, source: int, values: Range) -> Range:
    """Return bounds of an edge while its input stays between `values` (of a table: whatever its input is)."""
    form = layer.form(target, source)
    if form == "zero":
        return 0.0, 0.0
    if form == "table":
        table = layer.weights[target, source, : layer.inputs[source].categories + 1]
        return float(table.min()), float(table.max())
    if not all(map(math.isfinite, values)):  # a formula before it is not proved to be defined
        return -math.inf, math.inf
    least, most = _numeric_range(layer, target, source, values)
    if layer.inputs[source].has_missing:
        missing = float(layer.weights[target, source, layer.functions + 1])
        least, most = min(least, missing), max(most, missing)
    return least, most


def _numeric_range(layer: Layer, target: int, source: int, values: Range) -> Range:
    """Return bounds over the part of `values` in the domain and at its ends outside, where the edge is a line."""
    lower, upper = domain_of(layer, source)
    outside = [value for value in values if not lower <= value <= upper]
    row = torch.zeros(len(outside), layer.in_features, dtype=torch.float64)
    row[:, source] = torch.tensor(outside, dtype=torch.float64)
    ends = layer.activations(row)[:, target, source].tolist() if outside else []
    inside = (max(values[0], lower), min(values[1], upper))
    if inside[0] > inside[1]:  # wholly outside, where the line starts at a border
        inside = (lower, lower) if values[1] < lower else (upper, upper)
    form = layer.symbolic_form(target, source)
    if form is None:
        least, most = _spline_range(layer, target, source, inside)
    else:
        least, most = _formula_range(form, inside, (lower, upper))
    return min([least, *map(_down, ends)]), max([most, *map(_up, ends)])


def domain_of(layer: Layer, source: int) -> Range:
    """Return the domain of a numeric input in its own unit."""
    position, one = layer.numeric.index(source), layer.inputs[source]
    first, last = (float(border[position]) for border in layer.domain)
    return one.centre + one.half_width * first, one.centre + one.half_width * last


def _spline_range(layer: Layer, target: int, source: int, inside: Range) -> Range:
    """Return bounds of base and spline, span by span of the knots that the range meets."""
    position, one, degree = layer.numeric.index(source), layer.inputs[source], layer.degree
    first, last = ((value - one.centre) / one.half_width for value in inside)
    knots, weights = layer.knots[position], layer.weights[target, source]
    breaks = knots[degree:-degree]
    met = (breaks[1:] >= first - ROUNDING) & (breaks[:-1] <= last + ROUNDING)
    spans = weights[1 : layer.functions + 1].unfold(0, degree + 1, 1)
    slack = ROUNDING * float(weights.abs().sum())
    least, most = spans.amin(dim=1)[met] - slack, spans.amax(dim=1)[met] + slack
    base = BASES.get(layer.base)
    if base is not None:
        ends = Interval(breaks[:-1][met].clamp(min=first, max=last), breaks[1:][met].clamp(min=first, max=last))
        bounded, scale = bounds(base, ends), float(weights[0])
        products = torch.stack([scale * bounded.lower, scale * bounded.upper])
        least, most = least + products.amin(dim=0) - slack, most + products.amax(dim=0) + slack
    return _down(float(least.min())), _up(float(most.max()))


def _formula_range(form: SymbolicForm, inside: Range, domain: Range) -> Range:
    ends = torch.linspace(*inside, PIECES + 1, dtype=torch.float64)
    argument = argument_bounds(form, Interval(ends[:-1], ends[1:]), domain)
    return bounds(affine(form.c, function_of(form.function).expression, form.d), argument).hull()


def argument_bounds(form: SymbolicForm, x: Interval, domain: Range) -> Interval:
    """Return bounds of a·x + b while x is in a domain.

    Computed numbers rise and fall with x, so that rounding does not lead beyond those at the ends of the domain: a root
    that begins there is defined.
    """
    least, most = sorted(form.a * end + form.b for end in domain)
    found = bounds(affine(form.a, X, form.b), x)
    return Interval(found.lower.clamp(least, most), found.upper.clamp(least, most))


def _down(value: float) -> float:
    return value - abs(value) * ROUNDING


def _up(value: float) -> float:
    return value + abs(value) * ROUNDING


@torch.no_grad()
def settle_domains(network: Network, features: Sequence[Feature], x: Float[Tensor, "rows inputs"]) -> None:
    """Give hidden nodes that feed formulas only the domain that they are proved to stay in, as far as it is defined.

    A formula then holds everywhere and not just where the training rows were. Where no range is proved, or a formula is
    not defined at the rows themselves, the domain stays.
    """
    nodes, proved = x, _input_ranges(features)
    for position in range(1, len(network.layers)):
        before, layer = network.layer(position - 1), network.layer(position)
        nodes, proved = before(nodes), _through(before, proved)
        for source in range(layer.in_features):
            forms = [layer.form(target, source) for target in range(layer.out_features)]
            if "spline" in forms or "symbolic" not in forms or not all(map(math.isfinite, proved[source])):
                continue
            first, last = float(nodes[:, source].min()), float(nodes[:, source].max())
            defined = _defined_around(layer, source, (first, last), proved[source])
            if defined is not None and defined[0] < defined[1]:
                _set_domain(layer, source, defined)


@torch.no_grad()
def formulas_are_defined(network: Network, x: Float[Tensor, "rows inputs"]) -> bool:
    """Return whether every formula is proved to have a value in the inside of where its input goes.

    That is the domain of a feature, and the range of a hidden node over the rows: between rows a pole shows in no loss.
    """
    layers = [network.layer(position) for position in range(len(network.layers))]
    partial = [any(function_of(form.function).domain != "all" for form in layer.forms.values()) for layer in layers]
    nodes = x
    for position, layer in enumerate(layers):
        for target, source in layer.forms if partial[position] else ():
            column = nodes[:, source]
            ends = domain_of(layer, source) if position == 0 else (float(column.min()), float(column.max()))
            form = layer.symbolic_form(target, source)
            if form is not None and not _has_values(form, ends):
                return False
        if not any(partial[position + 1 :]):
            break
        nodes = layer(nodes)
    return True


def _has_values(form: SymbolicForm, ends: Range) -> bool:
    margin = BORDER * (ends[1] - ends[0])
    least, most = sorted(form.a * end + form.b for end in (ends[0] + margin, ends[1] - margin))
    return function_of(form.function).bounds_between(least, most)[0].is_defined


def _defined_around(layer: Layer, source: int, seen: Range, proved: Range) -> Range | None:
    """Return the largest part of a proved range around seen values on which every formula of an input is defined."""
    forms = [layer.symbolic_form(target, source) for target in range(layer.out_features)]

    def is_defined(lower: float, upper: float) -> bool:
        return all(form.defined_between(lower, upper) for form in forms if form is not None)

    if not is_defined(*seen):
        return None
    first, last = min(proved[0], seen[0]), max(proved[1], seen[1])
    return _reached(seen[0], first, is_defined), _reached(seen[1], last, is_defined)


def _reached(start: float, end: float, is_defined: Callable[[float, float], bool]) -> float:
    """Return how far from `start` towards `end` something is defined, by bisection."""
    if is_defined(min(start, end), max(start, end)):
        return end
    inner, outer = start, end
    for _ in range(HALVINGS):
        middle = inner / 2 + outer / 2
        if is_defined(min(start, middle), max(start, middle)):
            inner = middle
        else:
            outer = middle
    return inner


def _set_domain(layer: Layer, source: int, domain: Range) -> None:
    """Put even knots between the ends of a domain in the unit of the input."""
    position, one = layer.numeric.index(source), layer.inputs[source]
    first, last = ((value - one.centre) / one.half_width for value in domain)
    inner = torch.linspace(first, last, layer.grid_size + 1, dtype=torch.float64)
    layer.knots[position] = clamped(inner.unsqueeze(0), layer.degree)[0]
