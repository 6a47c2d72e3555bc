"""Enclosures of an edge: on small pieces of its input, where its value, its slope and its bend are proved to stay.

Source: mean-value and Taylor forms, R. Moore, "Interval Analysis" (1966); a spline is evaluated by the algorithm of
C. de Boor, "A Practical Guide to Splines" (1978), chapter X, with a bound of its rounding. NaN stands for
what is not known.

Inputs are u = (x - centre) / half_width in the first layer and the nodes themselves behind it; slope and bend are the
derivatives by u. Symbols: t knots, k degree, r order of a derivative, ρ half the length of a piece, m its middle.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from kan.layer import BORDER_ROUNDING, Layer
from kan.ranges import BASES, argument_bounds, domain_of
from kan.symbolic import intervals
from kan.symbolic.evaluation import bounds, derivative, may_jump
from kan.symbolic.expressions import ZERO, Expression, Number, X, affine, multiply
from kan.symbolic.intervals import ROUNDING, Interval
from kan.symbolic.library import SymbolicForm, function_of


@dataclass(frozen=True, eq=False)
class Pieces:
    """Small intervals of an input."""

    lower: Float[Tensor, " pieces"]
    upper: Float[Tensor, " pieces"]

    @cached_property
    def middle(self) -> Float[Tensor, " pieces"]:
        """A point near the middle of every piece."""
        return self.lower / 2 + self.upper / 2

    @cached_property
    def radius(self) -> Float[Tensor, " pieces"]:
        """No less than the distance from the middle to either end."""
        return torch.maximum(self.upper - self.middle, self.middle - self.lower) * (1 + ROUNDING)

    @property
    def intervals(self) -> tuple[Interval, Interval]:
        """The middles, and the pieces."""
        return Interval(self.middle, self.middle), Interval(self.lower, self.upper)

    @property
    def steps(self) -> Interval:
        """What leads from the middle to any point of a piece."""
        return Interval(-self.radius, self.radius)


@dataclass(frozen=True, eq=False)
class Enclosure:
    """Bounds of value and slope in the middle of every piece, and of value, slope and bend on all of it."""

    value: Interval
    slope: Interval
    values: Interval
    slopes: Interval
    bends: Interval

    def plus(self, other: "Enclosure") -> "Enclosure":
        """Return the enclosure of a sum."""
        return Enclosure(*(intervals.add(one, two) for one, two in zip(self._parts(), other._parts(), strict=True)))

    def minus(self, other: "Enclosure") -> "Enclosure":
        """Return the enclosure of a difference."""
        pairs = zip(self._parts(), other._parts(), strict=True)
        return Enclosure(*(intervals.subtract(one, two) for one, two in pairs))

    def tightened(self, pieces: Pieces) -> "Enclosure":
        """Return the enclosure with what Taylor's formula of first and second order knows beside the bounds of all."""
        slopes = _common(self.slopes, intervals.add(self.slope, intervals.multiply(self.bends, pieces.steps)))
        first = intervals.add(self.value, intervals.multiply(slopes, pieces.steps))
        half_square = Interval(torch.zeros_like(pieces.radius), pieces.radius**2 / 2 * (1 + ROUNDING))
        bent = intervals.multiply(self.bends, half_square)
        second = intervals.add(intervals.add(self.value, intervals.multiply(self.slope, pieces.steps)), bent)
        return Enclosure(self.value, self.slope, _common(_common(self.values, first), second), slopes, self.bends)

    def _parts(self) -> tuple[Interval, ...]:
        return self.value, self.slope, self.values, self.slopes, self.bends


def _common(one: Interval, other: Interval) -> Interval:
    """Return what two bounds of the same numbers say together."""
    return Interval(torch.fmax(one.lower, other.lower), torch.fmin(one.upper, other.upper))


@torch.no_grad()
def edge_enclosure(layer: Layer, target: int, source: int, pieces: Pieces) -> Enclosure:
    """Return the enclosure of an edge with a numeric input, and of its linear continuation outside its domain.

    No piece may cross a knot or the border of the domain. Missing values are not part of it.
    """
    position = layer.numeric.index(source)
    first, last = (float(border[position]) for border in layer.domain)
    near = Pieces(pieces.lower.clamp(first, last), pieces.upper.clamp(first, last))
    form = layer.symbolic_form(target, source)
    if form is not None:
        return _continued(_formula_enclosure(layer, source, form, near), pieces, near, BORDER_ROUNDING)
    if layer.form(target, source) == "zero":
        return _expression_enclosure(ZERO, near)
    return _continued(_learned_enclosure(layer, target, source, near), pieces, near, 0.0)


def _continued(inside: Enclosure, pieces: Pieces, near: Pieces, border: float) -> Enclosure:
    """Return an enclosure whose pieces outside the domain lie on the line of value and slope at the border.

    The layer counts what is at most `border` beyond the domain as on it.
    """
    excess = torch.maximum(near.lower - pieces.lower, pieces.upper - near.upper)
    outside, nothing = excess > 0, torch.zeros_like(excess)
    slope = _chosen(outside & (excess <= border), Interval(nothing, nothing), inside.slope)
    line = intervals.add(inside.value, intervals.multiply(slope, _point_difference(pieces.middle, near.middle)))
    values = intervals.add(line, intervals.multiply(slope, pieces.steps))
    continued = Enclosure(line, slope, values, slope, Interval(nothing, nothing))
    pairs = zip(continued._parts(), inside._parts(), strict=True)
    return Enclosure(*(_chosen(outside, one, two) for one, two in pairs)).tightened(pieces)


def _chosen(condition: Bool[Tensor, " pieces"], one: Interval, other: Interval) -> Interval:
    return Interval(torch.where(condition, one.lower, other.lower), torch.where(condition, one.upper, other.upper))


def _point_difference(one: Tensor, other: Tensor) -> Interval:
    return intervals.subtract(Interval(one, one), Interval(other, other))


# Formulas


def _formula_enclosure(layer: Layer, source: int, form: SymbolicForm, pieces: Pieces) -> Enclosure:
    """Return the enclosure of c · f(a·x + b) + d with x = centre + half_width · u, for pieces in the domain."""
    one, function, domain = layer.inputs[source], function_of(form.function), domain_of(layer, source)
    middle, whole = (
        argument_bounds(form, bounds(affine(one.half_width, X, one.centre), u), domain) for u in pieces.intervals
    )
    values = affine(form.c, function.expression, form.d)
    rate = form.a * one.half_width
    slopes = multiply(Number(form.c * rate), function.slope)
    return _bounded(values, slopes, multiply(Number(form.c * rate**2), function.bend), middle, whole)


def _expression_enclosure(expression: Expression, pieces: Pieces) -> Enclosure:
    slope = derivative(expression)
    return _bounded(expression, slope, derivative(slope), *pieces.intervals)


def _bounded(value: Expression, slope: Expression, bend: Expression, middle: Interval, whole: Interval) -> Enclosure:
    """Return the enclosure of an expression and its derivatives, which know nothing of jumps and kinks."""
    jumps = may_jump(value, whole)
    unknown = intervals.constant(math.nan, whole.lower)
    return Enclosure(
        value=bounds(value, middle),
        slope=bounds(slope, middle),
        values=bounds(value, whole),
        slopes=_chosen(jumps, unknown, bounds(slope, whole)),
        bends=_chosen(jumps | may_jump(slope, whole), unknown, bounds(bend, whole)),
    )


# Splines


def _learned_enclosure(layer: Layer, target: int, source: int, pieces: Pieces) -> Enclosure:
    """Return the enclosure of base and spline."""
    weights = layer.weights[target, source]
    knots = layer.knots[layer.numeric.index(source)]
    spline = _spline_enclosure(knots, weights[1 : layer.functions + 1], layer.degree, pieces)
    base = BASES.get(layer.base)
    if base is None:
        return spline
    scaled = multiply(Number(float(weights[0])), base)
    return spline.plus(_expression_enclosure(scaled, pieces).tightened(pieces))


def _spline_enclosure(
    knots: Float[Tensor, " knots"], coefficients: Float[Tensor, " functions"], degree: int, pieces: Pieces
) -> Enclosure:
    """Return the enclosure of a spline: on a piece it is the polynomial of its derivatives in the middle."""
    taylor = _derivatives(knots, coefficients, degree, pieces.middle)
    bends = taylor[2] if degree > 1 else intervals.constant(0.0, pieces.lower)
    for order in range(3, degree + 1):
        reach = pieces.radius ** (order - 2) / math.factorial(order - 2) * (1 + ROUNDING)
        bends = intervals.add(bends, intervals.multiply(taylor[order], Interval(-reach, reach)))
    slopes = intervals.add(taylor[1], intervals.multiply(bends, pieces.steps))
    slopes = _common(slopes, _hull_of_slopes(knots, coefficients, degree, pieces.middle))
    values = intervals.add(taylor[0], intervals.multiply(slopes, pieces.steps))
    return Enclosure(taylor[0], taylor[1], values, slopes, bends)


def _hull_of_slopes(
    knots: Float[Tensor, " knots"], coefficients: Float[Tensor, " functions"], degree: int, points: Tensor
) -> Interval:
    """Return the hull of the derivative's own coefficients on the span of each point.

    They are differences of coefficients, whose sign no rounding changes: what is held to a direction is proved to have
    it.
    """
    rates = degree / (knots[degree + 1 : -1] - knots[1 : -degree - 1])
    first = torch.searchsorted(knots[degree + 1 : -degree - 1].contiguous(), points, right=True).unsqueeze(1)
    local = (coefficients.diff() * rates)[first + torch.arange(degree)]
    return intervals.outwards(local.amin(dim=1), local.amax(dim=1))


def _derivatives(
    knots: Float[Tensor, " knots"], coefficients: Float[Tensor, " functions"], degree: int, points: Tensor
) -> list[Interval]:
    """Return the derivatives of a spline at points of its domain, from its value to that of order k.

    Each is a spline whose coefficients are differences of those before it; `errors` bounds what they are wrong by.
    """
    first = torch.searchsorted(knots[degree + 1 : -degree - 1].contiguous(), points, right=True).unsqueeze(1)
    window = knots[first + torch.arange(2 * degree + 1)]  # t of the k+1 functions that are not zero, and k more
    local = coefficients[first + torch.arange(degree + 1)]
    errors, found = torch.zeros_like(local), []
    for order in range(degree + 1):
        rest = degree - order
        value = _de_boor(local, window[:, order:], points.unsqueeze(1), rest)
        # Every step is a mean of two numbers, so that no error grows.
        error = errors.amax(dim=1) + (rest + 1) * ROUNDING * local.abs().amax(dim=1)
        found.append(Interval(value - error, value + error))
        if rest:
            rate = rest / (window[:, order + 1 + rest : degree + 1 + rest] - window[:, order + 1 : degree + 1])
            local, former = local.diff(dim=1) * rate, errors
            errors = (former[:, 1:] + former[:, :-1]) * rate + ROUNDING * local.abs()
    return found


def _de_boor(
    local: Float[Tensor, "pieces local"], window: Float[Tensor, "pieces knots"], points: Tensor, degree: int
) -> Float[Tensor, " pieces"]:
    """Return the value of splines from their k+1 local coefficients and the knots at which these begin, and more."""
    for level in range(1, degree + 1):
        start, end = window[:, level : degree + 1], window[:, degree + 1 : 2 * degree + 2 - level]
        local = ((end - points) * local[:, :-1] + (points - start) * local[:, 1:]) / (end - start)
    return local[:, 0]
