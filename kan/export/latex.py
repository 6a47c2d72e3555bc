"""A model as an article of LaTeX: the equations of all nodes and edges, tables of categories and of polynomials.

Names of users are escaped. Letters beyond the Latin ones need LuaLaTeX or XeLaTeX.
"""

import math
from collections.abc import Iterable, Sequence

from kan.export.pieces import Edge, NumericNode, Pieces, SplineCurve
from kan.features import CategoricalFeature, NumericFeature
from kan.symbolic.library import SymbolicForm
from kan.symbolic.writing import latex, name_latex, number_latex

_BEGIN = r"""\documentclass{article}
\usepackage[margin=2cm]{geometry}
\usepackage{amsmath}
\usepackage{longtable}
\usepackage{iftex}
\ifPDFTeX\usepackage[T1]{fontenc}\fi
\allowdisplaybreaks
\setlength{\parindent}{0pt}
\begin{document}
"""
_BASES = {"silu": r"\frac{u}{1 + \exp\left(-u\right)}", "identity": "u"}
_RESPONSES = {
    "identity": "{z}",
    "exp": r"\exp\left({z}\right)",
    "sigmoid": r"\frac{{1}}{{1 + \exp\left(-{z}\right)}}",
    "softmax": r"\frac{{\exp\left({z}\right)}}{{\sum_j \exp\left({any}\right)}}",
}


def latex_article(pieces: Pieces, digits: int | None) -> str:
    """Return the text of the article; `digits` rounds every number to so many significant digits."""
    article = _Article(pieces, digits)
    body = [
        f"% digest {pieces.digest or 'not given'}",
        rf"\section*{{{name_latex(pieces.target)}}}",
        article.inputs(),
        r"\subsection*{Nodes}",
        *article.nodes(),
        r"\subsection*{Edges}",
        r"Outside its domain every edge continues as a line, with the slope that it has at the border.",
        *(article.edge(edge) for edge in pieces.edges),
    ]
    return _BEGIN + "\n\n".join(body) + "\n\n\\end{document}\n"


class _Article:
    def __init__(self, pieces: Pieces, digits: int | None) -> None:
        self.pieces, self.digits = pieces, digits

    def number(self, value: float) -> str:
        return number_latex(value, self.digits) if math.isfinite(value) else r"\text{not finite}"

    def variable(self, node: int) -> str:
        """Return a feature's name, or x with the layer and the place of a node."""
        if node < len(self.pieces.features):
            return name_latex(self.pieces.features[node].name)
        layer = next(one for one in range(len(self.pieces.shape)) if node in self.pieces.nodes_of(one))
        return f"x_{{{layer},{node - self.pieces.nodes_of(layer)[0]}}}"

    def inputs(self) -> str:
        rows = []
        for position, feature in enumerate(self.pieces.features):
            about = "category" if isinstance(feature, CategoricalFeature) else self.measured(feature)
            rows.append((str(position), name_latex(feature.name), about))
        return _table("lll", ("", "feature", ""), rows)

    def measured(self, feature: NumericFeature) -> str:
        unit = f" {name_latex(feature.unit)}" if feature.unit else ""
        gaps = ", may be missing" if feature.has_missing else ""
        return f"${self.number(feature.lower)}$ to ${self.number(feature.upper)}${unit}{gaps}"

    def nodes(self) -> list[str]:
        """Return the sum of every node behind the features, and the response of every output."""
        found = []
        for node in range(len(self.pieces.features), sum(self.pieces.shape)):
            terms = [self.number(self.pieces.biases[node - len(self.pieces.features)])]
            terms += [
                f"{_phi(edge)}({self.variable(edge.source)})" for edge in self.pieces.edges if edge.target == node
            ]
            lines = " \\\\\n    &+ ".join(terms)
            found.append(f"\\begin{{align*}}\n  {self.variable(node)} &= {lines}\n\\end{{align*}}")
        layer = len(self.pieces.shape) - 1
        for node, name in zip(self.pieces.outputs, self.pieces.output_names, strict=True):
            response = _RESPONSES[self.pieces.response].format(z=self.variable(node), any=f"x_{{{layer},j}}")
            found.append(f"\\[ {name_latex(name)} = {response} \\]")
        return found

    def edge(self, edge: Edge) -> str:
        x = self.variable(edge.source)
        if isinstance(edge.curve, tuple):
            return self.categories(edge, edge.curve)
        node = self.pieces.nodes[edge.source]
        assert isinstance(node, NumericNode)  # only tables start at categories  # noqa: S101
        lower, upper = (self.number(slope) for slope in edge.slopes)
        facts = [
            f"domain ${self.number(node.lower)} \\le {x} \\le {self.number(node.upper)}$",
            f"slope ${lower}$ below it and ${upper}$ above",
        ]
        if node.has_missing:
            facts.append(f"${self.number(edge.missing)}$ where {x} is missing")
        parts = (
            self.formula(edge.curve, x) if isinstance(edge.curve, SymbolicForm) else self.spline(edge.curve, node, x)
        )
        value, rest = parts
        return f"\\[ {_phi(edge)}({x}) = {value} \\]\n{'; '.join(facts)}.{rest}"

    def formula(self, form: SymbolicForm, x: str) -> tuple[str, str]:
        return latex(form.expression, x, self.digits), ""

    def spline(self, curve: SplineCurve, node: NumericNode, x: str) -> tuple[str, str]:
        """Return the sum that a spline is, and the table of its polynomials."""
        value = rf"\sum_n c_n t^n, \qquad t = \frac{{{x} - m}}{{h}}"
        if curve.base in _BASES:
            u = rf"\frac{{{x} - {_bracketed(self.number(node.centre))}}}{{{self.number(node.half_width)}}}"
            base = rf"{_bracketed(self.number(curve.base_scale))} \cdot {_BASES[curve.base]}"
            value = rf"\sum_n c_n t^n + {base}, \qquad t = \frac{{{x} - m}}{{h}}, \qquad u = {u}"
        columns = ("from", "to", "$m$", "$h$", *(f"$c_{n}$" for n in range(len(curve.coefficients[0]))))
        rows = [
            [f"${self.number(one)}$" for one in (*interval, *coefficients)]
            for interval, coefficients in zip(node.intervals, curve.coefficients, strict=True)
        ]
        return value, "\n\n" + _table("r" * len(columns), columns, rows)

    def categories(self, edge: Edge, values: Sequence[float]) -> str:
        """Return the table of one edge that starts at a category."""
        feature = self.pieces.features[edge.source]
        assert isinstance(feature, CategoricalFeature)  # as only they have tables  # noqa: S101
        names = [*(name_latex(one) if one else "(missing)" for one in feature.categories), "(any other)"]
        rows = [(name, f"${self.number(value)}$") for name, value in zip(names, values, strict=True)]
        return _table("lr", (name_latex(feature.name), f"${_phi(edge)}$"), rows)


def _phi(edge: Edge) -> str:
    one = edge.edge
    return rf"\varphi_{{{one.layer},{one.source},{one.target}}}"


def _bracketed(number: str) -> str:
    return rf"\left({number}\right)" if number.startswith("-") else number


def _table(alignment: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = "".join(f"{' & '.join(row)} \\\\\n" for row in rows)
    return f"\\begin{{longtable}}{{{alignment}}}\n{' & '.join(head)} \\\\ \\hline\n\\endhead\n{lines}\\end{{longtable}}"
