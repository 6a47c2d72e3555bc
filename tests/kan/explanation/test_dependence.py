"""Dependence is the mean over the reference rows, and what two features do together is measured against it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from kan.errors import InvalidSetting, UnknownFeature
from kan.estimator import KANRegressor
from kan.explanation.dependence import dependence, partial_dependence, surface
from kan.explanation.strength import feature_strengths, interactions
from kan.explanation.uncertainty import edge_deviation
from kan.network import EdgeId
from tests.kan.random_models import network_with_every_form, random_model

MODEL = replace(random_model(), network=network_with_every_form(hidden=(3, 2)))
RANDOM = np.random.default_rng(1)
X = RANDOM.uniform(-1, 1, size=(300, 3))


def test_partial_dependence_is_the_mean_of_the_outputs_with_the_features_set() -> None:
    values = MODEL.reference[:7, [0, 2]]
    found = partial_dependence(MODEL.network, MODEL.reference, [0, 2], values)
    for value, mean in zip(values, found, strict=True):
        rows = MODEL.reference.clone()
        rows[:, [0, 2]] = value
        torch.testing.assert_close(mean, MODEL.predict_link(rows).mean(dim=0))


@pytest.mark.parametrize("feature", ["age", "income", "purpose"])
def test_dependence_is_centred_over_the_reference_rows_and_counts_them(feature: str) -> None:
    found = dependence(MODEL, feature)
    position = [one.name for one in MODEL.features].index(feature)
    column = MODEL.reference[:, [position]]
    values = partial_dependence(MODEL.network, MODEL.reference, [position], column)[:, 0]
    points = torch.tensor(found.x, dtype=torch.float64).unsqueeze(1)
    at = partial_dependence(MODEL.network, MODEL.reference, [position], points)[:, 0]
    np.testing.assert_allclose(found.y, at - values.mean(), atol=1e-10)
    assert sum(found.density_counts) == int((~column.isnan()).sum())
    assert bool(found.categories) == (feature == "purpose")
    assert (found.missing_value is None) == (feature != "income")
    assert found.deviation == ()


def test_dependence_of_an_additive_model_is_its_edge() -> None:
    model = KANRegressor(random_state=0).fit(X, X[:, 0] ** 2 + X[:, 1]).model_
    found = dependence(model, "x0", individual=3)
    x = torch.tensor(found.x, dtype=torch.float64)
    edge, reference = EdgeId(0, 0, 0), model.reference[:, 0]
    level = model.network.edge_activation(edge, reference).mean()
    curve = (model.network.edge_activation(edge, x) - level).detach()
    np.testing.assert_allclose(found.y, curve, atol=1e-12)
    np.testing.assert_allclose(found.deviation, edge_deviation(model, edge, x), rtol=1e-6)
    assert len(found.individual) == 3
    assert all(np.allclose(curve, found.individual[0]) for curve in found.individual)


def test_surface_of_an_additive_model_is_the_sum_of_both_curves() -> None:
    model = KANRegressor(random_state=0).fit(X, X[:, 0] ** 2 + X[:, 1]).model_
    found = surface(model, "x0", "x1", points=9)
    first, second = dependence(model, "x0", points=9), dependence(model, "x1", points=9)
    assert (found.x, found.y) == (first.x, second.x)
    np.testing.assert_allclose(found.z, np.add.outer(second.y, first.y), atol=1e-12)


def test_interaction_is_found_where_it_is_and_nowhere_else() -> None:
    y = 3 * X[:, 0] * X[:, 1] + X[:, 2] + 0.05 * RANDOM.normal(size=300)
    model = KANRegressor(hidden=(4,), steps=60, random_state=0).fit(X, y).model_
    strongest, *others = interactions(model)
    assert (strongest.first, strongest.second) == ("x0", "x1")
    assert strongest.h_squared > 0.9
    assert strongest.size == pytest.approx(1.0, abs=0.25)  # 3·√(1/9)
    assert all(one.size < strongest.size / 5 for one in others)
    additive = KANRegressor(random_state=0).fit(X, y).model_
    assert interactions(additive) == []


def test_interaction_equals_friedman_and_popescu_by_brute_force() -> None:
    model = replace(MODEL, reference=MODEL.reference[:20])
    rows, places = model.reference, [0, 2]

    def curve(chosen: list[int]) -> torch.Tensor:
        means = []
        for row in rows:
            mixed = rows.clone()
            mixed[:, chosen] = row[chosen]
            means.append(model.predict_link(mixed).mean())
        values = torch.stack(means)
        return values - values.mean()

    together = curve(places)
    expected = (together - curve([0]) - curve([2])).square().sum() / together.square().sum()
    (found,) = (one for one in interactions(model) if (one.first, one.second) == ("age", "purpose"))
    assert found.h_squared == pytest.approx(float(expected), rel=1e-9)


def test_strength_of_features_is_the_spread_of_what_they_contribute() -> None:
    y = 5 * X[:, 0] + X[:, 1] + 0.01 * RANDOM.normal(size=300)
    model = KANRegressor(random_state=0).fit(X, y).simplify().model_
    found = feature_strengths(model)
    assert [one.feature for one in found][:2] == ["x0", "x1"]
    assert found[0].deviation == pytest.approx(5 * float(model.reference[:, 0].std(correction=0)), rel=0.02)
    assert found[0].mean_size == pytest.approx(
        5 * float((model.reference[:, 0] - model.reference[:, 0].mean()).abs().mean()), rel=0.02
    )
    assert found[2].deviation < 0.01


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownFeature):
        dependence(MODEL, "height")
    with pytest.raises(InvalidSetting, match="output"):
        dependence(MODEL, "age", output=1)
    with pytest.raises(InvalidSetting, match="points"):
        dependence(MODEL, "age", points=1)
    with pytest.raises(InvalidSetting, match="another feature"):
        surface(MODEL, "age", "age")
