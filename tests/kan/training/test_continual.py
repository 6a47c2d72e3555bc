"""Learning on from new rows: nothing is forgotten elsewhere; a linear problem is solved as from all rows."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from kan import KANClassifier, KANRegressor
from kan.errors import ArtifactCorrupted, InvalidTarget, TrainingDataUnavailable
from kan.losses import FAMILIES
from kan.network import Network
from kan.regularization import Penalties
from kan.serialization import dump, load
from kan.training.continual import remember, update
from kan.training.gauss_newton import GaussNewton, Regularization
from kan.training.parameters import Parameters
from kan.training.rows import Rows, weighted_rows
from kan.training.settings import Progress
from tests.kan.training.runs import settings, started

RNG = np.random.default_rng(0)
CENTRES = (-0.8, -0.4, 0.0, 0.4, 0.8)
X = RNG.uniform(-1, 1, (300, 2))
CURVES = np.sin(3 * X[:, 0]) + X[:, 1] ** 2
Y = CURVES + 0.1 * RNG.normal(size=300)
TEST = RNG.uniform(-1, 1, (500, 2))
DOMAINS = {"x0": (-1.0, 1.0), "x1": (-1.0, 1.0)}
PARTS = [slice(0, 100), slice(100, 180), slice(180, 300)]


def peaks(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    heights: npt.NDArray[np.float64] = np.exp(-300 * (x[:, None] - np.array(CENTRES)) ** 2).sum(axis=1)
    return heights


def around(centre: float, count: int) -> npt.NDArray[np.float64]:
    return np.linspace(centre - 0.2, centre + 0.2, count)


def peak_error(model: KANRegressor, centre: float) -> float:
    x = around(centre, 201)
    return float(np.sqrt(np.mean((model.predict(x[:, None]) - peaks(x)) ** 2)))


@pytest.mark.usefixtures("no_shape_checks")
@pytest.mark.parametrize("order", [CENTRES, CENTRES[::-1], (0.4, -0.8, 0.8, 0.0, -0.4)])
def test_peaks_that_are_learned_one_after_the_other_stay(order: tuple[float, ...]) -> None:
    model = KANRegressor(grid_size=200, domains={"x0": (-1.0, 1.0)}, random_state=0)
    known: dict[float, float] = {}
    for centre in order:
        x = around(centre, 100)
        model.partial_fit(x[:, None], peaks(x))
        for old, error in known.items():
            assert abs(peak_error(model, old) - error) < 1e-5
        known[centre] = peak_error(model, centre)
        assert known[centre] < 1e-3


def additive(smoothness: float, **more: Any) -> KANRegressor:
    return KANRegressor(smoothness=smoothness, grid_size=6, grid_eps=1.0, domains=DOMAINS, random_state=0, **more)


@pytest.mark.parametrize("smoothness", [0.0, 0.1, 1.0, 10.0])
@pytest.mark.parametrize("base", ["silu", "identity", "zero"])
def test_additive_model_learns_part_by_part_what_it_learns_at_once(base: str, smoothness: float) -> None:
    whole, parts = additive(smoothness, base=base).fit(X, Y), additive(smoothness, base=base)
    for part in PARTS:
        parts.partial_fit(X[part], Y[part])
    np.testing.assert_allclose(parts.predict(TEST), whole.predict(TEST), atol=1e-6)


def test_weighted_rows_count_in_every_part() -> None:
    weights = RNG.uniform(0.1, 3, 300)
    whole, parts = additive(0.0).fit(X, Y, weights), additive(0.0)
    for part in PARTS:
        parts.partial_fit(X[part], Y[part], weights[part] * 300 / weights.sum())
    # Weights say how rows of one table compare; so each part counts with its number of rows.
    shares = np.concatenate([weights[part] / weights[part].mean() for part in PARTS])
    again = additive(0.0).fit(X, Y, shares)
    np.testing.assert_allclose(parts.predict(TEST), again.predict(TEST), atol=1e-6)
    assert np.abs(whole.predict(TEST) - again.predict(TEST)).max() < 0.05


@pytest.mark.usefixtures("no_shape_checks")
def test_other_families_come_near_to_the_fit_to_all_rows() -> None:
    counts, labels = RNG.poisson(np.exp(CURVES)), np.where(Y > 0.4, "yes", "no")
    regressors = [additive(1.0, family="poisson") for _ in range(2)]
    classifiers = [
        KANClassifier(smoothness=1.0, grid_size=6, grid_eps=1.0, domains=DOMAINS, random_state=0) for _ in range(2)
    ]
    regressors[0].fit(X, counts)
    classifiers[0].fit(X, labels)
    for part in PARTS:
        regressors[1].partial_fit(X[part], counts[part])
        classifiers[1].partial_fit(X[part], labels[part], classes=["no", "yes"])
    rates = [one.predict(X) for one in regressors]
    assert np.abs(np.log(rates[1] / rates[0])).mean() < 0.1
    assert np.mean(classifiers[0].predict(X) == classifiers[1].predict(X)) > 0.95


def test_first_call_names_classes_that_come_later() -> None:
    labels = np.array(["a", "b", "c"])[np.digitize(CURVES, [0.0, 0.8])]
    first, model = labels != "c", KANClassifier(grid_size=4, random_state=0, domains=DOMAINS)
    model.partial_fit(X[first], labels[first], classes=["a", "b", "c"])
    assert model.classes_.tolist() == ["a", "b", "c"]
    assert model.model_.family == "multinomial"
    assert "c" not in model.predict(X)
    for _ in range(2):
        model.partial_fit(X, labels)
    assert model.score(X, labels) > 0.85


def test_class_that_was_not_named_is_refused_and_nothing_changes() -> None:
    labels, model = np.where(Y > 0.4, "yes", "no"), KANClassifier(grid_size=4, random_state=0)
    model.partial_fit(X, labels)
    before = model.model_
    with pytest.raises(InvalidTarget, match="maybe"):
        model.partial_fit(X[:3], np.array(["yes", "maybe", "no"]))
    assert model.model_ is before


def test_loaded_model_cannot_learn_on(tmp_path: Path) -> None:
    additive(1.0).fit(X, Y).save(tmp_path / "model")
    with pytest.raises(TrainingDataUnavailable, match="partial_fit"):
        KANRegressor.load(tmp_path / "model").partial_fit(X, Y)


@pytest.mark.parametrize("optimizer", ["gauss_newton", "lbfgs"])
@pytest.mark.parametrize("refined", [False, True])
def test_loaded_model_learns_on_with_its_data_as_if_it_had_never_been_away(
    optimizer: Any, refined: bool, tmp_path: Path
) -> None:
    old, new = slice(0, 180), slice(180, 300)
    model = KANRegressor(grid_size=6, domains=DOMAINS, optimizer=optimizer, random_state=0).fit(X[old], Y[old])
    if refined:
        model.simplify(max_edges=1)
    model.save(tmp_path / "model")
    loaded = KANRegressor.from_model(load((tmp_path / "model").read_bytes()), X[old], Y[old])
    expected = model.partial_fit(X[new], Y[new]).predict(TEST)
    np.testing.assert_allclose(loaded.partial_fit(X[new], Y[new]).predict(TEST), expected, atol=1e-6)
    assert model.model_.training == loaded.model_.training


@pytest.mark.parametrize(
    "change",
    [
        {"strengths": None},
        {"strengths": [[1.0]]},
        {"strengths": [[[[1.0]]] * 4]},
        {"strengths": [[[[1.0, -1.0]]] * 4]},
        {"dispersion": "much"},
        {"dispersion": 0.0},
        {"damping": float("nan")},
    ],
)
def test_noise_that_does_not_fit_the_network_is_refused(change: dict[str, Any]) -> None:
    model = additive(1.0).fit(X, Y).model_
    record = {**model.training, "regularization": {**model.training["regularization"], **change}}
    spoilt = KANRegressor.from_model(replace(model, training=record), X, Y)
    with pytest.raises(ArtifactCorrupted, match="regularization"):
        spoilt.partial_fit(X, Y)


def test_update_that_fails_changes_nothing() -> None:
    model = additive(1.0).fit(X[:100], Y[:100]).partial_fit(X[100:200], Y[100:200])
    again = additive(1.0).fit(X[:100], Y[:100]).partial_fit(X[100:200], Y[100:200])

    def cancel(progress: Progress) -> None:
        if progress.step == 2:
            raise KeyboardInterrupt

    before = dict(vars(model))
    with pytest.raises(KeyboardInterrupt):
        model.partial_fit(X[200:], Y[200:], callback=cancel)
    assert all(value is before[name] for name, value in vars(model).items())
    for one in (model, again):
        one.partial_fit(X[200:], Y[200:])
    assert dump(model.model_) == dump(again.model_)


def test_update_is_a_stage_of_the_record_and_renews_the_reference() -> None:
    model, seen = additive(1.0).partial_fit(X[:100], Y[:100]), []
    model.partial_fit(X[100:], Y[100:], callback=lambda progress: seen.append(progress.stage))
    assert [stage["stage"] for stage in model.model_.training["stages"]] == ["fit", "update"]
    assert set(seen) == {"update"}
    known = {tuple(row) for row in X[:100]}
    assert any(tuple(row) not in known for row in model.model_.reference.tolist())


def task(part: slice) -> Rows:
    return weighted_rows(torch.from_numpy(X[part]), torch.from_numpy(Y[part]).unsqueeze(1))


def fitted(rows: Rows, steps: int = 30) -> Network:
    network = started(task(slice(None)), hidden=(2,), grid_eps=1.0)
    engine = GaussNewton(network, rows, FAMILIES["gaussian"], Penalties(0.0, 0.0, 1e-3), Regularization(), memory=2**28)
    for _ in range(steps):
        engine.step(estimate=False)
    return network


def test_memory_is_the_matrix_of_all_rows_seen() -> None:
    first, second = task(PARTS[0]), task(PARTS[1])
    network, chosen = fitted(first), settings(penalties=Penalties(0.0, 0.0, 1e-3), grid_sizes=(5, 5))
    memory = remember(network, first, "gaussian", chosen, Regularization())
    updated, _, grown = update(network, memory, second, "gaussian", chosen)
    assert (memory.rows, grown.rows) == (100, 180)
    extra = remember(updated, second, "gaussian", chosen, Regularization())
    torch.testing.assert_close(grown.gram, memory.gram + extra.gram)


def test_update_leaves_the_network_it_began_with_alone() -> None:
    rows = task(PARTS[0])
    network, chosen = fitted(rows), settings(penalties=Penalties(0.0, 0.0, 1e-3), grid_sizes=(5, 5))
    memory = remember(network, rows, "gaussian", chosen, Regularization())
    before = Parameters(network).read()
    update(network, memory, task(PARTS[1]), "gaussian", chosen)
    assert torch.equal(Parameters(network).read(), before)


def test_update_with_hidden_layers_learns_from_rows_of_the_same_kind() -> None:
    network, chosen = fitted(task(PARTS[0])), settings(penalties=Penalties(0.0, 0.0, 1e-3), grid_sizes=(5, 5))
    memory = remember(network, task(PARTS[0]), "gaussian", chosen, Regularization())
    truth = torch.from_numpy(np.sin(3 * TEST[:, 0]) + TEST[:, 1] ** 2)

    def error(one: Network) -> float:
        with torch.no_grad():
            return float((one(torch.from_numpy(TEST))[:, 0] - truth).square().mean())

    errors = [error(network)]
    for part in PARTS[1:]:
        network, _, memory = update(network, memory, task(part), "gaussian", chosen)
        errors.append(error(network))
    assert errors[2] < 0.8 * errors[0]
    assert errors[2] < 2 * error(fitted(task(slice(None)))) + 1e-4
