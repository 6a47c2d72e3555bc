"""What a version has learned is told by the numbers of its model, and drawn from them."""

import json
import math

import pytest

from service.errors import InvalidRequest, NotFound
from service.modelling.features import (
    describe_features,
    describe_interactions,
    edge_picture,
    feature_chart,
    feature_picture,
    interaction_chart,
)
from service.modelling.registry import LoadedModel


def test_every_feature_is_listed_by_strength_and_can_be_drawn(model: LoadedModel) -> None:
    found = describe_features(model)
    assert sorted(one.feature for one in found.items) == ["age", "city", "income"]
    deviations = [one.deviation for one in found.items]
    assert deviations == sorted(deviations, reverse=True)
    assert found.has_bands
    for one in found.items:
        for output in range(len(found.outputs)):
            figure = feature_chart(model, one.feature, output, 3)
            json.dumps(figure, allow_nan=False)
            assert one.feature in figure["layout"]["title"]["text"]


def test_curve_has_a_band_and_its_unit(gaussian: LoadedModel) -> None:
    figure = feature_chart(gaussian, "income", 0, 0)
    names = [trace["name"] for trace in figure["data"]]
    assert names == ["90 % band", "shape function", "value when missing", "reference rows"]
    assert figure["layout"]["xaxis2"]["title"]["text"] == "income (EUR)"


def test_only_features_of_a_common_node_act_together(gaussian: LoadedModel, binomial: LoadedModel) -> None:
    assert describe_interactions(gaussian) == ()
    found = describe_interactions(binomial)
    assert 0 < len(found) <= 3
    for one in found:
        assert one.size >= 0
        assert math.isfinite(one.h_squared)
    figure = interaction_chart(binomial, found[0].first, found[0].second, 0)
    json.dumps(figure, allow_nan=False)


def test_charts_are_also_files(gaussian: LoadedModel) -> None:
    svg = feature_picture(gaussian, "age", 0, 0, "svg", "credit-1")
    assert svg.content.startswith(b"<?xml")
    assert (svg.media_type, svg.filename) == ("image/svg+xml", "credit-1-feature-0.svg")
    png = edge_picture(gaussian, "0.0.0", "png", "credit-1")
    assert png.content.startswith(b"\x89PNG")
    assert (png.media_type, png.filename) == ("image/png", "credit-1-edge-0.0.0.png")


def test_what_is_not_there_is_refused(binomial: LoadedModel) -> None:
    with pytest.raises(NotFound, match="no feature 'height'"):
        feature_chart(binomial, "height", 0, 0)
    with pytest.raises(InvalidRequest, match="outputs of this version"):
        feature_chart(binomial, "age", 1, 0)
    with pytest.raises(InvalidRequest, match="another feature"):
        interaction_chart(binomial, "age", "age", 0)
