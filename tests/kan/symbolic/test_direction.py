"""What is proved to rise does rise, what turns is not proved, and every monotone function of the library is."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kan.constraints import CONCAVE, CONVEX, DECREASING, INCREASING
from kan.symbolic.direction import has_shape
from kan.symbolic.library import FUNCTIONS, SymbolicForm, function_of

TYPED = ("log(1 + x^2) * x", "x / (3 + x)", "exp(-x) * x", "step(x) - x", "abs(x) * x", "x^2 / (1 + x^2)")


def has_shape_at_points(form: SymbolicForm, shape: int, lower: float, upper: float) -> bool:
    values = form.evaluate(torch.linspace(lower, upper, 2001, dtype=torch.float64))
    first, second = values.diff(), values.diff(n=2)
    slack = 1e-11 * float(values.abs().max())
    wanted = {INCREASING: first, DECREASING: -first, CONVEX: second, CONCAVE: -second}
    return all(bool((change >= -slack).all()) for flag, change in wanted.items() if shape & flag)


@given(
    function=st.sampled_from([*FUNCTIONS, *TYPED]),
    a=st.floats(-3, 3),
    b=st.floats(-2, 2),
    c=st.sampled_from([-2.0, 1.0]),
    lower=st.floats(-2, 2),
    length=st.floats(0.1, 3),
    shape=st.sampled_from([INCREASING, DECREASING, CONVEX, CONCAVE, CONVEX | INCREASING]),
)
@settings(max_examples=300, deadline=None)
def test_proved_shape_is_never_refuted_by_points(
    function: str, a: float, b: float, c: float, lower: float, length: float, shape: int
) -> None:
    form = SymbolicForm(function, a, b, c, 0.3)
    if form.defined_between(lower, lower + length) and has_shape(form.expression, shape, lower, lower + length):
        assert has_shape_at_points(form, shape, lower, lower + length)


RISING_FROM_ZERO = (
    "linear", "square", "cube", "fourth_power", "fifth_power", "rising_cubic", "three_halves_power", "sqrt", "exp",
    "tanh", "sigmoid", "softplus", "arctan", "arcsin", "arctanh", "tan", "sin", "abs", "hinge", "step",
)  # fmt: skip


@pytest.mark.parametrize("function", RISING_FROM_ZERO)
def test_rising_functions_are_proved_to_rise_also_where_they_begin_flat_steep_or_with_a_jump(function: str) -> None:
    expression = function_of(function).expression
    assert has_shape(expression, INCREASING, 0.0, 0.9)
    assert not has_shape(expression, DECREASING, 0.0, 0.9)


@pytest.mark.parametrize(("function", "shape"), [("abs", CONVEX), ("hinge", CONVEX), ("log", CONCAVE), ("exp", CONVEX)])
def test_corners_and_curves_are_proved_to_bend_one_way(function: str, shape: int) -> None:
    expression = function_of(function).expression
    lower = 0.1 if function == "log" else -1.0
    assert has_shape(expression, shape, lower, 1.0)
    assert not has_shape(expression, CONVEX | CONCAVE, lower, 1.0)


def test_turn_between_the_points_of_any_sample_is_found() -> None:
    form = SymbolicForm("x + 0.0002 * sin(10000 * x)", 1.0, 0.0, 1.0, 0.0)
    assert not has_shape(form.expression, INCREASING, 0.0, 2.0)
    assert has_shape(SymbolicForm("sin", 1.0, 0.0, 2.0, 0.0).expression, INCREASING, -1.5, 1.5)
    assert not has_shape(SymbolicForm("sin", 1.0, 0.0, 2.0, 0.0).expression, INCREASING, -1.5, 1.6)


def test_step_against_the_direction_is_not_overlooked() -> None:
    form = SymbolicForm("x - 0.001 * step(x - 0.30003)", 1.0, 0.0, 1.0, 0.0)
    assert not has_shape(form.expression, INCREASING, 0.0, 1.0)
