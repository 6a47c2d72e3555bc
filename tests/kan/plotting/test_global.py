"""Dependence, strength and interactions are drawn from the numbers they are given, also without a browser."""

import json
import struct
from dataclasses import replace
from xml.etree import ElementTree as ET

import plotly.graph_objects as go
import pytest

from kan.estimator import KANRegressor
from kan.explanation.curves import edge_curve
from kan.explanation.dependence import dependence, surface
from kan.explanation.strength import FeatureStrength, Interaction, feature_strengths, interactions
from kan.explanation.uncertainty import quantile
from kan.network import EdgeId
from kan.plotting.contributions import contributions_figure
from kan.plotting.dependence import dependence_figure, surface_figure
from kan.plotting.edges import edge_figure
from kan.plotting.flow import flow_figure
from kan.plotting.static import picture
from kan.plotting.strength import interactions_figure, strengths_figure
from tests.kan.random_models import MIXED, random_model, random_rows

MODEL = random_model()
ROWS = random_rows(MIXED, 200, seed=5)
TABLE = {
    "age": ROWS[:, 0].tolist(),
    "income": [None if value != value else value for value in ROWS[:, 1].tolist()],
    "purpose": [("car", "house", "trip", "boat")[int(code)] for code in ROWS[:, 2]],
}
FITTED = KANRegressor(random_state=0, units={"age": "years"}).fit(TABLE, ROWS[:, 0].numpy() ** 2 / 90).model_


def trace(figure: go.Figure, name: str) -> go.Scatter:
    (found,) = (one for one in figure.data if one.name == name)
    return found


def test_shape_function_is_drawn_with_its_band_its_data_and_its_unit() -> None:
    found = dependence(FITTED, "age", individual=4)
    figure = dependence_figure(found)
    assert tuple(trace(figure, "shape function").y) == found.y
    outline, points = trace(figure, "90 % band").y, len(found.x)
    widths = [upper - lower for upper, lower in zip(outline[:points], outline[points:][::-1], strict=True)]
    assert widths == pytest.approx([2 * quantile(0.9) * one for one in found.deviation])
    assert tuple(trace(figure, "reference rows").y) == found.density_counts
    assert figure.layout.xaxis2.title.text == "age (years)"
    assert sum(one.name == "single rows" for one in figure.data) == 4


def test_gap_and_categories_are_drawn() -> None:
    income = dependence(FITTED, "income")
    assert set(trace(dependence_figure(income), "value when missing").y) == {income.missing_value}
    purpose = dependence(FITTED, "purpose")
    bars = trace(dependence_figure(purpose), "shape function")
    assert tuple(bars.y) == purpose.y
    assert max(purpose.deviation) < 100  # a category never seen varies like the others
    assert list(bars.error_y.array) == pytest.approx([quantile(0.9) * one for one in purpose.deviation])


def test_edge_has_a_band_where_it_is_known_how_sure_it_is() -> None:
    names = {one.name for one in edge_figure(edge_curve(FITTED, EdgeId(0, 0, 0))).data}
    assert "90 % band" in names
    assert "90 % band" not in {one.name for one in edge_figure(edge_curve(MODEL, EdgeId(0, 0, 0))).data}


def test_tiles_hold_every_number_and_share_a_scale_around_zero() -> None:
    found = surface(MODEL, "age", "purpose", points=5)
    figure = surface_figure(found)
    (tiles,) = figure.data
    assert list(tiles.customdata) == [value for row in found.z for value in row]
    assert len(figure.layout.shapes) == len(tiles.x) == 20
    assert tiles.marker.cmin == -tiles.marker.cmax


def test_strengths_and_interactions_are_drawn_by_name() -> None:
    bars = strengths_figure([FeatureStrength("b", 2.0, 1.0), FeatureStrength("a", 1.0, 0.5)])
    assert list(bars.data[0].x) == [2.0, 1.0]
    assert list(bars.layout.yaxis.ticktext) == ["b", "a"]
    tiles = interactions_figure([Interaction("a", "b", 0.5, 0.1)])
    assert list(tiles.data[0].customdata) == [0.0, 0.5, 0.5, 0.0]
    assert interactions_figure([]).data == ()


FLOW = flow_figure(
    {EdgeId(0, 0, 0): 0.5, EdgeId(0, 2, 1): -1.0, EdgeId(1, 0, 0): 0.5, EdgeId(1, 1, 0): -1.0},
    [["<b>", "unused", "c"], ["h1.0", "h1.1"], ["y"]],
)


def test_flow_is_as_wide_as_the_contributions_and_shows_their_signs() -> None:
    lines = {one.name.split(":")[0]: one.line for one in FLOW.data if one.mode == "lines"}
    assert lines["0.2.1"].width == 2 * lines["0.0.0"].width
    assert lines["0.2.1"].color == lines["1.1.0"].color != lines["1.0.0"].color
    assert list(trace(FLOW, "nodes").text) == ["&lt;b&gt;", "c", "h1.0", "h1.1", "y"]


FIGURES = {
    "flow": FLOW,
    "shape": dependence_figure(dependence(FITTED, "age", individual=3)),
    "gap": dependence_figure(dependence(FITTED, "income")),
    "categories": dependence_figure(dependence(FITTED, "purpose")),
    "surface": surface_figure(surface(MODEL, "age", "purpose", points=4)),
    "strengths": strengths_figure(feature_strengths(FITTED)),
    "interactions": interactions_figure(interactions(replace(random_model(sizes=(3, 2, 1))))),
    "edge": edge_figure(edge_curve(FITTED, EdgeId(0, 0, 0))),
    "waterfall": contributions_figure(0.5, [("<b> & $x^2$", -0.2), ("other", 1.2)], 1.5),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_also_a_picture_without_a_browser(name: str) -> None:
    drawn = picture(FIGURES[name], "svg")
    assert ET.fromstring(drawn).tag.endswith("svg")  # noqa: S314 - our own bytes
    assert picture(FIGURES[name], "svg") == drawn
    assert b"<script" not in drawn


def test_picture_in_dots_has_its_size_and_a_transparent_ground() -> None:
    drawn = picture(FIGURES["shape"], "png")
    assert drawn[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, kind = struct.unpack(">IIBB", drawn[16:26])
    assert (width, height, depth, kind) == (1200, 750, 8, 6)  # with an alpha channel


def test_markup_in_names_is_shown_as_text() -> None:
    found = replace(dependence(FITTED, "age"), feature="<b>age</b>", output="<i>", unit="<u>")
    categories = replace(dependence(FITTED, "purpose"), categories=("<s>", "b", "c", "d", "e"))
    pair = replace(surface(MODEL, "age", "purpose"), features=("<b>", "<i>"), output="<u>")
    figures = [
        dependence_figure(found),
        dependence_figure(categories),
        surface_figure(pair),
        strengths_figure([FeatureStrength("<b>", 1.0, 1.0)]),
        interactions_figure([Interaction("<b>", "<i>", 1.0, 1.0)]),
    ]
    for figure in figures:
        shown = json.dumps(json.loads(figure.to_json()))
        for tag in ("<b>", "<i>", "<u>", "<s>"):
            assert tag not in shown
