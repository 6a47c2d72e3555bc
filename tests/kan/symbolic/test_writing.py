"""Expressions in writing: what is written means what was computed, in every language."""

import math

import pytest
import sympy as sp
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kan.symbolic.evaluation import evaluate
from kan.symbolic.expressions import Call, Expression, Number, Operation, Power, X, children
from kan.symbolic.grammar import parse
from kan.symbolic.library import FUNCTIONS
from kan.symbolic.writing import code, latex, name_latex, number_expression, sympy_expression, text
from tests.kan.symbolic.random_expressions import POINTS, same_bits, trees
from tests.kan.symbolic.test_primitives import evaluated

NAMED = {name: function.expression for name, function in FUNCTIONS.items()}
MINUS, TWO = Number(-1.0), Number(2.0)


def holds_x(expression: Expression) -> bool:
    return expression == X or any(holds_x(one) for one in children(expression))


def has_finite_constants(expression: Expression) -> bool:
    """Return whether all parts without x have finite values, which the grammar asks for."""
    if not holds_x(expression):
        value = evaluate(expression, torch.zeros((), dtype=torch.float64))
        return bool(value.isfinite()) and all(has_finite_constants(one) for one in children(expression))
    return all(has_finite_constants(one) for one in children(expression))


@settings(max_examples=500)
@given(trees())
def test_text_is_read_again_as_the_same_function_to_the_last_bit(tree: Expression) -> None:
    assume(has_finite_constants(tree))
    again = parse(text(tree, "x"), NAMED)
    assert same_bits(evaluate(again, POINTS), evaluate(tree, POINTS))
    assert text(again, "x") == text(parse(text(again, "x"), NAMED), "x")


@given(trees())
def test_latex_has_paired_braces_and_brackets_and_names_its_input(tree: Expression) -> None:
    written = latex(tree, name_latex("a_b}"))
    assert written.count(r"\left") == written.count(r"\right")
    assert holds_x(tree) == (r"\text{a\_b\}}" in written)
    depth = 0
    for letter in written.replace(r"\}", ""):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        assert depth >= 0
    assert depth == 0


@pytest.mark.parametrize(
    ("tree", "as_text", "as_latex"),
    [
        (Number(-0.0), "-0.0", "-0.0"),
        (Power(Number(-0.0), 2.0), "(-0.0)^2", r"\left(-0.0\right)^{2}"),
        (Power(X, -1.0), "x^-1", r"\frac{1}{x}"),
        (Power(X, -0.5), "x^-0.5", r"\frac{1}{x^{0.5}}"),
        (Power(Power(X, 2.0), 3.0), "(x^2)^3", r"\left(x^{2}\right)^{3}"),
        (Operation("*", MINUS, Power(X, 2.0)), "-x^2", "-x^{2}"),
        (Power(Operation("*", MINUS, X), 2.0), "(-x)^2", r"\left(-x\right)^{2}"),
        (Operation("/", X, Operation("/", X, TWO)), "x/(x/2.0)", r"\frac{x}{\frac{x}{2.0}}"),
        (Operation("/", Operation("/", X, X), TWO), "x/x/2.0", r"\frac{\frac{x}{x}}{2.0}"),
        (Operation("-", X, Operation("-", X, TWO)), "x - (x - 2.0)", r"x - \left(x - 2.0\right)"),
        (Operation("+", X, Number(-2.0)), "x - 2.0", "x - 2.0"),
        (Operation("-", X, Number(-2.0)), "x + 2.0", "x + 2.0"),
        (Operation("*", X, Number(-2.0)), "x*(-2.0)", r"x \cdot \left(-2.0\right)"),
        (Call("hinge", Operation("-", X, TWO)), "max(x - 2.0, 0)", r"\max\left(x - 2.0, 0\right)"),
        (Call("abs", X), "abs(x)", r"\left|x\right|"),
        (Power(Call("sqrt", X), 3.0), "sqrt(x)^3", r"\sqrt{x}^{3}"),
    ],
)
def test_brackets_stand_where_they_are_needed(tree: Expression, as_text: str, as_latex: str) -> None:
    assert text(tree, "x") == as_text
    assert latex(tree, "x") == as_latex
    assert same_bits(evaluate(parse(as_text, NAMED), POINTS), evaluate(tree, POINTS))


@pytest.mark.parametrize("language", ["python", "c", "sql"])
@pytest.mark.parametrize("outer", list(FUNCTIONS))
def test_code_computes_what_is_served(outer: str, language: str) -> None:
    for inner in ("0.3*x - 0.2", "sigmoid(x)^1.5", "x^2/(1 + x^4)", "-abs(x)"):
        tree = parse(f"1.5*{outer}({inner}) - 0.25", NAMED)
        for x in (-1.7, 0.4, 1.0, 2.9):
            expected = float(evaluate(tree, torch.tensor(x, dtype=torch.float64)))
            if math.isfinite(expected):
                found = evaluated(code(tree, "x", language), language, x)
                assert found == pytest.approx(expected, rel=1e-12, abs=1e-13)


@settings(max_examples=60)
@given(trees(["exp", "tanh", "sin", "sqrt", "log", "arctan", "softplus"], most_leaves=4))
def test_sympy_expression_has_the_value_that_is_served(tree: Expression) -> None:
    assume(has_finite_constants(tree))
    served = float(evaluate(tree, torch.tensor(0.77, dtype=torch.float64)))
    assume(math.isfinite(served) and 1e-6 < abs(served) < 1e6)
    symbol = sp.Symbol("x", real=True)
    exact = sp.re(sympy_expression(tree, symbol).subs(symbol, sp.Float(0.77, 40)).evalf(30))
    assert float(exact) == pytest.approx(served, rel=1e-6)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_the_exact_doubles_everywhere(value: float) -> None:
    assert float(number_expression(value)) == value
    assert parse(text(Number(value), "x"), NAMED) == Number(value)
    assert all(evaluated(code(Number(value), "x", language), language, 0.0) == value for language in ("python", "c"))


def test_nested_functions_stay_short_in_code() -> None:
    deepest = parse("step(" * 9 + "x" + ")" * 9, NAMED)
    assert all(len(code(deepest, "x", language)) < 100_000 for language in ("python", "c", "sql"))
