"""What the estimators share: weights, families, tables of every difficult kind, and fits that fail or are resumed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kan import KANClassifier, KANRegressor
from kan.errors import InvalidTarget, NoRows, TooManyCategories, TrainingDiverged
from kan.losses import FamilyName
from kan.serialization import dump
from kan.training.settings import Progress

Array = npt.NDArray[np.float64]
RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (300, 3))
CURVES = np.sin(3 * X[:, 0]) + X[:, 1] ** 2
Y = CURVES + 0.2 * RNG.normal(size=300)
TEST = RNG.uniform(-1, 1, (500, 3))
TRUTH = np.sin(3 * TEST[:, 0]) + TEST[:, 1] ** 2
EVEN: dict[str, Any] = {"grid_eps": 1.0, "domains": {f"x{i}": (-1.0, 1.0) for i in range(3)}}
OPTIMIZERS: list[dict[str, Any]] = [
    {"optimizer": "gauss_newton"},
    {"optimizer": "adam", "steps": 300},
    {"optimizer": "adam", "steps": 300, "precision": "float32"},
    {"optimizer": "lbfgs", "steps": 60},
]


@pytest.mark.parametrize("settings", OPTIMIZERS)
@pytest.mark.parametrize("hidden", [(), (3,)])
@pytest.mark.usefixtures("no_shape_checks")
def test_every_optimizer_learns_regression_and_classes(settings: dict[str, Any], hidden: tuple[int, ...]) -> None:
    more = {"grid_size": 6, "random_state": 0, "restarts": 2} | settings
    regressor = KANRegressor(hidden, **more).fit(X, Y)
    labels = np.where(CURVES > 0.3, "yes", "no")
    classifier = KANClassifier(hidden, **more).fit(X, labels)
    assert regressor.score(TEST, TRUTH) > 0.95
    assert classifier.score(TEST, np.where(TRUTH > 0.3, "yes", "no")) > 0.93
    assert regressor.model_.training["stages"][0]["optimizer"] == settings["optimizer"]


@pytest.mark.parametrize("settings", [{"smoothness": 0.5}, {"smoothness": 0.5, "optimizer": "lbfgs", "steps": 200}])
def test_whole_number_weights_of_mean_one_are_repeated_rows(settings: dict[str, Any]) -> None:
    counts = RNG.permutation(np.repeat([0, 1, 2], 100))
    weighted, repeated = (KANRegressor(base="zero", grid_size=6, **EVEN, **settings) for _ in range(2))
    weighted.fit(X, Y, sample_weight=counts)
    repeated.fit(np.repeat(X, counts, axis=0), np.repeat(Y, counts))
    tolerance = 1e-6 if "optimizer" not in settings else 1e-2
    np.testing.assert_allclose(weighted.predict(TEST), repeated.predict(TEST), atol=tolerance)


def test_size_of_all_weights_does_not_matter() -> None:
    weights = RNG.uniform(0.5, 2, 300)
    first, second = (KANRegressor(grid_size=5).fit(X, Y, weights * factor) for factor in (1.0, 1e6))
    np.testing.assert_allclose(second.predict(TEST), first.predict(TEST), atol=1e-6)


@pytest.mark.parametrize(
    "weights", [np.full(300, -1.0), np.zeros(300), np.ones(299), np.ones((300, 2)), np.full(300, np.nan)]
)
def test_impossible_weights_are_refused(weights: Array) -> None:
    with pytest.raises(ValueError, match=r"sample_weight|inconsistent"):
        KANRegressor().fit(X, Y, sample_weight=weights)


def test_balanced_classes_count_alike() -> None:
    rare = (CURVES > 1.0) & (RNG.random(300) < 0.6)
    plain, balanced = (KANClassifier(grid_size=5, class_weight=how).fit(X, rare) for how in (None, "balanced"))
    expected = KANClassifier(grid_size=5).fit(
        X, rare, sample_weight=np.where(rare, 1 / rare.mean(), 1 / (~rare).mean())
    )
    np.testing.assert_allclose(balanced.predict_proba(TEST), expected.predict_proba(TEST), atol=1e-9)
    scores = [balanced_accuracy_score(TRUTH > 1.0, one.predict(TEST)) for one in (plain, balanced)]
    assert scores[1] > scores[0] + 0.05
    named = KANClassifier(grid_size=5, class_weight={False: 1.0, True: 1.0}).fit(X, rare)
    np.testing.assert_allclose(named.predict_proba(TEST), plain.predict_proba(TEST), atol=1e-9)


def test_exposure_is_taken_out_of_the_rate() -> None:
    exposure = RNG.uniform(0.1, 10, 2000)
    x = RNG.uniform(-1, 1, (2000, 2))
    rate = np.exp(np.sin(3 * x[:, 0]) - 0.5 * x[:, 1])
    model = KANRegressor(family="poisson", random_state=0)
    model.fit(x, RNG.poisson(rate * exposure), offset=np.log(exposure))
    assert np.abs(np.log(model.predict(x) / rate)).max() < 0.35
    assert np.abs(np.log(model.predict(x) / rate)).mean() < 0.05
    doubled = model.predict(x, offset=np.full(2000, np.log(2)))
    np.testing.assert_allclose(doubled, 2 * model.predict(x), rtol=1e-12)


def test_positive_amounts_are_learned_by_gamma() -> None:
    x = RNG.uniform(-1, 1, (2000, 2))
    mean = np.exp(4 + np.sin(3 * x[:, 0]))
    model = KANRegressor(family="gamma", random_state=0).fit(x, RNG.gamma(3.0, mean / 3.0))
    assert np.abs(np.log(model.predict(x) / mean)).mean() < 0.05
    assert model.model_.link == "log"
    assert model.model_.training["stages"][0]["dispersion"] == pytest.approx(1 / 3, rel=0.15)


@pytest.mark.parametrize(
    ("family", "target"),
    [("poisson", -(CURVES**2)), ("poisson", 0 * CURVES), ("gamma", CURVES**2 * 0), ("gamma", CURVES)],
)
def test_target_that_a_family_cannot_produce_is_refused(family: FamilyName, target: Array) -> None:
    with pytest.raises(InvalidTarget, match=family):
        KANRegressor(family=family).fit(X, target)


@pytest.mark.parametrize("estimator", [KANRegressor(), KANClassifier()])
def test_target_of_two_columns_and_tables_of_another_width_are_refused(estimator: Any) -> None:
    labels = Y > 0.3
    with pytest.raises(ValueError, match="1d array"):
        estimator.fit(X, np.column_stack([labels, labels]))
    estimator.fit(X, labels)
    with pytest.raises(ValueError, match="features"):
        estimator.predict(X[:, :2])
    with pytest.raises(ValueError, match="2D array"):
        estimator.predict(X[:, 0])
    with pytest.raises(ValueError, match=r"3[Dd]|dim"):
        estimator.fit(X.reshape(100, 3, 3), labels[:100])


@pytest.mark.parametrize("hidden", [(), (2,)])
@pytest.mark.parametrize("count", [2, 3, 5])
def test_few_rows_are_enough_for_an_answer(count: int, hidden: tuple[int, ...]) -> None:
    model = KANRegressor(hidden, steps=20, random_state=0).fit(X[:count], Y[:count])
    answers = model.predict(TEST)
    assert np.isfinite(answers).all()
    assert np.abs(answers).max() < 50
    with pytest.raises(NoRows):
        KANRegressor(hidden).fit(X[:1], Y[:1])


COLUMNS: dict[str, Array] = {
    "constant": np.full(300, 7.0),
    "binary": (X[:, 2] > 0).astype(float),
    "tied": np.round(2 * X[:, 2]),
    "nearly constant": 1e9 + 1e-3 * X[:, 2],
    "one other value": np.eye(300)[0],
    "subnormal": 1e-310 * X[:, 2],
    "far from zero": 1e15 + np.round(8 * X[:, 2]),
}


@pytest.mark.parametrize("hidden", [(), (2,)])
@pytest.mark.parametrize("name", COLUMNS)
def test_difficult_column_beside_good_ones_spoils_nothing(name: str, hidden: tuple[int, ...]) -> None:
    table = np.column_stack([X[:, :2], COLUMNS[name]])
    model = KANRegressor(hidden, grid_size=6, random_state=0, restarts=2, steps=60).fit(table, Y)
    assert model.score(table, CURVES) > 0.95


def test_binary_column_is_learned() -> None:
    binary = COLUMNS["binary"]
    model = KANRegressor(random_state=0).fit(np.column_stack([X[:, 0], binary]), 3 * binary + X[:, 0])
    steps = model.predict([[0.0, 1.0]]) - model.predict([[0.0, 0.0]])
    assert steps[0] == pytest.approx(3.0, abs=1e-3)


@pytest.mark.parametrize("size", [1e-12, 1e12])
def test_unit_of_features_and_target_does_not_matter(size: float) -> None:
    plain = KANRegressor(random_state=0).fit(X, Y)
    features, target = KANRegressor(random_state=0).fit(X * size, Y), KANRegressor(random_state=0).fit(X, Y * size)
    np.testing.assert_allclose(features.predict(TEST * size), plain.predict(TEST), atol=1e-4)
    np.testing.assert_allclose(target.predict(TEST) / size, plain.predict(TEST), atol=1e-4)


def test_order_of_the_columns_does_not_matter_for_an_additive_model() -> None:
    order = [2, 0, 1]
    plain, permuted = KANRegressor().fit(X, Y), KANRegressor().fit(X[:, order], Y)
    np.testing.assert_allclose(permuted.predict(TEST[:, order]), plain.predict(TEST), atol=1e-6)


def test_order_of_the_rows_does_not_matter_for_an_additive_model() -> None:
    order = RNG.permutation(300)
    plain, permuted = KANRegressor().fit(X, Y), KANRegressor().fit(X[order], Y[order])
    np.testing.assert_allclose(permuted.predict(TEST), plain.predict(TEST), atol=1e-6)


def test_gap_gets_an_answer_of_its_own() -> None:
    gaps = X.copy()
    gaps[:100, 0] = np.nan
    target = np.where(np.isnan(gaps[:, 0]), 5.0, gaps[:, 0])
    model = KANRegressor(random_state=0).fit(gaps, target)
    assert model.predict([[np.nan, 0.0, 0.0]])[0] == pytest.approx(5.0, abs=0.05)
    assert model.predict([[0.5, 0.0, 0.0]])[0] == pytest.approx(0.5, abs=0.05)


def test_identifiers_are_no_categories() -> None:
    names = [f"customer {row}" for row in range(10_000)]
    with pytest.raises(TooManyCategories, match="10000"):
        KANRegressor().fit({"name": names, "x": np.arange(10_000.0)}, np.arange(10_000.0))


def test_scikit_learn_can_validate_search_and_chain() -> None:
    model = KANRegressor(grid_size=4)
    X_sugar, y_sugar = load_diabetes(return_X_y=True)
    assert cross_val_score(model, X_sugar, y_sugar, cv=3).mean() > 0.42
    table = pd.DataFrame(X, columns=["a", "b", "c"]).assign(kind=np.where(X[:, 2] > 0, "p", "q"))
    scaled = ColumnTransformer([("numbers", StandardScaler(), ["a", "b", "c"])], remainder="passthrough")
    chain = make_pipeline(scaled, model)
    search = GridSearchCV(chain, {"kanregressor__grid_size": [2, 4], "kanregressor__degree": [1, 3]}, cv=2)
    assert search.fit(table, Y).best_score_ > 0.8
    again = clone(search.best_estimator_)
    assert again[-1].get_params() == search.best_estimator_[-1].get_params()
    assert np.array_equal(again.fit(table, Y).predict(table), search.best_estimator_.predict(table))


REFITTED: dict[str, tuple[type[KANRegressor | KANClassifier], Any, dict[str, Any], dict[str, Any]]] = {
    "balanced classes": (KANClassifier, CURVES > 1.0, {"class_weight": "balanced"}, {}),
    "weighted classes": (
        KANClassifier,
        np.digitize(CURVES, [0.0, 0.8]),
        {"class_weight": {0: 1.0, 1: 3.0, 2: 0.5}},
        {"sample_weight": np.linspace(0.5, 2, 300)},
    ),
    "weights": (KANRegressor, Y, {}, {"sample_weight": np.linspace(0, 2, 300)}),
    "exposure": (KANRegressor, np.round(Y**2), {"family": "poisson"}, {"offset": CURVES}),
}


@pytest.mark.parametrize("case", REFITTED)
def test_rows_count_alike_when_a_model_is_refitted_with_its_data(case: str) -> None:
    kind, target, settings, rows = REFITTED[case]
    model = kind(grid_size=4, random_state=0, **settings).fit(X, target, **rows)
    resumed: Any = kind.from_model(model.model_, X, target, **rows)
    assert dump(resumed.simplify(max_edges=2).model_) == dump(model.simplify(max_edges=2).model_)


@pytest.mark.parametrize(
    ("target", "rows", "reason"),
    [
        (Y, {"sample_weight": -np.ones(300)}, "sample_weight"),
        (Y, {"sample_weight": np.ones(299)}, "sample_weight"),
        (Y, {"offset": np.ones((300, 2))}, "offset"),
        (Y, {"offset": np.full(300, np.nan)}, "offset"),
        (Y[1:], {}, "inconsistent"),
        (np.full(300, np.nan), {}, "NaN"),
        (None, {}, "y is None"),
    ],
)
def test_data_that_fit_refuses_are_refused_for_a_model_too(target: Any, rows: dict[str, Any], reason: str) -> None:
    model = KANRegressor(grid_size=3, steps=5, random_state=0).fit(X, Y)
    with pytest.raises(ValueError, match=reason):
        KANRegressor.from_model(model.model_, X, target, **rows)


def diverge(_progress: Progress) -> None:
    raise TrainingDiverged("a callback says so")


FAILING: list[dict[str, Any]] = [
    {"X": X[:, :2], "y": np.zeros(300)},
    {"X": X[:, :2], "y": np.full(300, np.nan)},
    {"X": X[:, :2], "y": np.arange(300) % 3, "sample_weight": -np.ones(300)},
    {"X": X[:, :2], "y": np.arange(300) % 3, "callback": diverge},
    {"X": pd.DataFrame({"a": X[:, 0], "b": np.inf}), "y": np.arange(300) % 3},
]


@pytest.mark.parametrize("call", FAILING)
@pytest.mark.parametrize("again", [False, True])
def test_fit_that_fails_leaves_the_estimator_as_it_was(call: dict[str, Any], again: bool) -> None:
    model: Any = KANClassifier(grid_size=4, steps=5, random_state=0)
    if again:
        model.fit(pd.DataFrame(X, columns=["a", "b", "c"]), CURVES > 0.3)
    before = dict(vars(model))
    with pytest.raises((ValueError, TrainingDiverged)):
        model.fit(**call)
    assert vars(model).keys() == before.keys()
    assert all(value is before[name] for name, value in vars(model).items())


CHECKPOINTED: dict[str, Callable[[], Any]] = {
    "regressor": lambda: KANRegressor((2,), grid_size=6, restarts=1, random_state=3),
    "classifier": lambda: KANClassifier(grid_size=6, random_state=3),
}


@pytest.mark.usefixtures("no_shape_checks")
@pytest.mark.parametrize("kind", CHECKPOINTED)
def test_interrupted_fit_goes_on_to_the_same_bytes(kind: str, tmp_path: Path) -> None:
    target = Y > 0.3 if kind == "classifier" else Y
    whole = dump(CHECKPOINTED[kind]().fit(X, target).model_)
    file = tmp_path / "fit"

    def interrupt(progress: Progress) -> None:
        if progress.step == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        CHECKPOINTED[kind]().fit(X, target, callback=interrupt, checkpoint=file)
    assert file.exists()
    assert dump(CHECKPOINTED[kind]().fit(X, target, checkpoint=file).model_) == whole
    assert not file.exists()
