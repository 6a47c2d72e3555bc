"""Formulas made shorter, only where that is proved to change nothing, and numbers rounded for people.

No step of the search can take long: what would become too large is not expanded. The answer depends on no clock.
A shorter form counts as equal when it has the same value at random points of the domain, computed with 50 digits from
the exact numbers of the formula; a wrong identity has other values almost everywhere (J. T. Schwartz, "Fast
Probabilistic Algorithms for Verification of Polynomial Identities", 1980).
"""

import math
import random
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

import sympy as sp
from sympy.core.function import AppliedUndef

from kan.ranges import Range
from kan.symbolic.writing import number_expression

LARGEST_SIZE = 1000  # operations of a formula that is looked at
MOST_TERMS = 500  # that an expansion may have
POINTS, DIGITS = 5, 50  # at which two forms are compared, with how many digits
EQUAL = sp.Float("1e-30", DIGITS)  # relative difference of forms that are equal
EXACT_DIGITS = 80  # of numbers while forms change: more than any double has in front of what a form may cancel
SHOWN_DIGITS = 17  # enough for the exact double
FAMILIAR = 1e-9  # relative difference of a number that is shown as a fraction or as a multiple of π
LARGEST_DENOMINATOR, LARGEST_NUMERATOR = 12, 1000


def shortened(expression: sp.Expr, domains: Mapping[sp.Symbol, Range]) -> sp.Expr:
    """Return the shortest equal form that was found, or the expression itself; its numbers are doubles again.

    Rules that need a positive symbol are used for those whose domain is.
    """
    if _size(expression) > LARGEST_SIZE:
        return expression
    signed = {symbol: sp.Dummy(symbol.name, **_assumptions(domain)) for symbol, domain in domains.items()}
    exact = expression.xreplace({number: _exact(number) for number in expression.atoms(sp.Float)}).xreplace(signed)
    within = {signed[symbol]: domain for symbol, domain in domains.items()}
    shorter = sorted((form for form in _forms(exact) if _size(form) < _size(exact)), key=_size)
    for form in shorter:
        if _is_equal(exact, form, within):
            named = form.xreplace({dummy: symbol for symbol, dummy in signed.items()})
            return named.xreplace({number: sp.Float(number, SHOWN_DIGITS) for number in named.atoms(sp.Float)})
    return expression


def _size(expression: sp.Expr) -> int:
    return int(sp.count_ops(expression)) + len(expression.atoms(sp.Number))


def _assumptions(domain: Range) -> dict[str, bool]:
    return {"positive": True} if domain[0] > 0 else {"negative": True} if domain[1] < 0 else {"real": True}


def _exact(number: sp.Float) -> sp.Float:
    return sp.Float(sp.Rational(float(number)), EXACT_DIGITS)


def _forms(expression: sp.Expr) -> Iterator[sp.Expr]:
    """Yield other ways to write an expression."""
    yield from _regrouped(expression)
    if _terms(expression) <= MOST_TERMS:
        expanded = sp.expand(expression, power_base=False, power_exp=False, log=False)
        yield expanded
        yield from _regrouped(expanded)


def _regrouped(expression: sp.Expr) -> Iterator[sp.Expr]:
    if _size(expression) > LARGEST_SIZE:
        return
    symbols = sorted(expression.free_symbols, key=str)
    for step in (sp.powsimp, sp.factor_terms, lambda one: sp.logcombine(sp.powsimp(one))):
        yield step(expression)
    yield sp.collect(expression, symbols)


def _terms(expression: sp.Expr) -> int:
    """Return a bound of the terms that an expression has, with all of its parts, once it is expanded."""
    parts = [_terms(one) for one in expression.args]
    if expression.is_Add:
        return min(sum(parts), MOST_TERMS + 1)
    if expression.is_Pow and expression.exp.is_Integer:
        parts = [parts[0]] * min(abs(int(expression.exp)), MOST_TERMS)
    product = 1
    for part in parts:
        product = min(product * part, MOST_TERMS + 1)
    return product


def _is_equal(one: sp.Expr, other: sp.Expr, domains: Mapping[sp.Symbol, Range]) -> bool:
    """Return whether two expressions have the same real value at random points; for any unknown functions in them."""
    chance = random.Random(0)  # noqa: S311  # draws points, keeps no secret
    pair = [_without_unknown(expression) for expression in (one, other)]
    for _ in range(POINTS):
        point = {symbol: sp.Float(sp.Rational(chance.uniform(*ends)), EXACT_DIGITS) for symbol, ends in domains.items()}
        first, second = (expression.xreplace(point).evalf(DIGITS) for expression in pair)
        if not (first.is_Float or first.is_Integer) or not (second.is_Float or second.is_Integer):
            return False
        if abs(first - second) > EQUAL * max(abs(first), abs(second)):
            return False
    return True


def _without_unknown(expression: sp.Expr) -> sp.Expr:
    """Return the expression with some known function in place of every unknown one."""
    names = sorted({str(one.func) for one in expression.atoms(AppliedUndef)})
    for name in names:
        chance = random.Random(name)  # noqa: S311  # the same function for the same name
        factor, shift = (sp.Rational(chance.randint(1, 99), 100) for _ in range(2))
        expression = expression.replace(sp.Function(name), _wave(factor, shift))
    return expression


def _wave(factor: sp.Rational, shift: sp.Rational) -> Callable[[sp.Expr], sp.Expr]:
    return lambda argument: sp.atan(factor * argument + shift) + 2


def rounded(expression: sp.Expr, digits: int) -> sp.Expr:
    """Return the expression for people: every number with so many digits, or as a simple fraction or multiple of π."""
    numbers = {one for one in expression.atoms(sp.Float, sp.Rational) if one.is_Float or one.q > LARGEST_DENOMINATOR}
    return expression.xreplace({number: _shown(float(number), digits) for number in numbers})


def _shown(value: float, digits: int) -> sp.Expr:
    near = number_expression(value, digits)
    if _is_near(float(near), value):
        return near
    for unit in (sp.Integer(1), sp.pi):
        share = Fraction(value / float(unit)).limit_denominator(LARGEST_DENOMINATOR)
        if abs(share.numerator) <= LARGEST_NUMERATOR and _is_near(float(share) * float(unit), value):
            return sp.Rational(share.numerator, share.denominator) * unit
    return near


def _is_near(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=FAMILIAR)
