"""Forms in writing: what a person reads is what is computed."""

import pytest
import sympy as sp
import torch

from kan.symbolic.formula import edge_expression, edge_latex, edge_text
from kan.symbolic.library import FUNCTIONS, SymbolicForm
from kan.symbolic.writing import name_latex, number_latex, number_text


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (SymbolicForm("linear", 1.0, 0.0, 2.0, -3.0), "2.0*age - 3.0"),
        (SymbolicForm("linear", 2.0, 1.0, 3.0, 0.0), "3.0*(2.0*age + 1.0)"),
        (SymbolicForm("square", 1.0, 0.0, -1.0, 0.5), "-age^2 + 0.5"),
        (SymbolicForm("square", 1.0, -4.0, 1.0, 0.0), "(age - 4.0)^2"),
        (SymbolicForm("tanh", -2.0, 0.25, 0.1, 0.0), "0.1*tanh(-2.0*age + 0.25)"),
        (SymbolicForm("reciprocal", -1.0, 4.0, 2.0, 0.0), "2.0*(-age + 4.0)^-1"),
        (SymbolicForm("hinge", 1.0, -30.0, 1e-05, 0.0), "1e-05*max(age - 30.0, 0)"),
    ],
)
def test_text_shows_the_form_without_what_does_nothing(form: SymbolicForm, expected: str) -> None:
    assert edge_text(form, "age") == expected


def test_text_holds_the_exact_double_unless_digits_are_asked_for() -> None:
    form = SymbolicForm("exp", 0.1 + 0.2, 0.0, 1 / 3, 0.0)
    assert edge_text(form, "x") == "0.3333333333333333*exp(0.30000000000000004*x)"
    assert edge_text(form, "x", digits=3) == "0.333*exp(0.3*x)"


def test_latex_brackets_the_argument_and_writes_powers_of_ten() -> None:
    form = SymbolicForm("cube", 1.0, 2.0, 1.5e-07, -1.0)
    assert edge_latex(form, "age") == r"1.5 \cdot 10^{-7} \cdot \left(\text{age} + 2.0\right)^{3} - 1.0"
    assert edge_latex(SymbolicForm("abs", 1.0, 0.0, 1.0, 0.0), "age") == r"\left|\text{age}\right|"


@pytest.mark.parametrize("function", list(FUNCTIONS))
def test_latex_of_every_function_has_paired_braces_and_names_its_input(function: str) -> None:
    text = edge_latex(SymbolicForm(function, 2.0, 1.0, 3.0, 4.0), "age")
    depth = 0
    for letter in text:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        assert depth >= 0
    assert depth == 0
    assert text.count(r"\left") == text.count(r"\right")
    assert function == "constant" or r"2.0 \cdot \text{age} + 1.0" in text


def test_name_of_a_feature_cannot_break_out_of_its_text() -> None:
    hostile = "a_b}$\\href{x}^~#&%\n"
    assert name_latex(hostile) == (
        r"\text{a\_b\}\$\textbackslash{}href\{x\}\textasciicircum{}\textasciitilde{}\#\&\% }"
    )


@pytest.mark.parametrize("function", list(FUNCTIONS))
def test_sympy_expression_computes_what_the_edge_computes(function: str) -> None:
    inside = FUNCTIONS[function].domain == "unit"
    form = SymbolicForm(function, 0.7, -0.9 if inside else 0.9, -1.3, 0.1)
    symbol = sp.Symbol("mean radius", real=True)
    expression = edge_expression(form, symbol)
    assert expression.free_symbols == (set() if function == "constant" else {symbol})
    for x in (0.0, 0.3, 2.5):
        served = float(form.evaluate(torch.tensor([x], dtype=torch.float64)))
        assert float(expression.subs(symbol, sp.Float(x, 17)).evalf(17)) == pytest.approx(served, rel=1e-14)


def test_numbers_of_the_expression_are_the_exact_doubles() -> None:
    symbol = sp.Symbol("x", real=True)
    form = SymbolicForm("tanh", 0.1 + 0.2, 0.0, 1 / 3, 0.0)
    numbers = {float(number) for number in edge_expression(form, symbol).atoms(sp.Float)}
    assert numbers == {0.1 + 0.2, 1 / 3}


def test_numbers_are_written_with_the_digits_asked_for() -> None:
    assert number_text(0.1) == "0.1"
    assert number_text(123.456, digits=2) == "1.2e+02"
    assert number_latex(-2.5e20) == r"-2.5 \cdot 10^{20}"
