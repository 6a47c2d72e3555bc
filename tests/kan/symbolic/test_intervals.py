"""Bounds of elementary operations, against mpmath's interval arithmetic and against the values in the intervals."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import iv

from kan.symbolic import intervals
from kan.symbolic.intervals import Interval

SPAN = st.floats(-50.0, 50.0, allow_subnormal=False)
ENDS = st.one_of(SPAN, st.floats(-1e12, 1e12, allow_subnormal=False), st.sampled_from([0.0, 1.0, -1.0, 1e-12, math.pi]))
OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda one, other: one + other,
    "subtract": lambda one, other: one - other,
    "multiply": lambda one, other: one * other,
    "divide": lambda one, other: one / other,
}


def interval(*ends: float) -> Interval:
    first, last = min(ends), max(ends)
    return Interval(torch.tensor([first], dtype=torch.float64), torch.tensor([last], dtype=torch.float64))


def hull_by_mpmath(function: Callable[..., Any], *of: Interval) -> tuple[float, float]:
    iv.dps = 30
    found = function(*(iv.mpf(list(one.hull())) for one in of))
    return float(found.a), float(found.b)


def assert_encloses(found: Interval, hull: tuple[float, float], share: float = 1e-12) -> None:
    """The true hull lies in the bounds, and they are hardly wider."""
    lower, upper = found.hull()
    assert lower <= hull[0] <= hull[1] <= upper
    for bound, exact in zip((lower, upper), hull, strict=True):
        assert math.isinf(bound) or abs(bound - exact) <= share * abs(exact) + 1e-290


@given(ENDS, ENDS, ENDS, ENDS)
@pytest.mark.parametrize("name", list(OPERATIONS))
def test_operation_encloses_the_exact_hull_and_little_else(name: str, a: float, b: float, c: float, d: float) -> None:
    one, other = interval(a, b), interval(c, d)
    found = getattr(intervals, name)(one, other)
    if name == "divide" and min(c, d) <= 0 <= max(c, d):
        assert not found.is_defined
        return
    # What cancels leaves the rounding of its parts.
    largest = max(abs(end) for end in (a, b, c, d))
    lower, upper = found.hull()
    exact = hull_by_mpmath(OPERATIONS[name], one, other)
    assert lower <= exact[0] <= exact[1] <= upper
    slack = 1e-14 * (max(map(abs, exact)) if name in ("multiply", "divide") else largest) + 1e-290
    assert exact[0] - lower <= slack
    assert upper - exact[1] <= slack


@given(ENDS, ENDS, st.integers(1, 34))
def test_whole_power_encloses_the_exact_hull(a: float, b: float, exponent: int) -> None:
    one = interval(a, b)
    found, exact = intervals.integer_power(one, exponent), hull_by_mpmath(lambda u: u**exponent, one)
    if not all(map(math.isfinite, exact)):
        assert not found.is_defined
        return
    assert_encloses(found, exact, 1e-11)


@given(ENDS, st.floats(0.0, 20.0))
@pytest.mark.parametrize("name", ["sine", "cosine"])
def test_periodic_function_encloses_the_exact_hull(name: str, start: float, length: float) -> None:
    one = interval(start, start + length)
    lower, upper = getattr(intervals, name)(one).hull()
    exact = hull_by_mpmath({"sine": iv.sin, "cosine": iv.cos}[name], one)
    assert -1 <= lower <= exact[0] <= exact[1] <= upper <= 1
    assert max(exact[0] - lower, upper - exact[1]) <= 1e-10 * max(abs(start), 1.0)


@given(st.floats(-100.0, 100.0), st.floats(0.0, 4.0))
def test_tangent_is_enclosed_between_poles_and_undefined_across_one(start: float, length: float) -> None:
    one = interval(start, start + length)
    found = intervals.tangent(one)
    turns = [math.floor(end / math.pi - 0.5) for end in one.hull()]
    if turns[0] != turns[1]:
        assert not found.is_defined
    elif found.is_defined:
        values = torch.tan(torch.linspace(*one.hull(), 101, dtype=torch.float64))
        assert found.hull()[0] <= float(values.min())
        assert float(values.max()) <= found.hull()[1]


@settings(max_examples=50)
@given(ENDS, ENDS)
def test_absolute_value_and_reciprocal_keep_to_their_definition(a: float, b: float) -> None:
    one = interval(a, b)
    first, last = one.hull()
    nearest = 0.0 if first <= 0 <= last else min(abs(first), abs(last))
    assert intervals.absolute(one).hull() == (nearest, max(abs(first), abs(last)))
    assert intervals.reciprocal(one).is_defined == (nearest > 0)


def test_function_is_undefined_where_an_interval_leaves_its_domain() -> None:
    root = intervals.monotone(torch.sqrt, 0.0)
    assert root(interval(0.0, 4.0)).hull()[0] == 0
    assert not root(interval(-1e-12, 4.0)).is_defined
    falling = intervals.monotone(torch.acos, -1.0, 1.0, falls=True)
    assert falling(interval(-1.0, 1.0)).hull() == pytest.approx((0.0, math.pi))
    assert not falling(interval(0.0, 1.0 + 1e-15)).is_defined


@pytest.mark.parametrize("start", [600.0, 800.0])
def test_nothing_is_proved_where_numbers_overflow(start: float) -> None:
    endless = intervals.monotone(torch.exp)(interval(start, 900.0))
    zero = intervals.constant(0.0, endless.lower)
    assert not endless.is_defined
    assert not intervals.multiply(zero, endless).is_defined
    assert not intervals.monotone(torch.tanh)(intervals.subtract(endless, endless)).is_defined
    assert not intervals.integer_power(interval(1e200, 1e201), 2).is_defined


def test_zero_end_stays_zero_so_that_a_root_of_it_is_defined() -> None:
    half = intervals.multiply(intervals.constant(0.5, torch.zeros(1, dtype=torch.float64)), interval(0.0, 1.0))
    assert intervals.monotone(torch.sqrt, 0.0)(half).is_defined


def test_undefined_interval_stays_undefined() -> None:
    unknown = interval(math.nan, math.nan)
    for found in (
        intervals.add(unknown, interval(0.0, 1.0)),
        intervals.multiply(interval(0.0, 0.0), unknown),
        intervals.reciprocal(unknown),
        intervals.integer_power(unknown, 2),
        intervals.absolute(unknown),
        intervals.sine(unknown),
        intervals.tangent(unknown),
    ):
        assert not found.is_defined
