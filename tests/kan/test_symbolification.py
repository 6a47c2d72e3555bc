"""Formulas for splines: recovered exactly where the data are formulas, refused where they cost too much."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from kan import symbolification
from kan.errors import InvalidFormula, InvalidSetting, TrainingDiverged, UnknownFunction
from kan.estimator import KANClassifier, KANRegressor
from kan.network import EdgeId, Network
from kan.serialization import dump
from kan.snapping import reference_grid
from kan.training.history import History
from kan.training.settings import Progress

Array = npt.NDArray[np.float64]
LIBRARY = ("square", "sin", "exp", "abs", "linear")  # a few, so that tests of other things are quick
DOMAINS = {"x0": (-1.0, 1.0), "x1": (-1.0, 1.0)}


def inputs(rows: int = 300, seed: int = 0, columns: int = 2) -> Array:
    return np.random.default_rng(seed).uniform(-1, 1, (rows, columns))


def textbook(X: Array) -> Array:
    values: Array = np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)
    return values


def record(model: KANRegressor | KANClassifier) -> dict[str, Any]:
    found: dict[str, Any] = model.model_.training["stages"][-1]
    return found


def forms(model: KANRegressor | KANClassifier) -> list[str]:
    network = model.model_.network
    return [network.form(edge) for edge in network.active_edges()]


def test_formula_of_two_layers_is_recovered_to_rounding() -> None:
    X, test = inputs(), inputs(2000, seed=1)
    model = KANRegressor(hidden=(1,), domains=DOMAINS, random_state=0).fit(X, textbook(X))
    grids = [reference_grid(model.model_, EdgeId(0, source, 0)) for source in (0, 1)]
    model.symbolify()
    assert [edge["grid"] for edge in record(model)["edges"][:2]] == [grid.digest for grid in grids if grid]
    assert np.sqrt(np.mean((model.predict(test) - textbook(test)) ** 2)) < 1e-9
    assert [edge["function"] for edge in record(model)["edges"]] == ["sin", "square", "exp"]
    assert all(edge["stability"] > 0.9 and edge["cost"] < 1e-3 for edge in record(model)["edges"])
    assert all(edge["tolerances"][0] <= 0.005 <= edge["tolerances"][1] for edge in record(model)["edges"])


def test_product_is_recovered_after_simplification() -> None:
    X = inputs()
    model = KANRegressor(hidden=(2,), random_state=0).fit(X, X[:, 0] * X[:, 1]).simplify(1e-5).symbolify(1e-5, LIBRARY)
    assert np.sqrt(np.mean((model.predict(X) - X[:, 0] * X[:, 1]) ** 2)) < 1e-9
    assert set(forms(model)) == {"symbolic"}


def test_formula_that_the_best_forms_of_the_splines_miss_is_found_from_simpler_ones() -> None:
    X = inputs(columns=3)
    y = X[:, 0] * np.sin(X[:, 1]) + X[:, 2] ** 2
    domains = {f"x{source}": (-1.0, 1.0) for source in range(3)}
    model = KANRegressor(hidden=(3,), grid_size=6, domains=domains, random_state=0).fit(X, y).simplify(1e-5)
    model.symbolify(library=["linear", "square", "sin", "turning_cubic"])
    assert np.sqrt(np.mean((model.predict(X) - y) ** 2)) < 1e-9
    assert {edge["function"] for edge in record(model)["edges"]} == {"linear", "square", "sin"}


@pytest.mark.parametrize("tolerance", [0.0, 1e-9])
def test_jagged_edge_stays_a_spline_where_hardly_anything_may_be_lost(tolerance: float) -> None:
    X = inputs(600, columns=1)
    jagged = np.abs((X[:, 0] * 4) % 2 - 1) + 0.3 * (X[:, 0] > 0.2) + 0.05 * np.random.default_rng(1).normal(size=600)
    model = KANRegressor(grid_size=20, random_state=0).fit(X, jagged)
    before = dump(model.model_)
    network = model.model_.network
    model.symbolify(tolerance)
    (edge,) = record(model)["edges"]
    assert (edge["function"], edge["r2"], edge["cost"], edge["stability"]) == (None, None, None, None)
    assert edge["tolerances"][0] <= tolerance < edge["tolerances"][1] < 1
    assert forms(model) == ["spline"]
    assert model.model_.network is network
    assert record(model)["loss_formulas"] == record(model)["loss_splines"]
    assert dump(model.model_) != before  # the record of what was tried


TASKS: list[Callable[[Array], Array]] = [
    lambda X: np.sin(3 * X[:, 0]) + X[:, 1] ** 2,
    lambda X: np.exp(X[:, 0]) - np.abs(X[:, 1]),
    lambda X: np.floor(3 * X[:, 0]) + X[:, 1],
    lambda X: np.tanh(5 * X[:, 0]) * 2,
    lambda X: np.cos(9 * X[:, 0]) + np.sin(7 * X[:, 0]) + X[:, 1] ** 3,
]


@pytest.mark.parametrize("tolerance", [0.002, 0.2])
@pytest.mark.parametrize("task", range(len(TASKS)))
def test_loss_on_held_out_rows_stays_within_the_tolerance(task: int, tolerance: float) -> None:
    X = inputs(150, seed=task)
    y = TASKS[task](X) + 0.1 * np.random.default_rng(task).normal(size=150)
    model = KANRegressor(random_state=task, steps=20, grid_size=5).fit(X, y).symbolify(tolerance, LIBRARY)
    found = record(model)
    assert found["loss_formulas"] <= found["largest_loss"]
    assert found["largest_loss"] >= found["loss_splines"]
    assert {edge["edge"] for edge in found["edges"]} == {"0.0.0", "0.1.0"}
    for edge in found["edges"]:
        assert (edge["function"] is None) == (model.model_.network.form(EdgeId.parse(edge["edge"])) == "spline")
        assert edge["function"] is None or edge["function"] in edge["rivals"]


@pytest.mark.parametrize("library", [["sin", "square", "log(1 + x^2)"], ["log(1+x^2)"]])
def test_library_limits_the_choice_and_takes_formulas(library: list[str]) -> None:
    X = inputs(200, columns=1)
    model = KANRegressor(random_state=0).fit(X, np.log(1 + (3 * X[:, 0] + 0.5) ** 2)).symbolify(library=library)
    (edge,) = record(model)["edges"]
    assert edge["function"] == "log(1.0 + x^2)"
    assert edge["r2"] > 0.9999
    assert set(edge["rivals"]) <= {"sin", "square", "log(1.0 + x^2)"}
    form = model.model_.network.symbolic_form(EdgeId(0, 0, 0))
    assert form is not None
    assert (abs(form.a), abs(form.b)) == pytest.approx((3.0, 0.5), abs=1e-3)


@pytest.mark.parametrize(
    ("library", "error"), [([], InvalidSetting), (["cosh"], UnknownFunction), (["1/0"], InvalidFormula)]
)
def test_library_without_a_usable_function_is_refused(library: list[str], error: type[Exception]) -> None:
    X = inputs(60, columns=1)
    model = KANRegressor(random_state=0, steps=5).fit(X, X[:, 0])
    with pytest.raises(error):
        model.symbolify(library=library)


@pytest.mark.parametrize("tolerance", [-0.1, 1.0, float("nan")])
def test_tolerance_that_is_no_share_is_refused(tolerance: float) -> None:
    X = inputs(60, columns=1)
    with pytest.raises(InvalidSetting, match="tolerance"):
        KANRegressor(random_state=0, steps=5).fit(X, X[:, 0]).symbolify(tolerance)


def test_same_seed_gives_the_same_model_to_the_last_bit() -> None:
    X = inputs(100)
    once, again = (
        dump(KANRegressor(random_state=3, steps=20).fit(X, textbook(X)).symbolify(0.05, LIBRARY).model_)
        for _ in range(2)
    )
    assert once == again


def test_refit_that_diverges_leaves_the_network_that_was_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    def diverging(*_: object, **__: object) -> None:
        raise TrainingDiverged("a formula ran into its pole")

    monkeypatch.setattr(symbolification, "train", diverging)
    X = inputs(150, columns=1)
    model = KANRegressor(random_state=0, steps=30).fit(X, X[:, 0] ** 2).symbolify(library=LIBRARY)
    assert forms(model) == ["symbolic"]
    assert np.abs(model.predict(X) - X[:, 0] ** 2).max() < 1e-6


def test_refit_that_moves_a_pole_into_the_domain_leaves_the_network_that_was_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def led_astray(networks: list[Network], *_: object, **__: object) -> tuple[Network, History]:
        network = networks[0].copy()
        with torch.no_grad():
            network.layer(0).coefficients[0, 1] = 0.5  # of x in [-1, 1]: a pole at -0.5, between the rows
        return network, History()

    monkeypatch.setattr(symbolification, "train", led_astray)
    X = inputs(150, columns=1)
    y = 1 / (X[:, 0] + 1.3) + 0.001 * np.random.default_rng(2).normal(size=150)
    model = KANRegressor(random_state=0, steps=30).fit(X, y).symbolify(library=("reciprocal",))
    assert forms(model) == ["symbolic"]
    assert np.abs(model.predict(X) - 1 / (X[:, 0] + 1.3)).max() < 0.01


def test_model_without_splines_stays_as_it_is() -> None:
    colours = {"colour": [("red", "blue", "green")[row % 3] for row in range(90)]}
    tables = KANRegressor(random_state=0).fit(colours, np.arange(90) % 3.0)
    X = inputs(200, columns=1)
    formulas = KANRegressor(random_state=0).fit(X, X[:, 0] ** 2).symbolify(library=LIBRARY)
    for model in (tables, formulas):
        network = model.model_.network
        assert model.symbolify().model_.network is network
        assert record(model)["edges"] == ()


def test_constant_target_stays_as_it_is() -> None:
    X = inputs(100, columns=1)
    model = KANRegressor(random_state=0).fit(X, np.ones(100)).symbolify()
    np.testing.assert_allclose(model.predict(X), 1.0)


def test_edge_that_is_held_to_rise_gets_a_formula_that_rises() -> None:
    X = inputs(300)
    y = np.sin(3 * X[:, 0]) + X[:, 1] + 0.05 * np.random.default_rng(0).normal(size=300)
    model = KANRegressor(monotone={"x0": 1, "x1": 1}, random_state=0, steps=30).fit(X, y).symbolify(0.5, LIBRARY)
    assert "symbolic" in forms(model)
    grid = np.linspace(-3, 3, 601)
    for column in (0, 1):
        answers = model.predict(np.stack([grid if at == column else np.zeros(601) for at in (0, 1)], axis=1))
        assert np.diff(answers).min() > -1e-12


def test_classifier_gets_formulas_too() -> None:
    X = inputs(400)
    labels = np.random.default_rng(0).random(400) < 1 / (1 + np.exp(-4 * np.sin(2 * X[:, 0]) - 2 * X[:, 1]))
    model = KANClassifier(random_state=0, steps=30).fit(X, labels).symbolify(0.05, LIBRARY)
    assert record(model)["loss_formulas"] <= record(model)["largest_loss"]
    assert "symbolic" in forms(model)


class Cancelled(Exception):
    """The caller wants no more."""


def test_callback_sees_the_comparisons_and_can_cancel_them() -> None:
    X = inputs(150)
    model = KANRegressor(random_state=0, steps=30).fit(X, textbook(X))
    stages: list[str] = []
    before = model.model_

    def cancel(progress: Progress) -> None:
        stages.append(progress.stage)
        if len(stages) == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        model.symbolify(callback=cancel)
    assert stages == ["compare"] * 5
    assert model.model_ is before
    model.symbolify(0.5, LIBRARY, callback=lambda progress: stages.append(progress.stage))
    assert set(stages) == {"compare", "symbolify"}
