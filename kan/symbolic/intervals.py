"""Bounds of elementary operations over intervals, many intervals at a time.

Source: R. Moore, "Interval Analysis" (1966). Every bound is moved outwards by more than the rounding of the operation,
so that what is proved of the bounds holds for the numbers. An operation that is undefined or overflows somewhere in an
interval gives NaN for both of its ends: the difference of two infinite numbers, or 0 times one, would be no number.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

ROUNDING = 8 * torch.finfo(torch.float64).eps  # of one operation or function, relative to its value
POWER_ROUNDING = 256 * ROUNDING  # of a broken power: its logarithm may become 700 before it is undone
TINY = 1e-300
TURN_ROUNDING = 1e-12  # share of a turn within which a period's extremum counts as inside


@dataclass(frozen=True, eq=False)
class Interval:
    """Lower and upper ends, elementwise; both NaN where nothing is known."""

    lower: Float[Tensor, "*shape"]
    upper: Float[Tensor, "*shape"]

    @property
    def is_defined(self) -> bool:
        """Whether every interval has ends, so that all values are finite numbers."""
        return bool((self.lower.isfinite() & self.upper.isfinite()).all())

    @property
    def largest(self) -> float:
        """The largest absolute value of an end."""
        return float(torch.maximum(self.lower.abs(), self.upper.abs()).max())

    def hull(self) -> tuple[float, float]:
        """Return the smallest and the largest end."""
        return float(self.lower.min()), float(self.upper.max())


def outwards(lower: Tensor, upper: Tensor, rounding: float = ROUNDING) -> Interval:
    """Return computed ends moved by their rounding, undefined where one of them is not finite.

    A zero stays: no operation rounds a number to zero from the other side.
    """
    lower = torch.where(lower == 0, lower, lower - lower.abs() * rounding - TINY)
    upper = torch.where(upper == 0, upper, upper + upper.abs() * rounding + TINY)
    is_defined = lower.isfinite() & upper.isfinite()
    return Interval(torch.where(is_defined, lower, math.nan), torch.where(is_defined, upper, math.nan))


def constant(value: float, like: Tensor) -> Interval:
    """Return a number as intervals of no length."""
    filled = torch.full_like(like, value)
    return Interval(filled, filled)


def add(one: Interval, other: Interval) -> Interval:
    """Return the bounds of a sum."""
    return outwards(one.lower + other.lower, one.upper + other.upper)


def subtract(one: Interval, other: Interval) -> Interval:
    """Return the bounds of a difference."""
    return outwards(one.lower - other.upper, one.upper - other.lower)


def multiply(one: Interval, other: Interval) -> Interval:
    """Return the bounds of a product."""
    products = torch.stack([a * b for a in (one.lower, one.upper) for b in (other.lower, other.upper)])
    return outwards(products.amin(dim=0), products.amax(dim=0))


def divide(one: Interval, other: Interval) -> Interval:
    """Return the bounds of a quotient, undefined where the divisor may be 0."""
    return multiply(one, reciprocal(other))


def reciprocal(one: Interval) -> Interval:
    """Return the bounds of 1/u, undefined where u may be 0."""
    has_pole = (one.lower <= 0) & (one.upper >= 0)
    return outwards(torch.where(has_pole, math.nan, 1 / one.upper), torch.where(has_pole, math.nan, 1 / one.lower))


def integer_power(one: Interval, exponent: int) -> Interval:
    """Return the bounds of u to a positive whole power."""
    lower, upper = one.lower**exponent, one.upper**exponent
    if exponent % 2 == 1:
        return outwards(lower, upper, exponent * ROUNDING)
    nearest = torch.where((one.lower <= 0) & (one.upper >= 0), 0.0, torch.minimum(lower, upper))
    bounds = outwards(nearest, torch.maximum(lower, upper), exponent * ROUNDING)
    return Interval(bounds.lower.clamp(min=0), bounds.upper)


def monotone(
    function: Callable[[Tensor], Tensor],
    least: float = -math.inf,
    most: float = math.inf,
    *,
    falls: bool = False,
    rounding: float = ROUNDING,
) -> Callable[[Interval], Interval]:
    """Return the bounds of a function that rises (or falls) on [least, most] and is undefined elsewhere."""

    def bounds(one: Interval) -> Interval:
        outside = (one.lower < least) | (one.upper > most)
        first, last = (torch.where(outside, math.nan, function(end)) for end in (one.lower, one.upper))
        return outwards(*((last, first) if falls else (first, last)), rounding)

    return bounds


def absolute(one: Interval) -> Interval:
    """Return the bounds of |u|."""
    nearest = torch.where((one.lower <= 0) & (one.upper >= 0), 0.0, torch.minimum(one.lower.abs(), one.upper.abs()))
    return Interval(nearest, torch.maximum(one.lower.abs(), one.upper.abs()))


def sine(one: Interval) -> Interval:
    """Return the bounds of sin u."""
    return _periodic(one, torch.sin, math.pi / 2)


def cosine(one: Interval) -> Interval:
    """Return the bounds of cos u."""
    return _periodic(one, torch.cos, 0.0)


def tangent(one: Interval) -> Interval:
    """Return the bounds of tan u, undefined where there may be a pole."""
    has_pole = _contains(one, math.pi / 2, math.pi)
    lower, upper = (torch.where(has_pole, math.nan, torch.tan(end)) for end in (one.lower, one.upper))
    return outwards(lower, upper)


def _periodic(one: Interval, function: Callable[[Tensor], Tensor], top: float) -> Interval:
    ends = torch.stack([function(one.lower), function(one.upper)])
    lower = torch.where(_contains(one, top + math.pi, 2 * math.pi), -1.0, ends.amin(dim=0))
    upper = torch.where(_contains(one, top, 2 * math.pi), 1.0, ends.amax(dim=0))
    bounds = outwards(lower, upper)
    return Interval(bounds.lower.clamp(min=-1), bounds.upper.clamp(max=1))


def _contains(one: Interval, point: float, period: float) -> Tensor:
    """Return whether an interval may contain point + k · period; the rounding of large arguments counts."""
    slack = TURN_ROUNDING * (1 + torch.maximum(one.lower.abs(), one.upper.abs()) / period)
    first, last = (one.lower - point) / period - slack, (one.upper - point) / period + slack
    return first.ceil() <= last.floor()
