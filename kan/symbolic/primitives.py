"""The functions that expressions are built from: everything that is known about each, in one table.

Every value is composed of operations whose result for one number does not depend on its place in the tensor:
arithmetic, and PyTorch's exp, log, log1p, sqrt, sin, cos, tan, tanh, asin, acos, atan. `torch.atanh` and the fused
`sigmoid` and `softplus` are avoided because the last elements of a tensor take another code path and may differ in the
last bit, so that a row's answer would depend on the rows beside it.

In the templates `{u}` stands for the argument, in brackets where it is needed. SQL is that of PostgreSQL, from which
sqlglot makes the other dialects; its exp refuses arguments that overflow or underflow, so they are bounded.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import sympy as sp
import torch
from torch import Tensor

from kan.symbolic import intervals
from kan.symbolic.expressions import ONE, ZERO, Call, Expression, Number, add, divide, multiply, power, subtract
from kan.symbolic.intervals import Interval, monotone

LARGEST_EXPONENT = 700.0  # exp beyond it overflows


@dataclass(frozen=True)
class Primitive:
    """One function: value, derivative as an expression of the argument, bounds, and how it is written.

    `complexity` counts the function alone, `onnx` names the operator of ONNX where there is one.
    """

    name: str
    value: Callable[[Tensor], Tensor]
    slope: Callable[[Expression], Expression]
    bounds: Callable[[Interval], Interval]
    sympy: Callable[[sp.Expr], sp.Expr]
    latex: str
    python: str
    c: str
    sql: str
    complexity: int
    onnx: str | None = None


def _sigmoid(u: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-u))


def _softplus(u: Tensor) -> Tensor:
    return torch.clamp(u, min=0) + torch.log1p(torch.exp(-torch.abs(u)))


def _step(u: Tensor) -> Tensor:
    return torch.where(u.isnan(), u, (torch.sign(u) + 1) / 2)  # the sign of NaN is 0


def _hinge(u: Tensor) -> Tensor:
    return torch.clamp(u, min=0)


def _arctanh(u: Tensor) -> Tensor:
    return 0.5 * (torch.log1p(u) - torch.log1p(-u))


def _tanh_slope(u: Expression) -> Expression:
    return subtract(ONE, power(Call("tanh", u), 2.0))


def _sigmoid_slope(u: Expression) -> Expression:
    return multiply(Call("sigmoid", u), subtract(ONE, Call("sigmoid", u)))


def _arcsin_slope(u: Expression) -> Expression:
    return power(subtract(ONE, power(u, 2.0)), -0.5)


_LIMIT = f"{LARGEST_EXPONENT:g}"
_PYTHON_EXP = f"math.exp(min({{u}}, {_LIMIT}))"
_SQL_EXP = f"EXP(GREATEST(LEAST({{u}}, {_LIMIT}), -{_LIMIT}))"
_SQL_EXP_OF_MINUS = f"EXP(GREATEST(LEAST(-({{u}}), {_LIMIT}), -{_LIMIT}))"

_TABLE = (
    Primitive(
        "exp", torch.exp, lambda u: Call("exp", u), monotone(torch.exp), sp.exp,
        r"\exp\left({u}\right)", _PYTHON_EXP, "exp({u})", _SQL_EXP, 2, "Exp",
    ),
    Primitive(
        "log", torch.log, lambda u: divide(ONE, u), monotone(torch.log, math.ulp(0.0)), sp.log,
        r"\ln\left({u}\right)", "math.log({u})", "log({u})", "LN({u})", 2, "Log",
    ),
    Primitive(
        "sqrt", torch.sqrt, lambda u: multiply(Number(0.5), power(u, -0.5)), monotone(torch.sqrt, 0.0), sp.sqrt,
        r"\sqrt{{{u}}}", "math.sqrt({u})", "sqrt({u})", "SQRT({u})", 2, "Sqrt",
    ),
    Primitive(
        "sin", torch.sin, lambda u: Call("cos", u), intervals.sine, sp.sin,
        r"\sin\left({u}\right)", "math.sin({u})", "sin({u})", "SIN({u})", 3, "Sin",
    ),
    Primitive(
        "cos", torch.cos, lambda u: multiply(Number(-1.0), Call("sin", u)), intervals.cosine, sp.cos,
        r"\cos\left({u}\right)", "math.cos({u})", "cos({u})", "COS({u})", 3, "Cos",
    ),
    Primitive(
        "tan", torch.tan, lambda u: power(Call("cos", u), -2.0), intervals.tangent, sp.tan,
        r"\tan\left({u}\right)", "math.tan({u})", "tan({u})", "TAN({u})", 3, "Tan",
    ),
    Primitive(
        "tanh", torch.tanh, _tanh_slope, monotone(torch.tanh), sp.tanh,
        r"\tanh\left({u}\right)", "math.tanh({u})", "tanh({u})", "TANH({u})", 3, "Tanh",
    ),
    Primitive(
        "sigmoid", _sigmoid, _sigmoid_slope, monotone(_sigmoid), lambda u: 1 / (1 + sp.exp(-u)),
        r"\sigma\left({u}\right)", f"(1.0 / (1.0 + math.exp(min(-({{u}}), {_LIMIT}))))", "(1.0 / (1.0 + exp(-({u}))))",
        f"(1.0 / (1.0 + {_SQL_EXP_OF_MINUS}))", 3, "Sigmoid",
    ),
    Primitive(
        "softplus", _softplus, lambda u: Call("sigmoid", u), monotone(_softplus), lambda u: sp.log(1 + sp.exp(u)),
        r"\ln\left(1 + \exp\left({u}\right)\right)", "(max({u}, 0.0) + math.log1p(math.exp(-abs({u}))))",
        "(fmax({u}, 0.0) + log1p(exp(-fabs({u}))))",
        f"(GREATEST({{u}}, 0.0) + LN(1.0 + EXP(-LEAST(ABS({{u}}), {_LIMIT}))))", 3, "Softplus",
    ),
    Primitive(
        "arcsin", torch.asin, _arcsin_slope, monotone(torch.asin, -1.0, 1.0), sp.asin,
        r"\arcsin\left({u}\right)", "math.asin({u})", "asin({u})", "ASIN({u})", 3, "Asin",
    ),
    Primitive(
        "arccos", torch.acos, lambda u: multiply(Number(-1.0), _arcsin_slope(u)),
        monotone(torch.acos, -1.0, 1.0, falls=True), sp.acos,
        r"\arccos\left({u}\right)", "math.acos({u})", "acos({u})", "ACOS({u})", 3, "Acos",
    ),
    Primitive(
        "arctan", torch.atan, lambda u: divide(ONE, add(ONE, power(u, 2.0))), monotone(torch.atan), sp.atan,
        r"\arctan\left({u}\right)", "math.atan({u})", "atan({u})", "ATAN({u})", 3, "Atan",
    ),
    Primitive(
        "arctanh", _arctanh, lambda u: divide(ONE, subtract(ONE, power(u, 2.0))),
        monotone(_arctanh, math.nextafter(-1.0, 0.0), math.nextafter(1.0, 0.0)), sp.atanh,
        r"\operatorname{{artanh}}\left({u}\right)", "math.atanh({u})", "atanh({u})",
        "(0.5 * LN((1.0 + {u}) / (1.0 - ({u}))))", 3, "Atanh",
    ),
    Primitive(
        "abs", torch.abs, lambda u: subtract(multiply(Number(2.0), Call("step", u)), ONE), intervals.absolute, sp.Abs,
        r"\left|{u}\right|", "abs({u})", "fabs({u})", "ABS({u})", 3, "Abs",
    ),
    Primitive(
        "hinge", _hinge, lambda u: Call("step", u), monotone(_hinge), lambda u: sp.Max(u, 0),
        r"\max\left({u}, 0\right)", "max({u}, 0.0)", "fmax({u}, 0.0)", "GREATEST({u}, 0.0)", 3, "Relu",
    ),
    Primitive(
        "step", _step, lambda _: ZERO, monotone(_step), lambda u: sp.Heaviside(u, sp.Rational(1, 2)),
        r"\theta\left({u}\right)", "(0.5 * ((({u}) > 0.0) - (({u}) < 0.0)) + 0.5)",
        "(0.5 * ((({u}) > 0.0) - (({u}) < 0.0)) + 0.5)", "(0.5 * SIGN({u}) + 0.5)", 3,
    ),
)  # fmt: skip  # a table

PRIMITIVES: Mapping[str, Primitive] = MappingProxyType({one.name: one for one in _TABLE})
