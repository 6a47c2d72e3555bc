"""Expressions in writing: text that the grammar reads again, LaTeX, SymPy, and the languages of the exports.

Numbers are written with `repr`, so that the text holds the exact double, or with a given count of significant digits.
Names of features come from users: they are escaped, never parsed.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from kan.symbolic.expressions import Call, Expression, Number, Operation, Power, Variable, power
from kan.symbolic.primitives import PRIMITIVES

_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(5)  # how strongly a piece of writing holds together
_ESCAPED = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
}


@dataclass(frozen=True)
class _Style:
    """How the parts of an expression are written for people."""

    number: Callable[[float], str]
    times: str
    divided: Callable[[str, str], str]
    raised: Callable[[str, str], str]
    called: Callable[[str, str], str]
    bracketed: Callable[[str], str]
    fraction_holds: int


def text(expression: Expression, variable: str, digits: int | None = None) -> str:
    """Return the expression as text, for example `-0.5*tanh(2.0*age - 3.0) + 1.0`."""
    style = _Style(
        number=lambda value: number_text(value, digits),
        times="*",
        divided=lambda above, below: f"{above}/{below}",
        raised=lambda base, exponent: f"{base}^{exponent}",
        called=lambda name, argument: f"max({argument}, 0)" if name == "hinge" else f"{name}({argument})",
        bracketed=lambda inner: f"({inner})",
        fraction_holds=_PRODUCT,
    )
    return _written(expression, variable, style)[0]


def latex(expression: Expression, variable: str, digits: int | None = None) -> str:
    """Return the expression as LaTeX in math mode; `variable` is LaTeX already."""
    style = _Style(
        number=lambda value: number_latex(value, digits),
        times=r" \cdot ",
        divided=lambda above, below: rf"\frac{{{above}}}{{{below}}}",
        raised=lambda base, exponent: f"{base}^{{{exponent}}}",
        called=lambda name, argument: PRIMITIVES[name].latex.format(u=argument),
        bracketed=lambda inner: rf"\left({inner}\right)",
        fraction_holds=_ATOM,
    )
    return _written(expression, variable, style)[0]


def _written(expression: Expression, variable: str, style: _Style) -> tuple[str, int]:
    """Return the writing of an expression and how strongly it holds together."""
    match expression:
        case Number(value):
            return style.number(value), _SIGN if math.copysign(1.0, value) < 0 else _ATOM
        case Variable():
            return variable, _ATOM
        case Call(name, argument):
            return style.called(name, _written(argument, variable, style)[0]), _ATOM
        case Power(base, exponent) if exponent < 0 and style.fraction_holds == _ATOM:
            return style.divided("1", _held(power(base, -exponent), variable, style, _SUM)), _ATOM
        case Power(base, exponent):
            written = f"{exponent:.0f}" if exponent.is_integer() else style.number(exponent)
            return style.raised(_held(base, variable, style, _ATOM), written), _POWER
        case Operation("*", Number(-1.0), right):
            return f"-{_held(right, variable, style, _PRODUCT)}", _SIGN
        case Operation("*", left, right):
            parts = (_held(left, variable, style, _PRODUCT), _held(right, variable, style, _POWER))
            return style.times.join(parts), _PRODUCT
        case Operation("/", left, right):
            free = style.fraction_holds == _ATOM
            above = _held(left, variable, style, _SUM if free else _PRODUCT)
            return style.divided(above, _held(right, variable, style, _SUM if free else _POWER)), style.fraction_holds
        case Operation(operator, left, right):
            return _sum(operator, left, right, variable, style), _SUM


def _sum(operator: str, left: Expression, right: Expression, variable: str, style: _Style) -> str:
    first = _held(left, variable, style, _SUM)
    if isinstance(right, Number) and right.value < 0:
        operator, right = "-" if operator == "+" else "+", Number(-right.value)
    return f"{first} {operator} {_held(right, variable, style, _PRODUCT)}"


def _held(expression: Expression, variable: str, style: _Style, strength: int) -> str:
    """Return the writing, in brackets where it does not hold together strongly enough."""
    written, holds = _written(expression, variable, style)
    return written if holds >= strength else style.bracketed(written)


def sympy_expression(expression: Expression, variable: sp.Expr, digits: int | None = None) -> sp.Expr:
    """Return the expression for SymPy; floats carry 17 digits, enough for the exact double."""
    match expression:
        case Number(value):
            return number_expression(value, digits)
        case Variable():
            return variable
        case Power(base, exponent):
            return sympy_expression(base, variable, digits) ** sp.Rational(exponent)
        case Call(name, argument):
            return PRIMITIVES[name].sympy(sympy_expression(argument, variable, digits))
        case Operation(operator, left, right):
            one, other = (sympy_expression(side, variable, digits) for side in (left, right))
            return {"+": one + other, "-": one - other, "*": one * other}[operator] if operator != "/" else one / other


def code(expression: Expression, variable: str, language: str) -> str:
    """Return the expression in "python", "c" or "sql" (that of PostgreSQL), in brackets wherever it may matter."""
    match expression:
        case Number(value):
            return f"({value!r})" if math.copysign(1.0, value) < 0 else repr(value)
        case Variable():
            return variable
        case Power(base, exponent):
            return _power_code(code(base, variable, language), exponent, language)
        case Call(name, argument):
            template: str = getattr(PRIMITIVES[name], language)
            return template.format(u=code(argument, variable, language))
        case Operation(operator, left, right):
            return f"({code(left, variable, language)} {operator} {code(right, variable, language)})"


def _power_code(base: str, exponent: float, language: str) -> str:
    if language == "python":
        return f"({base})**({int(exponent) if exponent.is_integer() else exponent!r})"
    return f"{'pow' if language == 'c' else 'POWER'}({base}, {exponent!r})"


def number_text(value: float, digits: int | None = None) -> str:
    """Return the number as text: exact, or with `digits` significant digits."""
    return repr(value) if digits is None else f"{value:.{digits}g}"


def number_latex(value: float, digits: int | None = None) -> str:
    """Return the number as LaTeX, a power of ten instead of an exponent."""
    mantissa, _, exponent = number_text(value, digits).partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def number_expression(value: float, digits: int | None = None) -> sp.Expr:
    """Return the number for SymPy; whole numbers of small size as integers, so that 1·x is x."""
    written = number_text(value, digits)
    if float(written).is_integer() and abs(value) < 1000:
        return sp.Integer(int(float(written)))
    return sp.Float(written, 17)


def name_latex(name: str) -> str:
    """Return a feature's name as upright LaTeX text; control characters become spaces."""
    shown = "".join(_ESCAPED.get(letter, letter if letter.isprintable() else " ") for letter in name)
    return rf"\text{{{shown}}}"
