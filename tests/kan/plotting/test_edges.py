"""Figures hold the numbers they are given, fit any theme, and show names as text."""

import json
from dataclasses import replace

import plotly.graph_objects as go
import pytest

from kan.explanation.curves import edge_curve
from kan.network import EdgeId
from kan.plotting.contributions import contributions_figure
from kan.plotting.edges import edge_figure
from kan.snapping import edge_candidates
from kan.symbolic.fitting import Candidate
from kan.symbolic.library import SymbolicForm
from tests.kan.random_models import random_model

MODEL = random_model()
AGE, INCOME, PURPOSE = EdgeId(0, 0, 1), EdgeId(0, 1, 2), EdgeId(0, 2, 0)


def trace(figure: go.Figure, name: str) -> go.Scatter:
    (found,) = (one for one in figure.data if one.name == name)
    return found


def test_edge_is_drawn_with_its_data_and_its_unit() -> None:
    curve = edge_curve(MODEL, AGE)
    figure = edge_figure(curve)
    assert (tuple(trace(figure, "spline").x), tuple(trace(figure, "spline").y)) == (curve.x, curve.y)
    assert tuple(trace(figure, "reference rows").y) == curve.density_counts
    assert sum(trace(figure, "reference rows").width) == pytest.approx(72.0)
    assert figure.layout.xaxis2.title.text == "age (years)"
    assert figure.layout.title.text == "Edge 0.0.1: age → h1.1"


def test_ground_outside_the_domain_is_shaded() -> None:
    curve = edge_curve(MODEL, AGE)
    spans = {(shape.x0, shape.x1) for shape in edge_figure(curve).layout.shapes}
    assert spans == {(curve.x[0], curve.domain[0]), (curve.domain[1], curve.x[-1])}


def test_candidates_are_drawn_over_the_edge_with_their_formula() -> None:
    curve = edge_curve(MODEL, AGE)
    candidates = edge_candidates(MODEL, AGE, limit=7)
    figure = edge_figure(curve, candidates)
    for candidate in candidates:
        overlay = trace(figure, f"{candidate.form.function} (R² {candidate.r2:.4f})")
        assert len(overlay.y) == len(curve.x)
        assert "age" in overlay.hovertemplate


def test_candidate_is_not_drawn_where_it_is_not_defined() -> None:
    candidate = Candidate(SymbolicForm("log", 1.0, -18.0, 1.0, 0.0), 0.9, 1.0, 2)
    overlay = trace(edge_figure(edge_curve(MODEL, AGE), [candidate]), "log (R² 0.9000)")
    assert overlay.y[0] is None
    assert overlay.y[-1] is not None


def test_value_at_a_missing_input_is_a_line() -> None:
    curve = edge_curve(MODEL, INCOME)
    assert set(trace(edge_figure(curve), "value when missing").y) == {curve.missing_value}
    assert all(one.name != "value when missing" for one in edge_figure(edge_curve(MODEL, AGE)).data)


def test_table_is_drawn_as_bars_with_labels() -> None:
    curve = edge_curve(MODEL, PURPOSE)
    figure = edge_figure(curve)
    assert tuple(trace(figure, "table").y) == curve.y
    assert tuple(figure.layout.xaxis2.ticktext) == curve.categories
    assert figure.layout.shapes == ()


def test_waterfall_leads_from_the_base_value_to_the_output() -> None:
    figure = contributions_figure(0.5, [("age", -0.2), ("income", 1.2)], 1.5)
    (waterfall,) = figure.data
    assert list(waterfall.x) == [0.5, 1.2, -0.2, 1.5]
    assert list(waterfall.measure) == ["absolute", "relative", "relative", "absolute"]
    assert list(figure.layout.yaxis.ticktext) == ["base value", "income", "age", "output"]
    assert list(waterfall.text) == ["0.5", "+1.2", "-0.2", "1.5"]


def test_small_contributions_are_drawn_as_one_step() -> None:
    figure = contributions_figure(0.0, [(f"f{k}", float(k)) for k in range(1, 21)], 210.0, limit=3)
    (waterfall,) = figure.data
    assert list(figure.layout.yaxis.ticktext) == ["base value", "f20", "f19", "f18", "17 others", "output"]
    assert sum(waterfall.x[:-1]) == waterfall.x[-1]


def test_equal_labels_stay_apart() -> None:
    (waterfall,) = contributions_figure(0.0, [("age", 1.0), ("age", 2.0)], 3.0).data
    assert len(set(waterfall.y)) == 4


def test_prediction_without_contributions_is_its_base_value() -> None:
    (waterfall,) = contributions_figure(1.0, [], 1.0).data
    assert list(waterfall.x) == [1.0, 1.0]


def test_markup_in_names_is_shown_as_text() -> None:
    hostile = "<a href='x'>age</a>"
    curve = replace(edge_curve(MODEL, AGE), source=hostile, unit="<b>", target="<i>")
    candidates = edge_candidates(MODEL, AGE, limit=2)
    categories = replace(edge_curve(MODEL, PURPOSE), categories=("<u>", "b", "c", "d"))
    figures = [
        edge_figure(curve, candidates),
        edge_figure(categories),
        contributions_figure(0.0, [(hostile, 1.0)], 1.0),
    ]
    for figure in figures:
        shown = json.dumps(json.loads(figure.to_json()))
        for tag in ("<a", "<b>", "<i>", "<u>"):
            assert tag not in shown


def test_figures_leave_fonts_and_grounds_to_the_page() -> None:
    for figure in (edge_figure(edge_curve(MODEL, AGE)), contributions_figure(0.0, [("age", 1.0)], 1.0)):
        drawn = json.loads(figure.to_json())
        assert drawn["layout"]["paper_bgcolor"] == drawn["layout"]["plot_bgcolor"] == "rgba(0, 0, 0, 0)"
        assert set(drawn["layout"]["template"].get("layout", {})) == set()
        assert "font" not in drawn["layout"]
