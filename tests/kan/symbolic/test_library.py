"""The table of symbolic functions, against automatic differentiation and SymPy."""

import math
from dataclasses import replace
from typing import Any

import pytest
import sympy as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kan.errors import InvalidFormula, InvalidSymbolicForm, UnknownFunction
from kan.symbolic.library import FUNCTIONS, SymbolicForm, SymbolicFunction, function_of
from kan.symbolic.writing import sympy_expression


def arguments(function: SymbolicFunction) -> torch.Tensor:
    points = torch.linspace(-4.03, 4.07, 211, dtype=torch.float64)
    within = {"all": points, "unit": points / 4.2, "turn": points / 2.7}
    return within.get(function.domain, points.abs() + 0.05)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_derivative_is_that_of_automatic_differentiation(function: SymbolicFunction) -> None:
    u = arguments(function).requires_grad_()
    (expected,) = torch.autograd.grad((function.evaluate(u) + 0 * u).sum(), u, create_graph=True)
    torch.testing.assert_close(function.derivative(u.detach()), expected, rtol=1e-12, atol=1e-13)
    if expected.requires_grad:
        (second,) = torch.autograd.grad(expected.sum(), u)
        torch.testing.assert_close(function.second_derivative(u.detach()), second, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_value_is_that_of_the_sympy_expression(function: SymbolicFunction) -> None:
    symbol = sp.Symbol("u", real=True)
    expression = sympy_expression(function.expression, symbol)
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
    for lower, upper in ((-700.0, 700.0), (1e-6, 700.0), (-700.0, -1e-6), (-0.9, 0.9)):
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


OVERFLOWING = [
    SymbolicForm("exp", 1.0, 0.0, 1e308, 0.0),
    SymbolicForm("exp", 400.0, 0.0, 1.0, 0.0),
    SymbolicForm("square", 1e300, 0.0, 1.0, 0.0),
    SymbolicForm("linear", 1e308, 0.0, 1e10, 0.0),
    SymbolicForm("linear", 1e308, 1e308, 1.0, 0.0),
    SymbolicForm("tanh", 1e200, 0.0, 1e200, 0.0),
    SymbolicForm("linear", 1.0, 0.0, 1e308, -1e308),
    SymbolicForm("0*exp(x)", 500.0, 0.0, 1.0, 0.0),
    SymbolicForm("tanh(exp(x) - exp(x))", 500.0, 0.0, 1.0, 0.0),
    SymbolicForm("log", 0.0, 0.0, 0.0, 0.0),
    SymbolicForm("reciprocal", 0.0, 0.0, 0.0, 1.0),
]
HARMLESS = [
    SymbolicForm("exp", 0.0, 0.0, 1.0, 0.0),
    SymbolicForm("log", 0.0, 5.0, 1.0, 0.0),
    SymbolicForm("tanh", 1e-300, 0.0, 1.0, 0.0),
    SymbolicForm("square", 1.0, 0.0, 0.0, 3.0),
    SymbolicForm("sin", 1e12, 0.0, 1e-300, 0.0),
    SymbolicForm("log(1 + x^2)", -2.0, 0.5, 1e6, 0.0),
]


@pytest.mark.parametrize("form", OVERFLOWING, ids=str)
def test_form_that_overflows_or_has_no_value_in_the_domain_is_not_called_defined(form: SymbolicForm) -> None:
    assert not form.defined_between(-2.0, 2.0)


@pytest.mark.parametrize("form", HARMLESS, ids=str)
def test_form_without_effect_or_with_extreme_coefficients_is_defined(form: SymbolicForm) -> None:
    x = torch.linspace(-2.0, 2.0, 1001, dtype=torch.float64)
    assert form.defined_between(-2.0, 2.0)
    assert bool((form.evaluate(x).isfinite() & form.derivative(x).isfinite()).all())


NUMBERS = st.one_of(st.floats(-5.0, 5.0), st.floats(allow_nan=False, allow_infinity=False))
NAMES = st.sampled_from([*FUNCTIONS, "0*exp(x)", "log(1 + x^2)", "x*exp(-x)/(x - 3)", "tanh(exp(x) - exp(x^2))"])


@settings(max_examples=500)
@given(NAMES, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_where_a_form_is_proved_to_be_defined_it_is_finite(
    name: str, a: float, b: float, c: float, d: float, start: float, end: float
) -> None:
    form, (lower, upper) = SymbolicForm(name, a, b, c, d), sorted((start, end))
    if form.defined_between(lower, upper):
        shares = torch.linspace(0.0, 1.0, 201, dtype=torch.float64)
        x = ((1 - shares) * lower + shares * upper).clamp(min=lower, max=upper)
        assert bool((form.evaluate(x).isfinite() & form.derivative(x).isfinite()).all())


@pytest.mark.parametrize("name", ["", " ", "()", "1/0", "x +", "y", "x" * 600, "log(", "\x00", "x^x"])
def test_text_that_is_no_function_is_refused_with_a_place_in_it(name: str) -> None:
    with pytest.raises((InvalidFormula, UnknownFunction)) as refused:
        function_of(name)
    assert not isinstance(refused.value, InvalidFormula) or 0 <= refused.value.position <= len(name)
    with pytest.raises((InvalidFormula, UnknownFunction)):
        SymbolicForm(name, 1.0, 0.0, 1.0, 0.0)


def test_formula_goes_by_its_own_writing_whatever_it_was_typed_as() -> None:
    typed = function_of(" log( 1+x^2 )−2·rising_cubic(x) ")
    assert typed.name == "log(1.0 + x^2) - 2.0*(x^3 + x)"
    assert function_of(typed.name) == typed
    assert (typed.domain, typed.complexity) == ("all", 10)
    assert function_of("log(x)").domain == "some"


def test_formula_whose_own_writing_or_derivatives_are_too_long_is_refused() -> None:
    for name in ("x" + "/x" * 40, "gaussian(" * 9 + "x" + ")" * 9, "rising_cubic(" * 7 + "x" + ")" * 7):
        with pytest.raises(InvalidFormula) as refused:
            function_of(name)
        assert refused.value.position <= len(name)


def test_parameter_to_fix_that_there_is_not_is_refused(no_shape_checks: None) -> None:
    with pytest.raises(InvalidSymbolicForm, match="no parameter 'e'"):
        SymbolicForm("exp", 1.0, 0.0, 1.0, 0.0, fixed=("e",))  # type: ignore[arg-type]  # the point of the test


def test_unknown_function_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UnknownFunction, match=r"'cosh'.*'tanh'"):
        SymbolicForm("cosh", 1.0, 0.0, 1.0, 0.0)


@pytest.mark.parametrize("parameter", ["a", "b", "c", "d"])
@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_parameter_that_is_not_finite_is_refused_by_name(parameter: str, number: float) -> None:
    changed: dict[str, Any] = {parameter: number}
    with pytest.raises(InvalidSymbolicForm, match=f"'exp'.*{parameter} is"):
        replace(SymbolicForm("exp", 1.0, 0.0, 1.0, 0.0), **changed)


def test_library_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        FUNCTIONS["exp"] = FUNCTIONS["log"]  # type: ignore[index]  # the point of the test
