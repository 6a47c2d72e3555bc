"""What the grammar reads, what it refuses and where, and that no text does anything else."""

import math

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kan.errors import InvalidFormula, UnknownFunction
from kan.symbolic.expressions import Call, Expression, Number, Operation, Power, X
from kan.symbolic.grammar import LARGEST_LENGTH, PRINTED, parse
from kan.symbolic.library import FUNCTIONS, SymbolicFunction, function_of
from kan.symbolic.writing import code, latex, text

NAMED = {name: function.expression for name, function in FUNCTIONS.items()}
MINUS = Number(-1.0)
LONGEST_MESSAGE = 900  # of which 400 are the names of the library


def read(formula: str) -> Expression:
    return parse(formula, NAMED)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("x", X),
        (" ( x ) ", X),
        ("2", Number(2.0)),
        (".5e-3", Number(0.0005)),
        ("7.", Number(7.0)),
        ("pi", Number(math.pi)),
        ("-2", Number(-2.0)),
        ("- -2", Number(2.0)),
        ("+x", X),
        ("-x", Operation("*", MINUS, X)),
        ("-x^2", Operation("*", MINUS, Power(X, 2.0))),
        ("(-x)^2", Power(Operation("*", MINUS, X), 2.0)),
        ("x^-2", Power(X, -2.0)),
        ("x^+2", Power(X, 2.0)),
        ("x^(1/2)", Power(X, 0.5)),
        ("x^1", X),
        ("x^0", Number(1.0)),
        ("1 - 2*3 + 10/4", Number(-2.5)),
        ("2^3", Number(8.0)),
        ("sqrt(4)", Number(2.0)),
        ("1 - x - 2", Operation("-", Operation("-", Number(1.0), X), Number(2.0))),
        ("8/x/2", Operation("/", Operation("/", Number(8.0), X), Number(2.0))),
        ("2*x^3", Operation("*", Number(2.0), Power(X, 3.0))),
        ("x*-3", Operation("*", X, Number(-3.0))),
        ("exp(-x)", Call("exp", Operation("*", MINUS, X))),
        ("square(x + 1)", Power(Operation("+", X, Number(1.0)), 2.0)),
        ("max(x - 1, 0)", Call("hinge", Operation("-", X, Number(1.0)))),
        ("x − 2·x ÷ 4 × x", read("x - 2*x / 4 * x")),
        ("x\n+\t1", Operation("+", X, Number(1.0))),
    ],
)
def test_formula_means_what_it_means_in_mathematics(formula: str, expected: Expression) -> None:
    assert read(formula) == expected


@pytest.mark.parametrize(
    ("formula", "position", "reason"),
    [
        ("", 0, "expected a number, x, a function or a bracket"),
        ("   ", 3, "expected a number"),
        ("x +", 3, "expected a number"),
        ("x y", 2, "expected an operator or the end"),
        ("2x", 1, "expected an operator or the end"),
        ("x ** 2", 3, "expected a number"),
        ("(x", 2, r"expected '\)'"),
        ("x)", 1, "expected an operator or the end"),
        ("cosh(x)", 0, "there is no 'cosh'"),
        ("y + 1", 0, "there is no 'y'"),
        ("X", 0, "there is no 'X'"),
        ("sin x", 4, r"expected '\('"),
        ("max(x, 1)", 7, "expected '0'"),
        ("max(x)", 5, "expected ','"),
        ("x^x", 2, "an exponent is a number"),
        ("x^sin(x)", 2, "an exponent is a number"),
        ("x^2^3", 3, "brackets say which power comes first"),
        ("x^33", 2, "from -32 to 32"),
        ("x^-1e9", 2, "from -32 to 32"),
        ("9^9^9", 3, "brackets"),
        ("1/0", 3, "no finite value"),
        ("0^-1", 2, "no finite value"),
        ("(0-1)^0.5", 6, "no finite value"),
        ("log(0 - 1) + x", 0, "no finite value"),
        ("1e308 * 10", 10, "no finite value"),
        ("x + 1e999", 4, "larger than any double"),
        ("х", 0, r"U\+0445"),  # Cyrillic
        ("x + ３", 4, r"U\+FF13"),
        ("1٣", 1, r"U\+0663"),
        ("x\u00a0+ 1", 1, r"U\+00A0"),
        ("__import__('os')", 11, r"U\+0027"),
        ("x.real", 1, r"U\+002E"),
        ("x[0]", 1, r"U\+005B"),
        ("\ud800", 0, r"U\+D800"),
        ("x" * 501, LARGEST_LENGTH, "at most 500 characters"),
        ("(" * 31 + "x" + ")" * 31, 30, "30 levels deep"),
        ("-" * 31 + "x", 30, "30 levels deep"),
        ("step(" * 11 + "x" + ")" * 11, 50, "30 levels deep"),
        ("+".join("x" * 100), 0, "60 of them in a chain"),
        ("rising_cubic(" * 8 + "x" + ")" * 8, 0, "more than 400 parts"),
        ("*".join(["rising_cubic(" * 6 + "x" + ")" * 6] * 3), 0, "more than 400 parts"),
    ],
)
def test_text_that_is_no_formula_is_refused_at_its_place(formula: str, position: int, reason: str) -> None:
    with pytest.raises(InvalidFormula, match=reason) as refused:
        read(formula)
    assert refused.value.position == position
    assert f"character {position + 1}: " in str(refused.value)


@pytest.mark.parametrize(
    "formula", ["(" * 10_000, "9" * 10_000, "a" * 400, "9" * 499, "é" * 400, "sin(" * 2_000, "\x00" * 90]
)
def test_refusal_repeats_no_more_than_a_short_part_of_the_text(formula: str) -> None:
    with pytest.raises((InvalidFormula, UnknownFunction)) as refused:
        function_of(formula)
    assert len(str(refused.value)) < LONGEST_MESSAGE


TOKENS = [
    *("x", "x", "x", "pi", "(", ")", "(", ")", "+", "-", "*", "/", "^", "^2", "^-1", "^0.5", "^32", "^1e-300", ","),
    *("0", "1", "2", "0.5", "1e308", "1e-308", "9" * 40, "max(", "**", "1/0", "0^-1", "(0-1)^0.5", "9**9**9"),
    *("__import__", "x.", "e", "х", "３", "٣", "−", "×", "'", ";", "\n", "\x00"),
    *(f"{name}(" for name in NAMED),
    *(f"{name}(x)" for name in NAMED),
]
OPERANDS = ["x", "2.5", "-", "+", "*", "/", "sin(x)", "log(x)", "(x - 1)", "x^2"]
NESTED = st.builds(
    lambda piece, count, closed: piece * count + "x" + (")" * count if closed else ""),
    st.sampled_from(["(", "-", "x^", "x/(", "x-", "x*", *(f"{name}(" for name in NAMED)]),
    st.integers(1, 60),
    st.booleans(),
)
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(TOKENS), max_size=25).map("".join),
    st.lists(st.sampled_from(OPERANDS), max_size=9).map("".join),
    NESTED,
)
EXTREMES = torch.tensor([-1e300, -3.7, -1.0, -0.0, 0.0, 1e-310, 0.3, 1.0, 700.0, 1e300], dtype=torch.float64)


def function_or_refusal(formula: str) -> SymbolicFunction | InvalidFormula | UnknownFunction:
    try:
        return function_of(formula)
    except (InvalidFormula, UnknownFunction) as refused:
        return refused


@settings(max_examples=3000)
@given(TEXTS, st.floats(-5.0, 5.0), st.sampled_from([0.0, 0.5, 4.0, 1e3]))
@example("(" * 10_000 + "x" + ")" * 10_000, 0.0, 1.0)
@example("tanh(exp(x) - exp(x))", 0.0, 1e3)
def test_any_text_is_a_function_that_works_or_is_refused(formula: str, start: float, length: float) -> None:
    function = function_or_refusal(formula)
    if not isinstance(function, SymbolicFunction):
        assert len(str(function)) < LONGEST_MESSAGE
        assert isinstance(function, UnknownFunction) or 0 <= function.position <= len(formula)
        return
    assert formula.translate(PRINTED).isascii()
    for values in (function.evaluate(EXTREMES), function.derivative(EXTREMES), function.second_derivative(EXTREMES)):
        assert values.shape == EXTREMES.shape
    if function.defined_between(start, start + length):
        x = torch.linspace(start, start + length, 33, dtype=torch.float64)
        assert bool((function.evaluate(x).isfinite() & function.derivative(x).isfinite()).all())
    assert latex(function.expression, "x").count("{") == latex(function.expression, "x").count("}")
    assert all(code(function.expression, "x", language) for language in ("python", "c", "sql"))
    assert formula in FUNCTIONS or function_of(function.name).expression == function.expression
    assert text(function.expression, "x", digits=3)
