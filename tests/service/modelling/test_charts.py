"""Figures: strict JSON that holds the numbers of the model."""

import json
import math
from typing import Any, get_args

import pytest
import torch

from kan.network import EdgeId
from service.domain.features import PictureFormat
from service.domain.predictions import ChartKind, Value
from service.errors import NotFound
from service.modelling.charts import OVERLAYS, edge_chart, prediction_chart, prediction_picture
from service.modelling.prediction import training_basis
from service.modelling.registry import LoadedModel
from tests.service.records import predicted

ROW: dict[str, Value] = {"age": 41.5, "income": None, "city": "ash"}


def named(figure: dict[str, Any], name: str) -> dict[str, Any]:
    found = [trace for trace in figure["data"] if trace["name"] == name]
    assert len(found) == 1
    return dict(found[0])


def test_every_edge_has_a_figure_in_strict_json(model: LoadedModel) -> None:
    for edge in model.edges:
        figure = edge_chart(model, str(edge.place))
        assert set(figure) == {"data", "layout"}
        json.dumps(figure, allow_nan=False)
        assert edge.source in figure["layout"]["title"]["text"]


def test_the_curve_is_the_function_that_is_served(binomial: LoadedModel) -> None:
    edge = next(edge for edge in binomial.edges if edge.form == "spline")
    curve = named(edge_chart(binomial, str(edge.place)), "spline")
    x = torch.tensor(curve["x"], dtype=torch.float64)
    assert curve["y"] == binomial.fitted.network.edge_activation(edge.place, x).tolist()
    assert edge.domain is not None
    assert curve["x"][0] < edge.domain[0] < edge.domain[1] < curve["x"][-1]


def test_the_best_candidates_lie_over_the_curve_without_the_form_in_force(gaussian: LoadedModel) -> None:
    edge = next(edge for edge in gaussian.edges if edge.form == "symbolic")
    form = gaussian.fitted.network.symbolic_form(edge.place)
    assert form is not None
    overlays = [trace["name"] for trace in edge_chart(gaussian, str(edge.place))["data"] if "R²" in trace["name"]]
    assert len(overlays) == OVERLAYS
    assert not any(name.startswith(f"{form.function} ") for name in overlays)


def test_a_category_is_drawn_as_bars_and_counts_every_reference_row(gaussian: LoadedModel) -> None:
    figure = edge_chart(gaussian, "0.2.0")
    heights = named(figure, "table")["y"]
    codes = torch.arange(4, dtype=torch.float64)
    assert heights == gaussian.fitted.network.edge_activation(EdgeId(0, 2, 0), codes).tolist()
    assert sum(named(figure, "reference rows")["y"]) == len(gaussian.fitted.reference)


def test_a_figure_of_no_edge_is_not_found(gaussian: LoadedModel) -> None:
    with pytest.raises(NotFound, match=r"no edge '4\.0\.0'"):
        edge_chart(gaussian, "4.0.0")


def test_the_waterfall_goes_from_the_base_value_to_the_output(model: LoadedModel) -> None:
    prediction = predicted(model, [ROW], "features", [""], training_basis(model))[0]
    (steps,) = prediction_chart(model, prediction, "waterfall")["data"]
    assert (steps["x"][0], steps["x"][-1]) == (prediction.base_value, prediction.output.link)
    assert math.fsum(steps["x"][:-1]) == pytest.approx(prediction.output.link, abs=1e-9)
    assert sorted(steps["customdata"][1:-1]) == ["age = 41.5", "city = ash", "income missing"]


def test_without_features_the_waterfall_has_one_step(model: LoadedModel) -> None:
    prediction = predicted(model, [ROW], "none", [""], training_basis(model))[0]
    (steps,) = prediction_chart(model, prediction, "waterfall")["data"]
    assert steps["customdata"] == ["base value", "all features", "output"]
    assert steps["x"][1] == pytest.approx(prediction.output.link - prediction.base_value)


def test_names_that_users_wrote_are_text_and_not_markup(gaussian: LoadedModel) -> None:
    prediction = predicted(gaussian, [{**ROW, "city": "<b onclick=x>"}], "features", [""], training_basis(gaussian))[0]
    assert "<b" not in json.dumps(prediction_chart(gaussian, prediction, "waterfall"))


def test_the_flow_has_a_line_for_every_edge_with_its_contribution(model: LoadedModel) -> None:
    prediction = predicted(model, [ROW], "edges", [""], training_basis(model))[0]
    figure = prediction_chart(model, prediction, "flow")
    json.dumps(figure, allow_nan=False)
    lines = {trace["name"].split(":")[0]: trace["name"] for trace in figure["data"] if trace.get("mode") == "lines"}
    assert set(lines) == {one.edge for one in prediction.edges}
    assert all(f"{one.contribution:+.4g}" in lines[one.edge] for one in prediction.edges)


def test_a_record_without_edges_has_no_flow(model: LoadedModel) -> None:
    prediction = predicted(model, [ROW], "features", ["the-id"], training_basis(model))[0]
    with pytest.raises(NotFound, match="the-id"):
        prediction_chart(model, prediction, "flow")


@pytest.mark.parametrize(("format", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_a_record_is_drawn_as_a_file(gaussian: LoadedModel, format: PictureFormat, start: bytes) -> None:
    prediction = predicted(gaussian, [ROW], "edges", ["the-id"], training_basis(gaussian))[0]
    for kind in get_args(ChartKind):
        found = prediction_picture(gaussian, prediction, kind, format)
        assert found.content.startswith(start)
        assert found.filename == f"prediction-the-id-{kind}.{format}"
