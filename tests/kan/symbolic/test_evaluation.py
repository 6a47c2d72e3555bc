"""What an expression means: values, derivatives and bounds, against PyTorch's derivatives, SymPy and samples."""

import math

import pytest
import sympy as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kan.symbolic.evaluation import bounds, bounds_between, complexity, derivative, evaluate
from kan.symbolic.expressions import Call, Expression, Number, Operation, Power, X
from kan.symbolic.intervals import Interval
from kan.symbolic.primitives import PRIMITIVES
from tests.kan.symbolic.random_expressions import EXPONENTS, POINTS, same_bits, trees

# Automatic differentiation of the clamp in softplus takes one side at exactly 0.
SMOOTH = [name for name in PRIMITIVES if name not in ("abs", "hinge", "step", "softplus")]
MODERATE = torch.tensor([-7.3, -2.0, -0.9, -0.31, 0.2, 0.77, 1.0, 3.1], dtype=torch.float64)
LARGEST = 1e3  # of a derivative that rounding leaves enough digits of


def doubles(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def slope_by_autograd(expression: Expression, x: torch.Tensor) -> torch.Tensor:
    x = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad((evaluate(expression, x) + 0 * x).sum(), x)
    return slope


@settings(max_examples=300)
@given(trees(SMOOTH))
def test_derivatives_are_those_of_automatic_differentiation(tree: Expression) -> None:
    for one in (tree, derivative(tree)):
        expected, found = slope_by_autograd(one, MODERATE), evaluate(derivative(one), MODERATE)
        safe = expected.isfinite() & found.isfinite() & (expected.abs() < LARGEST) & (found.abs() < LARGEST)
        torch.testing.assert_close(found[safe], expected[safe], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("exponent", [*EXPONENTS, 4.0, 7.0, 32.0, 33.0, -33.5, 2.7, 1e-3])
def test_power_is_that_of_sympy_and_undefined_below_zero_where_it_is_not_whole(exponent: float) -> None:
    for u in (1e-3, 0.7, 1.0, 3.3):
        exact = float((sp.Float(u, 40) ** sp.Rational(exponent)).evalf(20))
        assert float(evaluate(Power(X, exponent), doubles(u))) == pytest.approx(exact, rel=1e-13)
    below = float(evaluate(Power(X, exponent), doubles(-1.3)))
    assert below == pytest.approx((-1.3) ** exponent, rel=1e-13) if exponent.is_integer() else math.isnan(below)


def test_slope_at_a_kink_is_the_mean_of_both_slopes() -> None:
    assert float(evaluate(derivative(Call("abs", X)), doubles(0.0))) == 0.0
    assert float(evaluate(derivative(Call("hinge", X)), doubles(0.0))) == 0.5


@pytest.mark.parametrize("expression", [Number(1e300), Operation("*", Number(1e300), Number(2.0)), Call("exp", X)])
def test_number_beyond_the_type_of_the_input_is_infinite(expression: Expression) -> None:
    found = evaluate(expression, torch.full((2,), 800.0, dtype=torch.float32))
    assert found.dtype == torch.float32
    assert found.tolist() == [math.inf, math.inf]


@given(trees())
def test_value_of_a_number_does_not_depend_on_its_place_in_the_tensor(tree: Expression) -> None:
    together = evaluate(tree, POINTS)
    assert same_bits(torch.cat([evaluate(tree, part.clone()) for part in POINTS.split(5)]), together)
    assert same_bits(evaluate(tree, POINTS.reshape(3, 4)).flatten(), together)


@settings(max_examples=400)
@given(trees(), st.floats(-10.0, 10.0), st.sampled_from([0.0, 1e-6, 0.1, 1.0, 30.0]))
def test_every_value_and_slope_lies_in_its_bounds(tree: Expression, start: float, length: float) -> None:
    shares = torch.linspace(0, 1, 101, dtype=torch.float64)
    x = (start + length * shares).clamp(max=start + length)
    for one in (tree, derivative(tree)):
        found = bounds(one, Interval(x[:1], x[-1:]))
        if found.is_defined:
            values = evaluate(one, x)
            assert bool(values.isfinite().all())
            assert found.hull()[0] <= float(values.min())
            assert float(values.max()) <= found.hull()[1]


@given(st.lists(st.sampled_from(["exp", "tanh", "arctan", "softplus", "abs", "square", "cube", "affine"]), max_size=4))
def test_bounds_are_exact_where_x_occurs_once(names: list[str]) -> None:
    tree: Expression = Operation("*", Number(0.5), X)
    powers = {"square": 2.0, "cube": 3.0}
    for name in names:
        if name == "affine":
            tree = Operation("-", Operation("*", Number(-0.7), tree), Number(0.2))
        else:
            tree = Power(tree, powers[name]) if name in powers else Call(name, tree)
    found = bounds(tree, Interval(doubles(-1.0), doubles(1.5)))
    values = evaluate(tree, torch.linspace(-1.0, 1.5, 50_001, dtype=torch.float64))
    if found.is_defined:
        width = float(values.max() - values.min())
        assert found.hull() == pytest.approx((float(values.min()), float(values.max())), rel=1e-9, abs=1e-3 * width)


def test_pieces_tighten_bounds_where_x_occurs_twice() -> None:
    tree = Operation("-", Power(X, 2.0), X)
    widths = [math.dist(*((end,) for end in bounds_between(tree, -1.0, 1.0, pieces).hull())) for pieces in (1, 8, 64)]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] == pytest.approx(3.0)
    assert 2.25 <= widths[2] < 2.35


def test_bounds_are_undefined_where_the_value_may_be() -> None:
    logarithm = Call("log", X)
    for lower, upper, is_defined in ((0.5, 2.0, True), (0.0, 2.0, False), (-1.0, 2.0, False), (-2.0, -1.0, False)):
        assert bounds_between(logarithm, lower, upper).is_defined == is_defined
    by_piece = bounds_between(logarithm, -1.0, 1.0, 2)
    assert by_piece.lower.isnan().tolist() == [True, True]
    assert bounds_between(Power(X, 1.5), 0.0, 1.0).is_defined
    assert not bounds_between(Power(X, 1.5), -0.1, 1.0).is_defined
    assert not bounds_between(Power(X, -2.0), -0.1, 1.0).is_defined


def test_complexity_weighs_functions_powers_and_operations() -> None:
    tree = Operation("*", Number(2.0), Call("sin", Operation("+", Power(X, 2.0), Number(1.0))))
    assert complexity(tree) == 1 + PRIMITIVES["sin"].complexity + 1 + 2
    assert complexity(X) == complexity(Number(3.0)) == 0
