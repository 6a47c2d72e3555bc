"""Settings of an estimator: what is refused, what they become, and how a model keeps them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from kan import KANClassifier, KANRegressor
from kan.errors import InvalidSetting, UnknownFeature

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (300, 3))
Y = np.sin(3 * X[:, 0]) + X[:, 1] ** 2 + 0.2 * RNG.normal(size=300)


def test_every_layer_may_have_its_own_grid() -> None:
    model = KANRegressor((2,), grid_size=(12, 5), validation_fraction=0.0, restarts=1, random_state=0).fit(X, Y)
    assert [model.model_.network.layer(at).grid_size for at in (0, 1)] == [12, 5]


def test_grid_share_can_be_named_for_one_feature() -> None:
    skewed = np.column_stack([X[:, 0], (X[:, 1] + 1) ** 6])
    model = KANRegressor(grid_eps={"x0": 1.0, "x1": 0.05}, steps=5).fit(skewed, Y)
    layer = model.model_.network.layer(0)
    inner = layer.knots[:, 3:-3].diff(dim=1)
    assert float(inner[0].max() / inner[0].min()) == pytest.approx(1.0)
    assert float(inner[1].max() / inner[1].min()) > 10
    with pytest.raises(UnknownFeature, match="x9"):
        KANRegressor(grid_eps={"x9": 1.0}).fit(X, Y)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"hidden": (0,)}, "hidden"),
        ({"grid_size": 0}, "grid_size"),
        ({"grid_size": (3, 4)}, "grid_size"),
        ({"grid_size": 10**9}, "grid_size"),
        ({"degree": 6}, "degree"),
        ({"base": "relu"}, "base"),
        ({"optimizer": "sgd"}, "optimizer"),
        ({"precision": "float16"}, "precision"),
        ({"device": "abacus"}, "device"),
        ({"family": "tweedie"}, "family"),
        ({"family": "binomial"}, "family"),
        ({"class_weight": "balanced"}, "class_weight"),
        ({"steps": 0}, "steps"),
        ({"restarts": 0}, "restarts"),
        ({"interactions": -1}, "interactions"),
        ({"hidden": (2,), "interactions": 1}, "interactions"),
        ({"l1": -1.0}, "l1"),
        ({"entropy": float("nan")}, "entropy"),
        ({"smoothness": -1.0}, "smoothness"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"batch_size": 0}, "batch_size"),
        ({"memory": 10}, "memory"),
        ({"grid_eps": -0.1}, "grid_eps"),
        ({"validation_fraction": 1.0}, "validation_fraction"),
        ({"domains": {"x0": (1.0, 1.0)}}, r"domains\['x0'\]"),
        ({"domains": {"x0": (0.0, float("inf"))}}, r"domains\['x0'\]"),
    ],
)
@pytest.mark.usefixtures("no_shape_checks")
def test_setting_out_of_range_is_refused_by_name(settings: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidSetting, match=name):
        KANRegressor(**settings).fit(X, Y)


@pytest.mark.parametrize("setting", ["monotone", "curvature", "domains", "units"])
def test_setting_of_an_unknown_feature_is_refused(setting: str) -> None:
    values = {"monotone": 1, "curvature": "convex", "domains": (0.0, 1.0), "units": "mg"}
    settings: dict[str, Any] = {setting: {"age": values[setting]}}
    with pytest.raises(UnknownFeature, match="age"):
        KANRegressor(**settings).fit(X, Y)


@pytest.mark.parametrize(
    ("settings", "starts"),
    [
        ({"hidden": ()}, 1),
        ({"hidden": (1,)}, 4),
        ({"hidden": (2,)}, 2),
        ({"hidden": (5, 2)}, 8),
        ({"hidden": (5,)}, 1),
        ({"hidden": (5,), "restarts": 3}, 3),
        ({"hidden": (1,), "restarts": 1}, 1),
        ({"hidden": (1,), "optimizer": "adam"}, 1),
    ],
)
@pytest.mark.usefixtures("no_shape_checks")
def test_narrow_networks_get_more_random_starts(settings: dict[str, Any], starts: int) -> None:
    steps: list[int] = []
    model = KANRegressor(grid_size=3, steps=20, random_state=0, **settings)
    model.fit(X, Y, callback=lambda progress: steps.append(progress.step))
    assert steps.count(1) == (starts if settings.get("optimizer") != "adam" else 0)


@pytest.mark.parametrize(
    ("hidden", "optimizer", "steps", "share"),
    [((), "auto", 200, 0.0), ((2,), "auto", 200, 0.2), ((), "adam", 600, 0.0), ((2,), "lbfgs", 600, 0.2)],
)
def test_steps_and_held_out_rows_follow_from_optimizer_and_layers(
    hidden: tuple[int, ...], optimizer: Any, steps: int, share: float
) -> None:
    class Stopped(Exception):
        pass

    def stop(progress: Any) -> None:
        assert progress.steps == steps
        assert (progress.validation_loss is not None) == (share > 0)
        raise Stopped

    with pytest.raises(Stopped):
        KANRegressor(hidden, optimizer=optimizer, random_state=0).fit(X, Y, callback=stop)


def test_penalties_do_not_depend_on_the_number_of_rows_that_say_the_same() -> None:
    twice = np.vstack([X, X]), np.concatenate([Y, Y])
    once, again = (KANRegressor(smoothness=s, grid_eps=1.0) for s in (1.0, 2.0))
    np.testing.assert_allclose(again.fit(*twice).predict(X), once.fit(X, Y).predict(X), atol=1e-6)


EVERYTHING: dict[str, Any] = {
    "hidden": (2,),
    "grid_size": (3, 4),
    "degree": 2,
    "base": "identity",
    "grid_eps": {"age": 0.5},
    "smoothness": 0.5,
    "l1": 0.1,
    "entropy": 0.1,
    "optimizer": "gauss_newton",
    "steps": 3,
    "restarts": 2,
    "validation_fraction": 0.1,
    "monotone": {"age": 1},
    "categorical": ("ward",),
    "units": {"age": "years"},
    "domains": {"age": (-2.0, 2.0)},
    "random_state": 5,
}


def test_every_setting_survives_saving_and_the_loaded_estimator_can_be_fitted_anew(tmp_path: Path) -> None:
    table = {"age": X[:, 0], "ward": np.where(X[:, 1] > 0, "1", "2")}
    model = KANRegressor(**EVERYTHING).fit(table, Y)
    json.dumps(model.model_.training, allow_nan=False)
    model.save(tmp_path / "model")
    loaded = KANRegressor.load(tmp_path / "model")
    before, after = model.get_params(), loaded.get_params()
    assert before.keys() == after.keys()
    for name, value in before.items():
        plain = json.loads(json.dumps(value))
        assert json.loads(json.dumps(after[name])) == plain, name
    assert np.array_equal(clone(loaded).fit(table, Y).predict(table), model.predict(table))


@pytest.mark.usefixtures("no_shape_checks")
def test_numbers_of_numpy_are_stored_as_plain_ones() -> None:
    numbers: dict[str, Any] = {"grid_size": np.int64(3), "smoothness": np.float32(0.5), "random_state": np.int64(5)}
    domains: dict[str, Any] = {"x0": np.array([-1.0, 1.0])}
    model = KANRegressor(**numbers, domains=domains).fit(X, Y)
    configuration = json.loads(json.dumps(model.model_.training))["configuration"]
    assert {name: configuration[name] for name in numbers} == {"grid_size": 3, "smoothness": 0.5, "random_state": 5}
    assert configuration["domains"] == {"x0": [-1.0, 1.0]}


@pytest.mark.parametrize(
    "labels", [np.array([0, 1]), np.array([False, True]), np.array(["n", "y"]), np.array([1.0, 2])]
)
def test_weights_of_classes_survive_saving(labels: Any, tmp_path: Path) -> None:
    target = labels[(Y > 0.8).astype(int)]
    weights = dict(zip(labels, np.array([1.0, 4.0]), strict=True))
    model = KANClassifier(grid_size=3, class_weight=weights, random_state=0).fit(X, target)
    model.save(tmp_path / "model")
    loaded = KANClassifier.load(tmp_path / "model")
    assert loaded.class_weight == weights
    assert np.array_equal(clone(loaded).fit(X, target).predict_proba(X), model.predict_proba(X))
