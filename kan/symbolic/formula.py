"""One symbolic form in writing: plain text, LaTeX, SymPy.

Numbers are written with `repr`, so that the text holds the exact double, or with a given count of significant
digits. Names of features come from users: they are escaped, never parsed.
"""

from collections.abc import Callable

import sympy as sp

from kan.symbolic.library import FUNCTIONS, SymbolicForm

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


def edge_text(form: SymbolicForm, variable: str, digits: int | None = None) -> str:
    """Return the form as text, for example `-0.5*tanh(2.0*age - 3.0) + 1.0`."""
    inner = _affine(form.a, variable, form.b, "*", lambda value: number_text(value, digits))
    grouped = inner if inner == variable else f"({inner})"
    outer = FUNCTIONS[form.function].text.format(u=inner, g=grouped)
    return _affine(form.c, outer, form.d, "*", lambda value: number_text(value, digits))


def edge_latex(form: SymbolicForm, variable: str, digits: int | None = None) -> str:
    """Return the form as LaTeX in math mode; `variable` is plain text and is escaped."""
    name = name_latex(variable)
    inner = _affine(form.a, name, form.b, r" \cdot ", lambda value: number_latex(value, digits))
    grouped = inner if inner == name else rf"\left({inner}\right)"
    outer = FUNCTIONS[form.function].latex.format(u=inner, g=grouped)
    return _affine(form.c, outer, form.d, r" \cdot ", lambda value: number_latex(value, digits))


def edge_expression(form: SymbolicForm, variable: sp.Expr, digits: int | None = None) -> sp.Expr:
    """Return the form as a SymPy expression of `variable`; floats carry 17 digits, enough for the exact
    double.
    """
    a, b, c, d = (number_expression(value, digits) for value in (form.a, form.b, form.c, form.d))
    return c * FUNCTIONS[form.function].expression(a * variable + b) + d


def number_text(value: float, digits: int | None = None) -> str:
    """Return the number as text: exact, or with `digits` significant digits."""
    return repr(value) if digits is None else f"{value:.{digits}g}"


def number_latex(value: float, digits: int | None = None) -> str:
    """Return the number as LaTeX, a power of ten instead of an exponent."""
    mantissa, _, exponent = number_text(value, digits).partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def number_expression(value: float, digits: int | None = None) -> sp.Expr:
    """Return the number for SymPy; whole numbers of small size as integers, so that 1·x is x."""
    text = number_text(value, digits)
    if float(text).is_integer() and abs(value) < 1000:
        return sp.Integer(int(float(text)))
    return sp.Float(text, 17)


def name_latex(name: str) -> str:
    """Return a feature's name as upright LaTeX text; control characters become spaces."""
    shown = "".join(_ESCAPED.get(letter, letter if letter.isprintable() else " ") for letter in name)
    return rf"\text{{{shown}}}"


def _affine(factor: float, term: str, constant: float, times: str, number: Callable[[float], str]) -> str:
    """Return `factor · term + constant` without what does nothing: factors 1 and −1, the constant 0."""
    if factor == 1:
        product = term
    elif factor == -1:
        product = f"-{term}"
    else:
        product = f"{number(factor)}{times}{term}"
    if constant == 0:
        return product
    return f"{product} {'+' if constant > 0 else '-'} {number(abs(constant))}"
