"""The table of symbolic functions, against automatic differentiation and SymPy."""

import math

import pytest
import sympy as sp
import torch

from kan.errors import InvalidSymbolicForm, UnknownFunction
from kan.symbolic.library import FUNCTIONS, SymbolicForm, SymbolicFunction


def arguments(function: SymbolicFunction) -> torch.Tensor:
    points = torch.linspace(-4.03, 4.07, 211, dtype=torch.float64)
    return points if function.domain == "all" else points.abs() + 0.05


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_derivative_is_that_of_automatic_differentiation(function: SymbolicFunction) -> None:
    u = arguments(function).requires_grad_()
    (expected,) = torch.autograd.grad(function.evaluate(u).sum(), u)
    torch.testing.assert_close(function.derivative(u.detach()), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_value_is_that_of_the_sympy_expression(function: SymbolicFunction) -> None:
    symbol = sp.Symbol("u", real=True)
    expression = function.expression(symbol)
    for u in arguments(function)[::15].tolist():
        expected = float(expression.subs(symbol, sp.Float(u, 30)).evalf(20))
        computed = float(function.evaluate(torch.tensor([u], dtype=torch.float64)))
        assert computed == pytest.approx(expected, rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_value_and_slope_of_a_number_do_not_depend_on_its_place_in_the_tensor(
    function: SymbolicFunction,
) -> None:
    u = arguments(function)
    for compute in (function.evaluate, function.derivative):
        together = compute(u)
        for length in (1, 2, 3, 7, 30):
            apart = torch.cat([compute(part.clone()) for part in torch.split(u, length)])
            assert torch.equal(apart, together)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_function_is_finite_where_it_claims_to_be_defined(function: SymbolicFunction) -> None:
    for lower, upper in ((-700.0, 700.0), (1e-6, 700.0), (-700.0, -1e-6)):
        if function.defined_between(lower, upper) and function.name != "exp":
            u = torch.linspace(lower, upper, 1001, dtype=torch.float64)
            assert torch.isfinite(function.evaluate(u)).all()
            assert torch.isfinite(function.derivative(u)).all()


def test_logarithm_and_pole_are_not_defined_across_zero() -> None:
    assert not FUNCTIONS["log"].defined_between(0.0, 1.0)
    assert not FUNCTIONS["sqrt"].defined_between(-1.0, 1.0)
    assert not FUNCTIONS["reciprocal"].defined_between(-1.0, 1.0)
    assert FUNCTIONS["reciprocal"].defined_between(-2.0, -1.0)


def test_saturating_functions_stay_finite_at_extreme_arguments() -> None:
    u = torch.tensor([-1e308, -1e3, 1e3, 1e308], dtype=torch.float64)
    assert FUNCTIONS["sigmoid"].evaluate(u).tolist() == [0.0, 0.0, 1.0, 1.0]
    assert FUNCTIONS["softplus"].evaluate(u).tolist() == [0.0, 0.0, 1e3, 1e308]
    assert FUNCTIONS["gaussian"].derivative(u[1:3]).tolist() == [0.0, 0.0]


def test_form_is_scaled_and_shifted_function() -> None:
    form = SymbolicForm("tanh", a=2.0, b=-1.0, c=3.0, d=0.5)
    x = torch.tensor([0.7], dtype=torch.float64, requires_grad=True)
    value = form.evaluate(x)
    (slope,) = torch.autograd.grad(value.sum(), x)
    assert float(value.detach()) == pytest.approx(3 * math.tanh(0.4) + 0.5, rel=1e-15)
    torch.testing.assert_close(form.derivative(x.detach()), slope, rtol=1e-14, atol=0)


def test_form_knows_where_it_is_defined_when_its_argument_decreases() -> None:
    form = SymbolicForm("log", a=-1.0, b=5.0, c=1.0, d=0.0)
    assert form.defined_between(-10.0, 4.9)
    assert not form.defined_between(0.0, 5.0)


def test_missing_value_stays_missing() -> None:
    assert SymbolicForm("hinge", 1.0, 0.0, 1.0, 0.0).evaluate(torch.tensor([torch.nan])).isnan().all()


def test_unknown_function_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UnknownFunction, match=r"'cosh'.*'tanh'"):
        SymbolicForm("cosh", 1.0, 0.0, 1.0, 0.0)


@pytest.mark.parametrize("parameter", ["a", "b", "c", "d"])
@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_parameter_that_is_not_finite_is_refused_by_name(parameter: str, number: float) -> None:
    with pytest.raises(InvalidSymbolicForm, match=f"'exp'.*{parameter} is"):
        SymbolicForm("exp", **({"a": 1.0, "b": 0.0, "c": 1.0, "d": 0.0} | {parameter: number}))


def test_library_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        FUNCTIONS["exp"] = FUNCTIONS["log"]  # type: ignore[index]  # the point of the test
