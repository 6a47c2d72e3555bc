"""Expressions of one variable x, as trees that cannot do anything but arithmetic.

Every formula is such a tree: the functions of the library, what a person types, a snapped edge. What a tree means for
numbers is in `kan.symbolic.evaluation`, how it is written in `kan.symbolic.writing`, how text becomes one in
`kan.symbolic.grammar`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Operator = Literal["+", "-", "*", "/"]


@dataclass(frozen=True)
class Number:
    """A finite constant."""

    value: float


@dataclass(frozen=True)
class Variable:
    """The variable x."""


@dataclass(frozen=True)
class Operation:
    """Two expressions and what joins them."""

    operator: Operator
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Power:
    """An expression to a constant power."""

    base: Expression
    exponent: float


@dataclass(frozen=True)
class Call:
    """A primitive function of an expression; `name` is a key of `kan.symbolic.primitives.PRIMITIVES`."""

    name: str
    argument: Expression


Expression = Number | Variable | Operation | Power | Call

X = Variable()
ZERO, ONE = Number(0.0), Number(1.0)


def add(left: Expression, right: Expression) -> Expression:
    """Return left + right, without a zero."""
    if left == ZERO:
        return right
    return left if right == ZERO else Operation("+", left, right)


def subtract(left: Expression, right: Expression) -> Expression:
    """Return left − right, without a zero."""
    if right == ZERO:
        return left
    return multiply(Number(-1.0), right) if left == ZERO else Operation("-", left, right)


def multiply(left: Expression, right: Expression) -> Expression:
    """Return left · right, without a one, and zero where one of them is."""
    if ZERO in (left, right):
        return ZERO
    if left == ONE:
        return right
    return left if right == ONE else Operation("*", left, right)


def divide(left: Expression, right: Expression) -> Expression:
    """Return left / right, zero where the left is."""
    return left if left == ZERO or right == ONE else Operation("/", left, right)


def power(base: Expression, exponent: float) -> Expression:
    """Return a power, without the exponents 0 and 1."""
    if exponent == 0:
        return ONE
    return base if exponent == 1 else Power(base, exponent)


def affine(factor: float, expression: Expression, constant: float) -> Expression:
    """Return factor · expression + constant, without what does nothing."""
    return add(multiply(Number(factor), expression), Number(constant))


def children(expression: Expression) -> tuple[Expression, ...]:
    """Return the expressions directly below one."""
    match expression:
        case Operation(_, left, right):
            return left, right
        case Power(base, _):
            return (base,)
        case Call(_, argument):
            return (argument,)
    return ()


def levels(expression: Expression) -> Iterator[list[Expression]]:
    """Yield the expressions of every level of the tree, from the top: no tree is too deep for that."""
    level = [expression]
    while level:
        yield level
        level = [child for one in level for child in children(one)]


def size(expression: Expression) -> int:
    """Return the number of nodes of the tree."""
    return sum(len(level) for level in levels(expression))


def depth(expression: Expression) -> int:
    """Return the number of levels of the tree."""
    return sum(1 for _ in levels(expression))


def substituted(expression: Expression, inner: Expression) -> Expression:
    """Return the expression with `inner` in place of x."""
    match expression:
        case Variable():
            return inner
        case Operation(operator, left, right):
            return Operation(operator, substituted(left, inner), substituted(right, inner))
        case Power(base, exponent):
            return Power(substituted(base, inner), exponent)
        case Call(name, argument):
            return Call(name, substituted(argument, inner))
    return expression
