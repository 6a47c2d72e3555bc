"""A model as people look at it: nodes, edges with small curves, one edge in full, and the whole formula."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

import kan.errors
from kan.explanation.curves import edge_curve, node_names
from kan.explanation.formula import complexity
from kan.export.sql import quoted
from kan.features import NumericFeature
from kan.model import FittedModel
from kan.network import EdgeId
from kan.symbolic.fitting import Candidate as FittedForm
from kan.symbolic.formula import edge_latex, edge_text
from kan.symbolic.library import SymbolicForm
from kan.symbolic.writing import code, name_latex, number_latex, number_text
from service.domain.networks import (
    Candidate,
    Edge,
    EdgeDetail,
    Formula,
    FormulaAgreement,
    Network,
    Node,
    Sparkline,
    TrainingStage,
)
from service.errors import NotFound
from service.modelling.formulas import chosen_forms
from service.modelling.registry import LoadedModel

#: Numbers in LaTeX are for reading; the text of a formula keeps all digits.
DIGITS = 4
SPARKLINE_POINTS = 31
#: A small curve is drawn some tens of pixels high.
SPARKLINE_DECIMALS = 3
SPREAD_MEANING = "Standard deviation of the edge's contribution over the reference rows, on the link scale."


def active_edges(model: LoadedModel) -> tuple[str, ...]:
    """The names of all edges that are not zero, in order."""
    return tuple(str(edge) for edge in model.fitted.network.active_edges())


def describe_network(model: LoadedModel) -> Network:
    """All nodes and the active edges; `r2` tells how well a formula fitted the spline that it replaced."""
    fitted = model.fitted
    names = node_names(fitted)
    fidelity, chosen = fitted.training.get("formula_r2", {}), chosen_forms(fitted)
    units = {feature.name: feature.unit for feature in fitted.features if isinstance(feature, NumericFeature)}
    nodes = tuple(
        Node(
            id=f"{layer}.{index}",
            layer=layer,
            index=index,
            name=name,
            unit=units.get(name) if layer == 0 else None,
        )
        for layer, layer_names in enumerate(names)
        for index, name in enumerate(layer_names)
    )
    sparklines = _sparklines(model)
    edges = tuple(
        Edge(
            edge=str(edge.place),
            layer=edge.place.layer,
            source=edge.source,
            target=edge.target,
            form=edge.form,
            spread=model.spreads[edge.place],
            r2=fidelity.get(str(edge.place)),
            stability=chosen.get(str(edge.place), {}).get("stability"),
            tolerances=_tolerances(chosen.get(str(edge.place), {})),
            domain=edge.domain,
            sparkline=sparklines[edge.place],
        )
        for edge in model.edges
    )
    stages = tuple(_stage(record) for record in fitted.training.get("stages", []))
    before = stages[0].active_edges if stages else len(edges)
    return Network(
        shape=fitted.network.shape,
        nodes=nodes,
        edges=edges,
        edges_before_pruning=before,
        spread_meaning=SPREAD_MEANING,
        stages=stages,
        agreement=_recorded_agreement(fitted, "formula_agreement"),
        parent_agreement=_recorded_agreement(fitted, "parent_agreement"),
    )


def _tolerances(chosen: Mapping[str, Any]) -> tuple[float, float] | None:
    """The ends of the tolerances of a choice; None where nothing was chosen."""
    found = chosen.get("tolerances")
    return None if found is None else (found[0], found[1])


def described_agreement(record: Mapping[str, Any]) -> FormulaAgreement:
    """What `formula_agreement` has found, as a document."""
    return FormulaAgreement(**{**record, "proved_link_bounds": tuple(record["proved_link_bounds"])})


def _recorded_agreement(fitted: FittedModel, name: str) -> FormulaAgreement | None:
    record = fitted.training.get(name)
    return None if record is None else described_agreement(record)


def _stage(record: Mapping[str, Any]) -> TrainingStage:
    """A stage of the training record without its loss curve, which the version holds."""
    losses = record["losses"]
    return TrainingStage(
        steps=losses[-1][0] if losses else 0,
        **{name: record[name] for name in TrainingStage.model_fields if name in record},
    )


def describe_edge(model: LoadedModel, edge: str) -> EdgeDetail:
    """One edge with its candidates; raises NotFound for a name that is no edge of the network."""
    place = find_edge(model, edge)
    fitted, network = model.fitted, model.fitted.network
    curve = edge_curve(fitted, place)
    form = network.symbolic_form(place)
    layer = network.layer(place.layer)
    is_spline, chosen = curve.form == "spline", chosen_forms(fitted).get(edge, {})
    return EdgeDetail(
        edge=edge,
        layer=place.layer,
        source=curve.source,
        target=curve.target,
        unit=curve.unit,
        form=curve.form,
        latex=_named_latex(place, curve.source) if form is None else edge_latex(form, curve.source, DIGITS),
        text=edge_in_words(fitted, place),
        python=None if form is None else code(form.expression, "x", "python"),
        sql=None if form is None else code(form.expression, quoted(curve.source), "sql"),
        spread=model.spreads[place],
        domain=None if curve.categories else curve.domain,
        categories=curve.categories,
        value_when_missing=curve.missing_value,
        degree=layer.degree if is_spline else None,
        grid_size=layer.grid_size if is_spline else None,
        stability=chosen.get("stability"),
        tolerances=_tolerances(chosen),
        rivals=tuple(chosen.get("rivals", ())),
        candidates=_candidates(model, place, curve.source),
    )


def describe_formula(model: LoadedModel) -> Formula:
    """The equations of all nodes behind the inputs, in order; splines and tables stay named functions."""
    network = model.fitted.network
    names = node_names(model.fitted)
    latex, text = [], []
    for layer in range(len(network.layers)):
        for target in range(network.shape[layer + 1]):
            incoming = [edge for edge in network.active_edges() if (edge.layer, edge.target) == (layer, target)]
            if layer < len(network.layers) - 1 and not incoming:
                continue
            left_latex, left_text = _left_side(model.fitted, layer, target, names[layer + 1][target])
            forms = [(edge, names[layer][edge.source], network.symbolic_form(edge)) for edge in incoming]
            constant = float(network.layer(layer).bias[target].detach()) + sum(form.d for *_, form in forms if form)
            terms = [_term(edge, source, form) for edge, source, form in forms]
            latex.append(f"{left_latex} &= {_sum([term for term, _ in terms], number_latex(constant, DIGITS))}")
            text.append(f"{left_text} = {_sum([term for _, term in terms], number_text(constant))}")
    return Formula(
        latex=r"\begin{aligned}" + r" \\ ".join(latex) + r"\end{aligned}",
        text="\n".join(text),
        complexity=complexity(model.fitted),
        spline_edges=tuple(str(edge) for edge in network.active_edges() if network.form(edge) == "spline"),
    )


def find_edge(model: LoadedModel, edge: str) -> EdgeId:
    """The place of an edge, zero edges included; raises NotFound."""
    try:
        place = EdgeId.parse(edge)
        model.fitted.network.require(place)
    except kan.errors.InvalidEdge as error:
        raise NotFound("edge", edge) from error
    if str(place) != edge:
        raise NotFound("edge", edge)
    return place


@torch.no_grad()
def _sparklines(model: LoadedModel) -> dict[EdgeId, Sparkline]:
    """All active edges over their domains; a layer computes its edges at once, one row per point of every input."""
    network = model.fitted.network
    found: dict[EdgeId, Sparkline] = {}
    for position in range(len(network.layers)):
        edges = [edge for edge in model.edges if edge.place.layer == position]
        sizes = [edge.categories or SPARKLINE_POINTS for edge in edges]
        points = torch.zeros(max(sizes, default=1), network.shape[position], dtype=torch.float64)
        for edge, size in zip(edges, sizes, strict=True):
            lower, upper = edge.domain or (0.0, size - 1.0)
            points[:size, edge.place.source] = torch.linspace(lower, upper, size, dtype=torch.float64)
        values = network.layer(position).activations(points)
        for edge, size in zip(edges, sizes, strict=True):
            found[edge.place] = _sparkline(values[:size, edge.place.target, edge.place.source].tolist())
    return found


def _sparkline(values: Sequence[float]) -> Sparkline:
    """Evenly spaced values, scaled to the unit square; a flat line runs through the middle."""
    lowest, height = min(values), max(values) - min(values)
    return Sparkline(
        x=tuple(round(position / max(len(values) - 1, 1), SPARKLINE_DECIMALS) for position in range(len(values))),
        y=tuple(round((value - lowest) / height, SPARKLINE_DECIMALS) if height > 0 else 0.5 for value in values),
    )


def _candidates(model: LoadedModel, edge: EdgeId, source: str) -> tuple[Candidate, ...]:
    """The fitted forms; the one in force comes first and is the edge itself, so it misses nothing."""
    form = model.fitted.network.symbolic_form(edge)
    fitted = model.candidates(edge)
    if form is None:
        return tuple(_candidate(one, source, in_force=False) for one in fitted)
    others = [_candidate(one, source, in_force=False) for one in fitted if one.form.function != form.function]
    itself = FittedForm(form, 1.0, 0.0, form.complexity)
    return (_candidate(itself, source, in_force=True), *others)


def _candidate(fitted: FittedForm, source: str, *, in_force: bool) -> Candidate:
    form = fitted.form
    return Candidate(
        function=form.function,
        parameters=(form.a, form.b, form.c, form.d),
        latex=edge_latex(form, source, DIGITS),
        text=edge_text(form, source),
        r2=fitted.r2,
        max_abs_deviation=fitted.max_abs_deviation,
        complexity=fitted.complexity,
        in_force=in_force,
    )


def edge_in_words(fitted: FittedModel, edge: EdgeId) -> str:
    """The formula of an edge with all digits, or what it is instead."""
    layer, source = fitted.network.layer(edge.layer), node_names(fitted)[edge.layer][edge.source]
    form, name = fitted.network.symbolic_form(edge), f"phi_{edge}({source})"
    if form is not None:
        return edge_text(form, source)
    kind = fitted.network.form(edge)
    if kind == "zero":
        return f"{name} = 0"
    if kind == "table":
        return f"{name}: one value for each of {layer.inputs[edge.source].categories + 1} categories"
    beside = "" if layer.base == "zero" else f", beside {layer.base}"
    return f"{name}: a spline of degree {layer.degree} on {layer.grid_size} intervals{beside}"


def _left_side(fitted: FittedModel, layer: int, target: int, name: str) -> tuple[str, str]:
    """What an equation defines, as LaTeX and as text."""
    if layer < len(fitted.network.layers) - 1 or fitted.family == "gaussian":
        return name_latex(name), name
    outcome = fitted.classes[1 if fitted.family == "binomial" else target]
    probability = rf"P\left({name_latex(fitted.target)} = {name_latex(outcome)}\right)"
    if fitted.family == "binomial":
        return rf"\operatorname{{logit}} {probability}", f"logit P({fitted.target} = {outcome})"
    return rf"\ln {probability} + \text{{const}}", f"ln P({fitted.target} = {outcome}) + const"


def _term(edge: EdgeId, source: str, form: SymbolicForm | None) -> tuple[str, str]:
    if form is None:
        return _named_latex(edge, source), f"phi_{edge}({source})"
    without_constant = replace(form, d=0.0)
    return edge_latex(without_constant, source, DIGITS), edge_text(without_constant, source)


def _named_latex(edge: EdgeId, source: str) -> str:
    return rf"\varphi_{{{edge}}}\left({name_latex(source)}\right)"


def _sum(terms: list[str], constant: str) -> str:
    first, *others = [*terms, constant]
    signed = [f"- {term[1:]}" if term.startswith("-") else f"+ {term}" for term in others]
    return " ".join([first, *signed])
