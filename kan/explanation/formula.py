"""A whole model as formulas of its features, in their own units: for SymPy, as text and as LaTeX.

A spline or table edge appears as a named function of its input, `phi_0_3_1` for the edge 0.3.1; text and LaTeX say
below the formulas what each of them is, a table with all its values. The formula holds where no input is missing and
every input and hidden node lies inside its training domain.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp
from sympy.core.function import AppliedUndef

from kan.edges import edge_domain
from kan.errors import EdgeFormRefused
from kan.explanation.algebra import rounded, shortened
from kan.explanation.curves import NO_VALUE
from kan.features import CategoricalFeature
from kan.model import FittedModel, output_names
from kan.network import EdgeId, Network
from kan.ranges import Range
from kan.symbolic.formula import edge_expression
from kan.symbolic.writing import name_latex, number_expression, number_latex, number_text

OTHERWISE = "any other"  # a category never seen in training
HIDDEN = "x"  # the input of a function behind the first layer
# How the left side of a formula is written, by link: as text and as LaTeX.
_LINKS = {
    "identity": ("{}", "{}"),
    "logit": ("logit({})", r"\operatorname{{logit}}\left({}\right)"),
    "log": ("log({})", r"\ln\left({}\right)"),
    "softmax": ("score({})", r"\operatorname{{score}}\left({}\right)"),
}


def network_formula(model: FittedModel, digits: int | None = None, simplified: bool = False) -> list[sp.Expr]:
    """Return one expression per output on the link scale; symbols are real and named as the features.

    The numbers are exact, or rounded for people to `digits` significant digits: then what is within 1e-9 of a fraction
    such as 1/3 or of a multiple of π is written as that. With `simplified` a shorter form is returned where one is
    found that is equal on the features' domains (see `kan.explanation.algebra`).
    """
    expressions = _expressions(model)
    if simplified:
        expressions = [shortened(one, _domains(model)) for one in expressions]
    return expressions if digits is None else [rounded(one, digits) for one in expressions]


def _expressions(model: FittedModel) -> list[sp.Expr]:
    network = model.network
    nodes: list[sp.Expr] = [_symbol(feature.name) for feature in model.features]
    for position in range(len(network.layers)):
        terms = [[number_expression(float(bias))] for bias in network.layer(position).bias.detach()]
        for edge in network.active_edges():
            if edge.layer == position:
                terms[edge.target].append(_edge(network, edge, nodes[edge.source]))
        nodes = [sp.Add(*one) for one in terms]
    return nodes


def _edge(network: Network, edge: EdgeId, node: sp.Expr) -> sp.Expr:
    form = network.symbolic_form(edge)
    if form is None:
        return sp.Function(_function_name(edge))(node)
    return edge_expression(form, node)


def _function_name(edge: EdgeId) -> str:
    return f"phi_{edge.layer}_{edge.source}_{edge.target}"


def _symbol(name: str) -> sp.Symbol:
    return sp.Symbol(name, real=True)


def _domains(model: FittedModel) -> dict[sp.Symbol, Range]:
    """Return between which numbers every feature lies; a category is its code."""
    return {
        _symbol(one.name): (0.0, float(len(one.categories)))
        if isinstance(one, CategoricalFeature)
        else (one.lower, one.upper)
        for one in model.features
    }


def table_values(model: FittedModel, edge: EdgeId) -> dict[str | None, float]:
    """Return the value of a table edge for every category; "" is a missing one, None one never seen in training.

    Raises InvalidEdge, EdgeFormRefused (an edge that is no table).
    """
    feature = model.features[edge.source] if model.network.form(edge) == "table" else None
    if not isinstance(feature, CategoricalFeature):
        raise EdgeFormRefused(str(edge), f"it is no table but a {model.network.form(edge)}")
    weights = model.network.layer(edge.layer).weights[edge.target, edge.source]
    return dict(zip((*feature.categories, None), weights.tolist(), strict=False))


def complexity(model: FittedModel) -> int:
    """Return how much there is to read: the sum over all edges.

    A formula counts the complexity of its function, a spline its coefficients and its base (grid size + degree + 1), a
    table its categories, a removed edge nothing.
    """
    return sum(_edge_complexity(model, edge) for edge in model.network.active_edges())


def _edge_complexity(model: FittedModel, edge: EdgeId) -> int:
    form, layer = model.network.symbolic_form(edge), model.network.layer(edge.layer)
    if form is not None:
        return form.complexity
    return layer.inputs[edge.source].categories or layer.grid_size + layer.degree + 1


# In writing


@dataclass(frozen=True)
class _Style:
    """How formulas and what belongs to them are written."""

    written: Callable[[sp.Expr], str]
    link: str
    name: Callable[[str], str]
    category: Callable[[str], str]
    special: str
    number: Callable[[float], str]
    function: str
    equation: str
    case: str
    cases: Callable[[list[str]], str]
    spline: str


def formula_text(model: FittedModel, digits: int = 4, simplified: bool = False) -> str:
    """Return the formulas as text: a line per output, and one for every spline and table edge in them.

    Names that are no identifiers are in double quotes. `digits` and `simplified` are those of `network_formula`.
    """
    style = _Style(
        written=lambda expression: _text(model, expression),
        link=_LINKS[model.link][0],
        name=_named,
        category=_quoted,
        special="{}",
        number=lambda value: number_text(value, digits),
        function="phi_{0.layer}_{0.source}_{0.target}({1})",
        equation="{} = {}",
        case="{1}: {0}",
        cases=lambda cases: "{" + ", ".join(cases) + "}",
        spline="spline with {} intervals from {} to {}",
    )
    return "\n".join(_lines(model, network_formula(model, digits, simplified), style))


def formula_latex(model: FittedModel, digits: int = 4, simplified: bool = False) -> str:
    r"""Return the formulas as LaTeX in math mode: an `aligned` environment with a line per output, spline and table.

    Names are escaped. `digits` and `simplified` are those of `network_formula`.
    """
    style = _Style(
        written=lambda expression: _latex(model, expression),
        link=_LINKS[model.link][1],
        name=name_latex,
        category=name_latex,
        special=r"\textit{{{}}}",
        number=lambda value: number_latex(value, digits),
        function=r"\phi_{{{0.layer},{0.source},{0.target}}}\left({1}\right)",
        equation="{} &= {}",
        case="{} & {}",
        cases=lambda cases: r"\begin{cases} " + r" \\ ".join(cases) + r" \end{cases}",
        spline=r"\text{{spline with {} intervals from }} {} \text{{ to }} {}",
    )
    lines = _lines(model, network_formula(model, digits, simplified), style)
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _named(name: str) -> str:
    return name if name.isidentifier() else _quoted(name)


def _text(model: FittedModel, expression: sp.Expr) -> str:
    names = {_symbol(feature.name): sp.Symbol(_named(feature.name), real=True) for feature in model.features}
    written: str = sp.sstr(expression.xreplace(names))
    return written


def _function_names(expression: sp.Expr) -> list[str]:
    return sorted({str(one.func) for one in expression.atoms(AppliedUndef)})


def _latex(model: FittedModel, expression: sp.Expr) -> str:
    for name in _function_names(expression):
        places = ",".join(name.split("_")[1:])
        expression = expression.replace(sp.Function(name), sp.Function(rf"\phi_{{{places}}}"))
    names = {_symbol(feature.name): name_latex(feature.name) for feature in model.features}
    written: str = sp.latex(expression, symbol_names=names, ln_notation=True, mul_symbol="dot", inv_trig_style="full")
    return written


def _lines(model: FittedModel, expressions: list[sp.Expr], style: _Style) -> list[str]:
    """Return an equation per output, and one for every edge in them that is no formula."""
    lines = [
        style.equation.format(style.link.format(style.name(name)), style.written(expression))
        for name, expression in zip(output_names(model), expressions, strict=True)
    ]
    used = {name for one in expressions for name in _function_names(one)}
    for edge in model.network.active_edges():
        if _function_name(edge) in used:
            variable = model.features[edge.source].name if edge.layer == 0 else HIDDEN
            function = style.function.format(edge, style.name(variable))
            is_table = model.network.form(edge) == "table"
            lines.append(style.equation.format(function, (_table if is_table else _spline)(model, edge, style)))
    return lines


def _table(model: FittedModel, edge: EdgeId, style: _Style) -> str:
    special = {"": style.special.format(NO_VALUE), None: style.special.format(OTHERWISE)}
    return style.cases(
        [
            style.case.format(style.number(value), special.get(name) or style.category(str(name)))
            for name, value in table_values(model, edge).items()
        ]
    )


def _spline(model: FittedModel, edge: EdgeId, style: _Style) -> str:
    ends = (style.number(end) for end in edge_domain(model, edge))
    return style.spline.format(model.network.layer(edge.layer).grid_size, *ends)
