"""The symbolic functions that an edge may be snapped to, in one table.

An edge in symbolic form is φ(x) = c · f(a · x + b) + d with f from `FUNCTIONS`, u = a · x + b, and a, b, c, d
in the unit of the edge's input: a feature's own unit in the first layer, the node's value further on.

Every function is composed of operations whose result for one number does not depend on its place in the
tensor: arithmetic, and PyTorch's exp, log, log1p, sin, cos, tanh, atan. The fused `torch.sigmoid` and
`softplus` are avoided because the last elements of a tensor take another code path and may differ in the last
bit, so that a row's answer would depend on the rows beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import sympy as sp
import torch
from jaxtyping import Float
from torch import Tensor

from kan.errors import InvalidSymbolicForm, UnknownFunction

Elementwise = Callable[[Tensor], Tensor]
Domain = Literal["all", "positive", "nonzero"]
Freedom = Literal["none", "shift", "kink", "scale", "phase", "both"]


@dataclass(frozen=True)
class SymbolicFunction:
    """One function f of the library, with everything that is known about it.

    `domain` names the arguments u for which f and its slope are finite. `freedom` names which of a and b
    change the family c · f(a·x + b) + d that f spans: none, b only ("shift"; "kink" if it moves a corner), a
    only ("scale"), both ("phase" if f is periodic); what does not is absorbed by c and d (3·(2x)² is 12·x²)
    and stays 1 or 0. `mirrored` functions, as f(−u) = ±f(u) or 1 − f(u), need no negative a. `latex` and
    `text` are templates: `{u}` stands for the argument, `{g}` for the argument in brackets if it is a sum or
    product.
    """

    name: str
    value: Elementwise
    slope: Elementwise
    expression: Callable[[sp.Expr], sp.Expr]
    latex: str
    text: str
    complexity: int
    domain: Domain = "all"
    freedom: Freedom = "both"
    mirrored: bool = True

    def evaluate(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return f at every element of `x`."""
        return self.value(x)

    def derivative(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return f′ at every element of `x`; at a kink the mean of both slopes."""
        return self.slope(x)

    def defined_between(self, lower: float, upper: float) -> bool:
        """Return whether f and its slope are finite at every argument from `lower` to `upper`."""
        if self.domain == "positive":
            return lower > 0
        if self.domain == "nonzero":
            return lower > 0 or upper < 0
        return True


def _sigmoid(u: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-u))


def _softplus(u: Tensor) -> Tensor:
    return torch.clamp(u, min=0) + torch.log1p(torch.exp(-torch.abs(u)))


def _gaussian(u: Tensor) -> Tensor:
    return torch.exp(-u * u)


def _sigmoid_slope(u: Tensor) -> Tensor:
    s = _sigmoid(u)
    return s * (1 - s)


def _tanh_slope(u: Tensor) -> Tensor:
    t = torch.tanh(u)
    return 1 - t * t


_TABLE = (
    SymbolicFunction("linear", lambda u: u, torch.ones_like, lambda u: u, "{g}", "{g}", 1, freedom="none"),
    SymbolicFunction(
        "square", lambda u: u * u, lambda u: 2 * u, lambda u: u**2, "{g}^{{2}}", "{g}^2", 2, freedom="shift"
    ),
    SymbolicFunction(
        "cube",
        lambda u: u * u * u,
        lambda u: 3 * u * u,
        lambda u: u**3,
        "{g}^{{3}}",
        "{g}^3",
        3,
        freedom="shift",
    ),
    SymbolicFunction(
        "fourth_power",
        lambda u: (u * u) * (u * u),
        lambda u: 4 * u * u * u,
        lambda u: u**4,
        "{g}^{{4}}",
        "{g}^4",
        3,
        freedom="shift",
    ),
    SymbolicFunction(
        "reciprocal",
        lambda u: 1 / u,
        lambda u: -1 / (u * u),
        lambda u: u**-1,
        r"\frac{{1}}{{{u}}}",
        "{g}^-1",
        2,
        domain="nonzero",
        freedom="shift",
    ),
    SymbolicFunction(
        "reciprocal_square",
        lambda u: 1 / (u * u),
        lambda u: -2 / (u * u * u),
        lambda u: u**-2,
        r"\frac{{1}}{{{g}^{{2}}}}",
        "{g}^-2",
        3,
        domain="nonzero",
        freedom="shift",
    ),
    SymbolicFunction(
        "sqrt",
        torch.sqrt,
        lambda u: 0.5 / torch.sqrt(u),
        sp.sqrt,
        r"\sqrt{{{u}}}",
        "sqrt({u})",
        2,
        domain="positive",
        freedom="shift",
        mirrored=False,
    ),
    SymbolicFunction(
        "log",
        torch.log,
        lambda u: 1 / u,
        sp.log,
        r"\ln\left({u}\right)",
        "log({u})",
        2,
        domain="positive",
        freedom="shift",
        mirrored=False,
    ),
    SymbolicFunction(
        "exp",
        torch.exp,
        torch.exp,
        sp.exp,
        r"\exp\left({u}\right)",
        "exp({u})",
        2,
        freedom="scale",
        mirrored=False,
    ),
    SymbolicFunction("sin", torch.sin, torch.cos, sp.sin, r"\sin\left({u}\right)", "sin({u})", 3, freedom="phase"),
    SymbolicFunction("tanh", torch.tanh, _tanh_slope, sp.tanh, r"\tanh\left({u}\right)", "tanh({u})", 3),
    SymbolicFunction(
        "sigmoid",
        _sigmoid,
        _sigmoid_slope,
        lambda u: 1 / (1 + sp.exp(-u)),
        r"\sigma\left({u}\right)",
        "sigmoid({u})",
        3,
    ),
    SymbolicFunction(
        "softplus",
        _softplus,
        _sigmoid,
        lambda u: sp.log(1 + sp.exp(u)),
        r"\ln\left(1 + \exp\left({u}\right)\right)",
        "softplus({u})",
        3,
        mirrored=False,
    ),
    SymbolicFunction(
        "arctan",
        torch.atan,
        lambda u: 1 / (1 + u * u),
        sp.atan,
        r"\arctan\left({u}\right)",
        "arctan({u})",
        3,
    ),
    SymbolicFunction(
        "gaussian",
        _gaussian,
        lambda u: -2 * u * _gaussian(u),
        lambda u: sp.exp(-(u**2)),
        r"\exp\left(-{g}^{{2}}\right)",
        "exp(-{g}^2)",
        3,
    ),
    SymbolicFunction("abs", torch.abs, torch.sign, sp.Abs, r"\left|{u}\right|", "abs({u})", 3, freedom="kink"),
    SymbolicFunction(
        "hinge",
        lambda u: torch.clamp(u, min=0),
        lambda u: (torch.sign(u) + 1) / 2,
        lambda u: sp.Max(u, 0),
        r"\max\left({u}, 0\right)",
        "max({u}, 0)",
        3,
        freedom="kink",
        mirrored=False,
    ),
)

FUNCTIONS: Mapping[str, SymbolicFunction] = MappingProxyType({entry.name: entry for entry in _TABLE})


@dataclass(frozen=True)
class SymbolicForm:
    """The function c · f(a·x + b) + d of one edge.

    Raises `UnknownFunction` for a name outside the library and `InvalidSymbolicForm` for a number that is not
    finite.
    """

    function: str
    a: float
    b: float
    c: float
    d: float

    def __post_init__(self) -> None:
        """Refuse what could not be evaluated."""
        if self.function not in FUNCTIONS:
            raise UnknownFunction(self.function, tuple(FUNCTIONS))
        for name in ("a", "b", "c", "d"):
            number = getattr(self, name)
            if not math.isfinite(number):
                raise InvalidSymbolicForm(self.function, f"{name} is {number}, not a finite number")

    def evaluate(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return c · f(a·x + b) + d at every element of `x`, in the unit of the edge's output."""
        return self.c * FUNCTIONS[self.function].evaluate(self.a * x + self.b) + self.d

    def derivative(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return c · a · f′(a·x + b) at every element of `x`."""
        return self.c * self.a * FUNCTIONS[self.function].derivative(self.a * x + self.b)

    def defined_between(self, lower: float, upper: float) -> bool:
        """Return whether the form and its slope are finite for every x from `lower` to `upper`."""
        ends = sorted((self.a * lower + self.b, self.a * upper + self.b))
        return FUNCTIONS[self.function].defined_between(ends[0], ends[1])
