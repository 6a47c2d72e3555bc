"""One symbolic form in writing: plain text, LaTeX, SymPy."""

import sympy as sp

from kan.symbolic.library import SymbolicForm
from kan.symbolic.writing import latex, name_latex, sympy_expression, text


def edge_text(form: SymbolicForm, variable: str, digits: int | None = None) -> str:
    """Return the form as text, for example `-0.5*tanh(2.0*age - 3.0) + 1.0`."""
    return text(form.expression, variable, digits)


def edge_latex(form: SymbolicForm, variable: str, digits: int | None = None) -> str:
    """Return the form as LaTeX in math mode; `variable` is plain text and is escaped."""
    return latex(form.expression, name_latex(variable), digits)


def edge_expression(form: SymbolicForm, variable: sp.Expr, digits: int | None = None) -> sp.Expr:
    """Return the form as a SymPy expression of `variable`."""
    return sympy_expression(form.expression, variable, digits)
