"""The functions that an edge may be snapped to, and the form that it then has.

An edge in symbolic form is φ(x) = c · f(a · x + b) + d with u = a · x + b, and a, b, c, d in the unit of the edge's
input: a feature's own unit in the first layer, the node's value further on. f is a function of `FUNCTIONS`, or any
formula of x that the grammar reads: whoever needs another function writes it as text, never as code.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from kan.errors import InvalidFormula, InvalidSymbolicForm, UnknownFunction
from kan.symbolic import expressions as ex
from kan.symbolic.evaluation import bounds_between, complexity, derivative, evaluate
from kan.symbolic.expressions import (
    ONE,
    Call,
    Expression,
    Number,
    Operation,
    Power,
    X,
    affine,
    depth,
    size,
    substituted,
)
from kan.symbolic.grammar import parse
from kan.symbolic.intervals import Interval
from kan.symbolic.primitives import PRIMITIVES
from kan.symbolic.writing import text

Domain = Literal["all", "positive", "nonzero", "unit", "turn", "some"]
Freedom = Literal["none", "shift", "kink", "jump", "scale", "phase", "both"]
Parameter = Literal["a", "b", "c", "d"]

PARAMETERS: tuple[Parameter, ...] = ("a", "b", "c", "d")
#: What a refit may change: what neither c nor the bias of the node could do as well.
FREE: Mapping[Freedom, tuple[Parameter, ...]] = MappingProxyType(
    {
        "none": ("c",),
        "shift": ("b", "c"),
        "kink": ("b", "c"),
        "jump": ("c",),
        "scale": ("a", "c"),
        "phase": ("a", "b", "c"),
        "both": ("a", "b", "c"),
    }
)
PIECES = 64  # of a domain on which a formula must be proved to be defined
EVERYWHERE = 300.0  # a function that is defined up to here, where exp is far from overflow, is defined everywhere
LARGEST_DERIVATIVE, MOST_LEVELS = 2000, 200  # parts of a derivative of a formula, and those inside each other


@dataclass(frozen=True)
class SymbolicFunction:
    """One function f with everything that is known about it.

    `domain` names the arguments u for which f and its slope are finite: all, positive, nonzero, inside (−1, 1)
    ("unit"), between two poles of the tangent ("turn"), or only some. `freedom` names which of a and b change the
    family c · f(a·x + b) + d that f spans: none, b only ("shift"; "kink" if it moves a corner, "jump" a step), a only
    ("scale"), both ("phase" if f is periodic); what does not is absorbed by c and d (3·(2x)² is 12·x²) and stays 1 or
    0. `mirrored` functions, as f(−u) = ±f(u) or 1 − f(u), need no negative a. Functions that are not `automatic` are
    used by hand only: they span what another one does.
    """

    name: str
    expression: Expression
    complexity: int
    domain: Domain = "all"
    freedom: Freedom = "both"
    mirrored: bool = True
    automatic: bool = True

    @cached_property
    def slope(self) -> Expression:
        """The derivative."""
        return derivative(self.expression)

    @cached_property
    def bend(self) -> Expression:
        """The second derivative."""
        return derivative(self.slope)

    def evaluate(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return f at every element of `x`."""
        return evaluate(self.expression, x)

    def derivative(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return f′ at every element of `x`; at a kink the mean of both slopes."""
        return evaluate(self.slope, x)

    def second_derivative(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return f″ at every element of `x`."""
        return evaluate(self.bend, x)

    def bounds_between(self, lower: float, upper: float) -> tuple[Interval, Interval]:
        """Return proved bounds of f and of its slope from `lower` to `upper`, piece by piece."""
        pieces = 1 if self.name in FUNCTIONS else PIECES
        return bounds_between(self.expression, lower, upper, pieces), bounds_between(self.slope, lower, upper, pieces)

    def defined_between(self, lower: float, upper: float) -> bool:
        """Return whether f and its slope are proved to be finite at every argument from `lower` to `upper`."""
        return all(one.is_defined for one in self.bounds_between(lower, upper))


def _power(name: str, exponent: float, complexity: int, domain: Domain = "all") -> SymbolicFunction:
    return SymbolicFunction(
        name, Power(X, exponent), complexity, domain, freedom="shift", mirrored=exponent.is_integer()
    )


def _primitive(name: str, domain: Domain = "all", freedom: Freedom = "both", **facts: bool) -> SymbolicFunction:
    return SymbolicFunction(name, Call(name, X), PRIMITIVES[name].complexity, domain, freedom, **facts)


_TABLE = (
    SymbolicFunction("constant", ONE, 0, freedom="none", automatic=False),
    SymbolicFunction("linear", X, 1, freedom="none"),
    _power("square", 2.0, 2),
    _power("cube", 3.0, 3),
    _power("fourth_power", 4.0, 3),
    _power("fifth_power", 5.0, 4),
    SymbolicFunction("rising_cubic", ex.add(Power(X, 3.0), X), 4),
    SymbolicFunction("turning_cubic", ex.subtract(Power(X, 3.0), X), 4),
    _power("reciprocal", -1.0, 2, "nonzero"),
    _power("reciprocal_square", -2.0, 3, "nonzero"),
    _power("reciprocal_cube", -3.0, 4, "nonzero"),
    _power("reciprocal_fourth", -4.0, 4, "nonzero"),
    _power("reciprocal_fifth", -5.0, 5, "nonzero"),
    _power("three_halves_power", 1.5, 3, "positive"),
    _power("reciprocal_sqrt", -0.5, 3, "positive"),
    _primitive("sqrt", "positive", "shift", mirrored=False),
    _primitive("log", "positive", "shift", mirrored=False),
    _primitive("exp", freedom="scale", mirrored=False),
    _primitive("sin", freedom="phase"),
    _primitive("cos", freedom="phase", automatic=False),
    _primitive("tan", "turn"),
    _primitive("tanh"),
    _primitive("sigmoid", automatic=False),
    _primitive("softplus", mirrored=False),
    _primitive("arcsin", "unit"),
    _primitive("arccos", "unit", automatic=False),
    _primitive("arctan"),
    _primitive("arctanh", "unit"),
    SymbolicFunction("gaussian", Call("exp", Operation("*", Number(-1.0), Power(X, 2.0))), 3),
    _primitive("abs", freedom="kink"),
    _primitive("hinge", freedom="kink", mirrored=False),
    _primitive("step", freedom="jump"),
)

FUNCTIONS: Mapping[str, SymbolicFunction] = MappingProxyType({entry.name: entry for entry in _TABLE})
_NAMED: Mapping[str, Expression] = MappingProxyType({entry.name: entry.expression for entry in _TABLE})


@lru_cache(maxsize=1024)
def function_of(name: str) -> SymbolicFunction:
    """Return the function of a name of the library, or of a formula of x such as `"log(1 + x^2)"`.

    A formula may use the functions of the library. Its own name, the formula written out, means the same function.
    Raises UnknownFunction, InvalidFormula.
    """
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    if name.isidentifier() and name != "x":
        raise UnknownFunction(name, tuple(FUNCTIONS))
    written = text(parse(name, _NAMED), "x")
    try:
        expression = parse(written, _NAMED)
    except InvalidFormula as error:
        raise InvalidFormula(name, 0, f"with its functions written out, {error.reason}") from error
    everywhere = bounds_between(expression, -EVERYWHERE, EVERYWHERE, PIECES)
    domain: Domain = "all" if everywhere.is_defined else "some"
    function = SymbolicFunction(written, expression, complexity(expression), domain, mirrored=False)
    if _is_long(function.slope) or _is_long(function.bend):
        raise InvalidFormula(name, 0, "its derivatives are too long")
    return function


def _is_long(expression: Expression) -> bool:
    return size(expression) > LARGEST_DERIVATIVE or depth(expression) > MOST_LEVELS


@dataclass(frozen=True)
class SymbolicForm:
    """The function c · f(a·x + b) + d of one edge; a refit leaves the parameters named in `fixed` as they are.

    Raises `UnknownFunction` or `InvalidFormula` for a function that there is not, and `InvalidSymbolicForm` for a
    number that is not finite or a parameter that there is not.
    """

    function: str
    a: float
    b: float
    c: float
    d: float
    fixed: tuple[Parameter, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what could not be evaluated."""
        function_of(self.function)
        for name in PARAMETERS:
            number = getattr(self, name)
            if not math.isfinite(number):
                raise InvalidSymbolicForm(self.function, f"{name} is {number}, not a finite number")
        for name in self.fixed:
            if name not in PARAMETERS:
                raise InvalidSymbolicForm(self.function, f"there is no parameter {name!r} to fix, only a, b, c, d")

    @property
    def free(self) -> tuple[Parameter, ...]:
        """The parameters that a refit may change; d is left to the bias of the node."""
        return tuple(name for name in FREE[function_of(self.function).freedom] if name not in self.fixed)

    @property
    def expression(self) -> Expression:
        """The form as an expression of the edge's input."""
        inner = substituted(function_of(self.function).expression, affine(self.a, X, self.b))
        return affine(self.c, inner, self.d)

    @property
    def complexity(self) -> int:
        """The complexity of its function."""
        return function_of(self.function).complexity

    def evaluate(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return c · f(a·x + b) + d at every element of `x`, in the unit of the edge's output."""
        return self.c * function_of(self.function).evaluate(self.a * x + self.b) + self.d

    def derivative(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return c · a · f′(a·x + b) at every element of `x`."""
        return self.c * self.a * function_of(self.function).derivative(self.a * x + self.b)

    def defined_between(self, lower: float, upper: float) -> bool:
        """Return whether the form and its slope are proved to be finite for every x from `lower` to `upper`."""
        ends = sorted((self.a * lower + self.b, self.a * upper + self.b))
        value, slope = function_of(self.function).bounds_between(ends[0], ends[1])
        if not (value.is_defined and slope.is_defined):
            return False
        # Twice the largest product is beyond the rounding of every number that is computed on the way.
        a, c = abs(self.a), abs(self.c)
        steepest = 2 * a * slope.largest
        return all(map(math.isfinite, (2 * c * value.largest + abs(self.d), steepest, c * steepest, a * c)))
