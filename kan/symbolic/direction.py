"""Proofs that an expression rises, falls, or bends one way on an interval: nothing is sampled.

First by composition: a rising function of a rising argument rises, whatever its slope does, at steps and roots too.
Where that decides nothing, by bounds of the derivative on small pieces: all that an expression can go down is the sum
of the piece lengths times the lowest slope on each (R. Moore, "Interval Analysis", 1966, on bisection).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from kan.constraints import CONCAVE, CONVEX, DECREASING, INCREASING
from kan.symbolic.evaluation import bounds, derivative, may_jump
from kan.symbolic.expressions import Call, Expression, Number, Operation, Power, Variable
from kan.symbolic.intervals import Interval

RISING = frozenset(
    ("exp", "log", "sqrt", "tan", "tanh", "sigmoid", "softplus", "arcsin", "arctan", "arctanh", "hinge", "step")
)
PIECES, MOST_PIECES = 64, 4096  # with which a proof by slopes begins, and with which it gives up
SLACK = 1e-12  # share of the largest value by which rounding may move against a direction


def direction(expression: Expression, x: Interval) -> int | None:
    """Return 1 where an expression never falls on an interval, −1 where it never rises, 0 for a constant, else None.

    It must be defined on the interval.
    """
    match expression:
        case Number():
            return 0
        case Variable():
            return 1
        case Operation("+", left, right):
            return _both(direction(left, x), direction(right, x))
        case Operation("-", left, right):
            return _both(direction(left, x), _times(-1, direction(right, x)))
        case Operation("*", left, right):
            moves = direction(left, x), direction(right, x)
            return _both(_times(_sign(right, x), moves[0]), _times(_sign(left, x), moves[1]))
        case Operation(_, left, right):
            moves = direction(left, x), direction(right, x)
            return _both(_times(_sign(right, x), moves[0]), _times(_times(-1, _sign(left, x)), moves[1]))
        case Power(base, exponent):
            return _times(_power_direction(base, exponent, x), direction(base, x))
        case Call(name, argument):
            return _times(_call_direction(name, argument, x), direction(argument, x))


def _power_direction(base: Expression, exponent: float, x: Interval) -> int | None:
    falls = -1 if exponent < 0 else 1
    is_even = exponent.is_integer() and int(exponent) % 2 == 0
    return _times(falls, _sign(base, x)) if is_even else falls


def _call_direction(name: str, argument: Expression, x: Interval) -> int | None:
    if name in RISING:
        return 1
    match name:
        case "arccos":
            return -1
        case "abs":
            return _sign(argument, x)
        case "sin":
            return _sign(Call("cos", argument), x)
        case "cos":
            return _times(-1, _sign(Call("sin", argument), x))
    return None


def _sign(expression: Expression, x: Interval) -> int | None:
    """Return 1 where an expression is nowhere below 0, −1 where nowhere above, 0 where it is 0, None if not known."""
    lower, upper = bounds(expression, x).hull()
    if lower == upper == 0:
        return 0
    return 1 if lower >= 0 else -1 if upper <= 0 else None


def _times(one: int | None, other: int | None) -> int | None:
    if 0 in (one, other):
        return 0
    return None if one is None or other is None else one * other


def _both(one: int | None, other: int | None) -> int | None:
    """Return the direction of a sum of two terms."""
    if one == 0:
        return other
    return one if other in (0, one) else None


def has_shape(expression: Expression, shape: int, lower: float, upper: float) -> bool:
    """Return whether an expression is proved to have a shape (`kan.constraints`) from `lower` to `upper`.

    It must be defined there. What it goes against a direction in all is less than the rounding of its values.
    """
    if shape == 0:
        return True
    if shape & (CONVEX | CONCAVE) and bool(may_jump(expression, _single(lower, upper))):
        return False
    slope = derivative(expression)
    wanted = {INCREASING: (expression, 1), DECREASING: (expression, -1), CONVEX: (slope, 1), CONCAVE: (slope, -1)}
    return all(_goes(one, sign, lower, upper) for flag, (one, sign) in wanted.items() if shape & flag)


def _goes(expression: Expression, sign: int, lower: float, upper: float) -> bool:
    ends = torch.linspace(lower, upper, PIECES + 1, dtype=torch.float64)
    if direction(expression, _single(lower, upper)) in (0, sign):
        return True
    slack = SLACK * float(bounds(expression, Interval(ends, ends)).lower.abs().nan_to_num().max())
    slope, pieces, settled = derivative(expression), Interval(ends[:-1], ends[1:]), 0.0
    while len(pieces.lower) <= MOST_PIECES:
        known = bounds(slope, pieces)
        lowest, highest = (known.lower, known.upper) if sign > 0 else (-known.upper, -known.lower)
        lengths = pieces.upper - pieces.lower
        if bool((highest * lengths < -slack).any()):
            return False  # it goes the other way somewhere
        moved = (-lowest * lengths).clamp(min=0).nan_to_num(nan=torch.inf)
        moved[may_jump(expression, pieces)] = torch.inf
        open_pieces = moved > slack / MOST_PIECES
        settled += float(moved[~open_pieces].sum())
        if not bool(open_pieces.any()):
            return settled <= slack
        pieces = _halved(pieces.lower[open_pieces], pieces.upper[open_pieces])
        if bool((pieces.lower >= pieces.upper).any()):
            return False  # no shorter pieces exist, such as around a step
    return False


def _single(lower: float, upper: float) -> Interval:
    return Interval(torch.tensor(lower, dtype=torch.float64), torch.tensor(upper, dtype=torch.float64))


def _halved(lower: Float[Tensor, " pieces"], upper: Float[Tensor, " pieces"]) -> Interval:
    middle = lower / 2 + upper / 2
    return Interval(torch.cat([lower, middle]), torch.cat([middle, upper]))
