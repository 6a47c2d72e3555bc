"""The functions that expressions are built from: value, slope, bounds and code of each agree."""

import itertools
import math
import sqlite3
from typing import Any

import pytest
import sympy as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

from kan.symbolic.evaluation import bounds, evaluate
from kan.symbolic.expressions import Call, Number, Operation, X
from kan.symbolic.intervals import Interval
from kan.symbolic.primitives import PRIMITIVES, Primitive
from kan.symbolic.writing import code, sympy_expression

EACH = pytest.mark.parametrize("primitive", PRIMITIVES.values(), ids=list(PRIMITIVES))
POINTS = {
    "log": [1e-300, 0.02, 1.0, 7.0, 1e300],
    "sqrt": [1e-300, 0.3, 2.0, 1e300],
    "tan": [-1.5, -0.4, 0.7, 1.55],
    **{name: [-0.999, -0.3, 1e-9, 0.6, 0.9999] for name in ("arcsin", "arccos", "arctanh")},
}
NUMBERS = [-30.0, -3.1, -0.4, 1e-9, 0.7, 2.9, 33.0]
C_NAMES = {
    "fabs": abs, "fmax": max, "log": math.log, "asin": math.asin, "acos": math.acos, "atan": math.atan,
    "atanh": math.atanh, "pow": math.pow,
    **{name: getattr(math, name) for name in ("exp", "log1p", "sqrt", "sin", "cos", "tan", "tanh")},
}  # fmt: skip  # a table


def evaluated(text: str, language: str, x: float) -> float:
    """Return the value of our own code; C's expressions are Python's too."""
    if language == "sql":
        with sqlite3.connect(":memory:") as database:
            database.create_function("GREATEST", 2, max)
            database.create_function("LEAST", 2, min)
            return float(database.execute(f"SELECT {text} FROM (SELECT ? AS x)", [x]).fetchone()[0])  # noqa: S608  # our own text
    names: dict[str, Any] = {"math": math, "max": max, "min": min, "abs": abs} if language == "python" else C_NAMES
    return float(eval(text, {"__builtins__": {}, **names, "x": x}))  # noqa: S307  # text that we wrote


@EACH
def test_slope_is_the_derivative_of_the_sympy_expression(primitive: Primitive) -> None:
    symbol = sp.Symbol("u", real=True)
    exact = sp.diff(primitive.sympy(symbol), symbol)
    for u in POINTS.get(primitive.name, NUMBERS):
        computed = float(evaluate(primitive.slope(X), torch.tensor(u, dtype=torch.float64)))
        assert computed == pytest.approx(float(exact.subs(symbol, sp.Float(u, 60)).evalf(25)), rel=1e-12, abs=1e-15)


@EACH
def test_value_is_that_of_sympy_at_high_precision(primitive: Primitive) -> None:
    expression = sympy_expression(Call(primitive.name, X), sp.Symbol("u", real=True))
    for u in POINTS.get(primitive.name, NUMBERS):
        computed = float(primitive.value(torch.tensor([u], dtype=torch.float64)))
        exact = expression.subs(sp.Symbol("u", real=True), sp.Float(u, 60)).evalf(25)
        assert computed == pytest.approx(float(exact), rel=1e-14, abs=1e-300)


@EACH
@pytest.mark.parametrize("language", ["python", "c", "sql"])
def test_code_computes_the_value_of_any_argument_in_brackets_or_not(primitive: Primitive, language: str) -> None:
    for argument in (X, Operation("-", Operation("*", Number(-1.0), X), Number(-0.001)), Number(-0.25), Number(0.5)):
        tree = Operation("*", Number(-1.5), Call(primitive.name, argument))
        for x in POINTS.get(primitive.name, NUMBERS):
            expected = float(evaluate(tree, torch.tensor(x, dtype=torch.float64)))
            if math.isfinite(expected):
                found = evaluated(code(tree, "x", language), language, x)
                assert found == pytest.approx(expected, rel=1e-12, abs=1e-15)


@EACH
def test_missing_value_stays_missing(primitive: Primitive) -> None:
    missing = torch.tensor([math.nan, 0.5], dtype=torch.float64)
    assert primitive.value(missing).isnan().tolist() == [True, False]
    assert not primitive.bounds(Interval(missing[:1], missing[:1])).is_defined


@EACH
@given(st.floats(-60.0, 60.0), st.floats(0.0, 8.0))
def test_values_lie_in_the_bounds_and_touch_them(primitive: Primitive, start: float, length: float) -> None:
    ends = Interval(*(torch.tensor([end], dtype=torch.float64) for end in (start, start + length)))
    found = bounds(Call(primitive.name, X), ends)
    values = primitive.value(torch.linspace(start, start + length, 4001, dtype=torch.float64))
    if not found.is_defined:
        assert primitive.name in POINTS
        return
    (lower, upper), (least, most) = found.hull(), (float(values.min()), float(values.max()))
    assert lower <= least <= most <= upper
    if primitive.name != "tan":
        assert max(least - lower, upper - most) <= 1e-3 * max(abs(least), abs(most), 1.0)


@pytest.mark.parametrize("name", ["exp", "sigmoid", "softplus", "tanh", "arctan", "gaussian"])
def test_code_of_saturating_functions_does_not_overflow(name: str) -> None:
    tree = Call("exp", Operation("*", Number(-1.0), X)) if name == "gaussian" else Call(name, X)
    for language, x in itertools.product(("python", "sql"), (-1e5, 600.0)):
        expected = min(float(evaluate(tree, torch.tensor(x, dtype=torch.float64))), math.exp(700.0))
        assert evaluated(code(tree, "x", language), language, x) == pytest.approx(expected, rel=1e-12, abs=1e-290)
