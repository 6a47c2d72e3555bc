"""What an expression means: its value, its derivative, and bounds over whole intervals.

Bounds are those of the natural interval extension (R. Moore, "Interval Analysis", 1966): never too narrow, exact where
x occurs once, and the tighter the shorter the intervals are.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from kan.symbolic import intervals
from kan.symbolic.expressions import (
    ONE,
    ZERO,
    Call,
    Expression,
    Number,
    Operation,
    Power,
    Variable,
    add,
    children,
    divide,
    multiply,
    power,
    subtract,
)
from kan.symbolic.intervals import Interval
from kan.symbolic.primitives import PRIMITIVES

POWER_COMPLEXITY = 2  # of a power; a sum or product counts 1, x and numbers nothing


def evaluate(expression: Expression, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return the value at every element of `x`; what is not defined is NaN or infinite."""
    match expression:
        case Number(value):
            return _filled(value, x)
        case Variable():
            return x
        case Operation(operator, left, right):
            return _operated(operator, _operand(left, x), _operand(right, x), x)
        case Power(base, exponent):
            return _powered(evaluate(base, x), exponent)
        case Call(name, argument):
            return PRIMITIVES[name].value(evaluate(argument, x))


def _operand(expression: Expression, x: Tensor) -> Tensor | float:
    return expression.value if isinstance(expression, Number) else evaluate(expression, x)


def _filled(value: float, like: Tensor) -> Tensor:
    """Return a number everywhere, infinite where the type of `like` holds no number as large."""
    return torch.ones_like(like) * value


def _operated(operator: str, left: Tensor | float, right: Tensor | float, like: Tensor) -> Tensor:
    if not isinstance(left, Tensor):
        left = _filled(left, like)  # PyTorch divides a number by way of the reciprocal, which rounds twice
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
    return left / right


def _powered(u: Tensor, exponent: float) -> Tensor:
    """Return a power by products and roots, whose bits do not depend on the place; else by exp and log."""
    if exponent < 0:
        return 1 / _powered(u, -exponent)
    whole, rest = divmod(exponent, 1.0)
    if rest not in (0.0, 0.5):
        return torch.exp(exponent * torch.log(u))
    result, square, left = (torch.sqrt(u) if rest else None), u, int(whole)
    while left:
        if left & 1:
            result = square if result is None else result * square
        square, left = square * square, left >> 1
    return torch.ones_like(u) if result is None else result


def derivative(expression: Expression) -> Expression:
    """Return the derivative with respect to x; at a kink it is the mean of both slopes."""
    match expression:
        case Variable():
            return ONE
        case Operation("+", left, right):
            return add(derivative(left), derivative(right))
        case Operation("-", left, right):
            return subtract(derivative(left), derivative(right))
        case Operation("*", left, right):
            return add(multiply(derivative(left), right), multiply(left, derivative(right)))
        case Operation("/", left, right):
            turned = divide(multiply(left, derivative(right)), power(right, 2.0))
            return subtract(divide(derivative(left), right), turned)
        case Power(base, exponent):
            return multiply(multiply(Number(exponent), power(base, exponent - 1)), derivative(base))
        case Call(name, argument):
            return multiply(PRIMITIVES[name].slope(argument), derivative(argument))
    return ZERO


def bounds(expression: Expression, x: Interval) -> Interval:
    """Return bounds of the value over every interval; NaN where it may be undefined."""
    match expression:
        case Number(value):
            return intervals.constant(value, x.lower)
        case Variable():
            return x
        case Operation(operator, left, right):
            return _joined(operator, bounds(left, x), bounds(right, x))
        case Power(base, exponent):
            return _power_bounds(bounds(base, x), exponent)
        case Call(name, argument):
            return PRIMITIVES[name].bounds(bounds(argument, x))


def _joined(operator: str, left: Interval, right: Interval) -> Interval:
    match operator:
        case "+":
            return intervals.add(left, right)
        case "-":
            return intervals.subtract(left, right)
        case "*":
            return intervals.multiply(left, right)
    return intervals.divide(left, right)


def _power_bounds(base: Interval, exponent: float) -> Interval:
    if exponent < 0:
        return intervals.reciprocal(_power_bounds(base, -exponent))
    if exponent.is_integer():
        return intervals.integer_power(base, int(exponent))
    rising = intervals.monotone(lambda end: _powered(end, exponent), 0.0, rounding=intervals.POWER_ROUNDING)
    return rising(base)


def may_jump(expression: Expression, x: Interval) -> Bool[Tensor, "*shape"]:
    """Return in which intervals a step may lie, whose derivative tells nothing of its height."""
    found = torch.zeros_like(x.lower, dtype=torch.bool)
    for one in children(expression):
        found |= may_jump(one, x)
    if isinstance(expression, Call) and expression.name == "step":
        argument = bounds(expression.argument, x)
        found |= ~((argument.lower > 0) | (argument.upper < 0))
    return found


def bounds_between(expression: Expression, lower: float, upper: float, pieces: int = 1) -> Interval:
    """Return bounds over even pieces of [lower, upper]."""
    ends = torch.linspace(lower, upper, pieces + 1, dtype=torch.float64)
    return bounds(expression, Interval(ends[:-1], ends[1:]))


def complexity(expression: Expression) -> int:
    """Return a measure of length: functions by their own weight, 2 a power, 1 a sum or product, x and numbers 0."""
    own = 0
    match expression:
        case Operation():
            own = 1
        case Power():
            own = POWER_COMPLEXITY
        case Call(name, _):
            own = PRIMITIVES[name].complexity
    return own + sum(complexity(one) for one in children(expression))
