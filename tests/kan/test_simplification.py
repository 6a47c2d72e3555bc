"""Fewer edges for nearly the same loss."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from sklearn.metrics import log_loss

from kan import KANClassifier, KANRegressor
from kan.errors import InvalidSetting, NoEdgesLeft, TrainingDiverged
from kan.losses import FAMILIES
from kan.network import EdgeId, Network
from kan.serialization import dump, load
from kan.simplification import Simplification, simplify
from kan.training.history import History
from kan.training.rows import Rows, split, weighted_rows
from kan.training.settings import Progress, ProgressCallback
from kan.training.trainer import train
from tests.kan.training.runs import settings, started

GENERATOR = torch.Generator().manual_seed(0)
X = 2 * torch.rand(600, 4, generator=GENERATOR, dtype=torch.float64) - 1
FUNCTION = X[:, :1] ** 2 + 0.3 * X[:, 1:2] + 0.1 * X[:, 2:3] ** 3  # the last input does nothing
NOISE = torch.randn(600, 1, generator=GENERATOR, dtype=torch.float64)
ROWS = weighted_rows(X, FUNCTION + 0.05 * NOISE)


def trained(rows: Rows = ROWS, hidden: tuple[int, ...] = (), **changes: Any) -> Network:
    changes = {"grid_sizes": (5,) * (len(hidden) + 1)} | changes
    return train([started(rows, hidden=hidden, **changes)], rows, "gaussian", settings(**changes))[0]


def smaller(
    network: Network,
    rows: Rows = ROWS,
    tolerance: float = 0.01,
    max_edges: int | None = None,
    callback: ProgressCallback | None = None,
    **changes: Any,
) -> tuple[Network, History, Simplification]:
    changes = {"grid_sizes": (5,) * len(network.layers)} | changes
    chosen = settings(**changes)
    return simplify(network, rows, "gaussian", chosen, tolerance=tolerance, max_edges=max_edges, callback=callback)


def noisy_classes(generator: np.random.Generator, count: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    x = generator.uniform(-1, 1, (count, 8))
    chance = 1 / (1 + np.exp(-3 * x[:, 0] * x[:, 1] - 2 * np.sin(3 * x[:, 2])))
    return x, (generator.uniform(size=count) < chance).astype(int)


@pytest.mark.usefixtures("no_shape_checks")
def test_input_that_does_nothing_is_removed_from_a_deep_network() -> None:
    x = X[:400].numpy()
    model = KANRegressor((5,), grid_size=5, random_state=0, restarts=1).fit(x, FUNCTION[:400, 0].numpy())
    model.simplify(tolerance=1e-3)
    edges = model.model_.network.active_edges()
    assert {edge.source for edge in edges if edge.layer == 0} == {0, 1, 2}
    assert len(edges) <= 10
    assert model.score(X[400:].numpy(), FUNCTION[400:, 0].numpy()) > 0.998


def test_additive_network_keeps_the_inputs_that_matter() -> None:
    network, _, record = smaller(trained(), tolerance=1e-3)
    assert {edge.source for edge in network.active_edges()} == {0, 1, 2}
    assert (record.edges_before, record.edges_after) == (4, 3)


@pytest.mark.usefixtures("no_shape_checks")
@pytest.mark.parametrize("changes", [{}, {"validation_fraction": 0.2}])
@pytest.mark.parametrize("hidden", [(), (4,)])
def test_record_says_what_was_compared(hidden: tuple[int, ...], changes: dict[str, Any]) -> None:
    network = trained(hidden=hidden, **changes)
    found, history, record = smaller(network, **changes)
    assert record.edges_before == len(network.active_edges())
    assert record.edges_after == len(found.active_edges()) <= record.edges_before
    assert record.loss_after <= record.largest_loss * 1.02
    training, held_out = split(ROWS, FAMILIES["gaussian"], settings(**changes).validation_fraction, generator())
    compared = training if held_out is None else held_out
    constant = float((compared.target - training.target.mean()).square().mean()) / 2
    expected = record.loss_before + 0.01 * (constant - record.loss_before)
    assert record.largest_loss == pytest.approx(expected, rel=1e-9)
    with torch.no_grad():
        loss = float(compared.loss(FAMILIES["gaussian"], found(compared.x)))
    assert record.loss_after == pytest.approx(loss, rel=1e-3)
    assert history.losses


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("limit", [1, 2])
def test_no_more_edges_stay_than_allowed_whatever_it_costs(limit: int) -> None:
    found, _, record = smaller(trained(), tolerance=1e-3, max_edges=limit)
    assert {edge.source for edge in found.active_edges()} == set(range(limit))
    assert record.loss_after > record.largest_loss


@pytest.mark.usefixtures("no_shape_checks")
def test_edges_of_a_deep_network_that_stay_form_paths() -> None:
    found, _, _ = smaller(trained(hidden=(4,), steps=60), max_edges=6, steps=60)
    edges = found.active_edges()
    assert len(edges) <= 6
    assert {edge.target for edge in edges if edge.layer == 0} == {edge.source for edge in edges if edge.layer == 1}


def test_larger_tolerance_leaves_fewer_edges() -> None:
    network = trained()
    counts = [len(smaller(network, tolerance=one)[0].active_edges()) for one in (0.0, 0.01, 0.3, 0.99)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] >= 3
    assert counts[-1] == 1


@pytest.mark.usefixtures("no_shape_checks")
@pytest.mark.parametrize("seed", [3, 4])
def test_small_tolerance_leaves_the_fewest_edges_of_a_function_without_noise(seed: int) -> None:
    x = np.random.default_rng(seed).uniform(-1, 1, (1000, 2))
    y = np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2)
    model = KANRegressor((5,), random_state=seed, steps=50).fit(x, y).simplify(1e-5)
    assert len(model.model_.network.active_edges()) == 3
    assert model.score(x, y) > 1 - 1e-5


@pytest.mark.usefixtures("no_shape_checks")
@pytest.mark.parametrize("seed", [0, 2])
def test_network_of_a_noisy_table_answers_new_rows_no_worse(seed: int) -> None:
    generator = np.random.default_rng(seed)
    (x, y), (new_x, new_y) = (noisy_classes(generator, count) for count in (700, 5000))
    model = KANClassifier((4,), random_state=seed).fit(x, y)
    before = log_loss(new_y, model.predict_proba(new_x))
    model.simplify()
    assert log_loss(new_y, model.predict_proba(new_x)) < before
    assert len(model.model_.network.active_edges()) <= 12


def test_network_of_which_no_edge_can_go_is_no_other() -> None:
    rows = weighted_rows(X, FUNCTION + X[:, 3:])
    network = trained(rows)
    kept, _, record = smaller(network, rows, tolerance=0.0, steps=1)
    assert record.edges_after == record.edges_before == 4
    gaussian = FAMILIES["gaussian"]
    assert rows.loss_of(gaussian, kept) <= rows.loss_of(gaussian, network) * (1 + 1e-9)


def test_network_that_is_simplified_stays_as_it_was() -> None:
    network = trained()
    before = network(X)
    smaller(network, max_edges=1)
    assert torch.equal(network(X), before)


def test_smaller_network_is_centred_and_refitted() -> None:
    found, _, _ = smaller(trained(), max_edges=1)
    (activations,) = found.trace(X).activations
    assert float(activations.mean(dim=0).detach().abs().max()) < 1e-12
    best = trained(weighted_rows(X[:, :1], ROWS.target))
    losses = [float((one - ROWS.target).square().mean().detach()) for one in (found(X), best(X[:, :1]))]
    assert losses[0] == pytest.approx(losses[1], rel=0.01)


@pytest.mark.parametrize(("tolerance", "limit"), [(-0.1, None), (1.0, None), (float("nan"), None), (0.1, 0)])
def test_settings_out_of_range_are_refused(tolerance: float, limit: int | None) -> None:
    with pytest.raises(InvalidSetting, match=r"tolerance|max_edges"):
        smaller(trained(steps=3), tolerance=tolerance, max_edges=limit)


def test_limit_below_every_path_is_refused() -> None:
    with pytest.raises(NoEdgesLeft):
        smaller(trained(hidden=(2,), steps=10), max_edges=1, steps=10)


def test_removed_edges_do_not_come_back() -> None:
    gone = EdgeId(0, 0, 0)
    network = trained().with_zero(gone)
    assert gone not in smaller(network, tolerance=0.0)[0].active_edges()


def test_stage_tells_its_steps_and_can_be_stopped() -> None:
    model, seen = KANRegressor(grid_size=4, random_state=0).fit(X.numpy(), FUNCTION[:, 0].numpy()), []
    before = model.model_

    def cancel(progress: Progress) -> None:
        seen.append(progress.stage)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.simplify(callback=cancel)
    assert model.model_ is before
    assert seen == ["compare"]
    stages = []
    model.simplify(callback=lambda progress: stages.append(progress.stage))
    assert list(dict.fromkeys(stages)) == ["compare", "simplify"]


@pytest.mark.usefixtures("no_shape_checks")
@pytest.mark.parametrize("hidden", [(), (2,)])
def test_trial_that_diverges_costs_too_much(hidden: tuple[int, ...]) -> None:
    network = trained(hidden=hidden, steps=20)
    fewest = len(network.active_edges()) - 1

    def diverge(progress: Progress) -> None:
        if progress.stage == "compare" and progress.active_edges < fewest:
            raise TrainingDiverged("an edge is missed")

    found, _, record = smaller(network, tolerance=0.9, callback=diverge, steps=20)
    assert len(found.active_edges()) == record.edges_after == fewest


def test_limit_is_kept_where_every_trial_diverges() -> None:
    def diverge(progress: Progress) -> None:
        if progress.stage == "compare" and progress.active_edges < 4:
            raise TrainingDiverged("an edge is missed")

    assert len(smaller(trained(), max_edges=2, callback=diverge)[0].active_edges()) == 2


def test_last_training_that_diverges_is_an_error() -> None:
    def diverge(progress: Progress) -> None:
        if progress.stage == "simplify":
            raise TrainingDiverged("a callback says so")

    with pytest.raises(TrainingDiverged):
        smaller(trained(), tolerance=1e-3, callback=diverge)


def test_class_without_an_edge_is_still_predicted_and_explained() -> None:
    x = X.numpy()
    labels = np.array(["low", "middle", "high"])[np.digitize(x[:, 0], [-0.3, 0.3])]
    model = KANClassifier(grid_size=4, random_state=0).fit(x, labels).simplify(max_edges=2)
    classes = {edge.target for edge in model.model_.network.active_edges()}
    (alone,) = set(range(3)) - classes
    assert model.score(x, labels) > 0.9
    assert set(model.predict(x)) == set(labels)
    assert np.isfinite(model.predict_proba(x)).all()
    assert np.ptp(model.decision_function(x)[:, alone]) == 0
    flow = model.explain(x[:3], output=alone)
    assert float(flow.feature_contributions.abs().max()) == 0
    assert flow.base_value == pytest.approx(model.decision_function(x)[0, alone])
    assert float(model.formula()[alone]) == pytest.approx(model.decision_function(x)[0, alone])
    again = KANClassifier.from_model(load(dump(model.model_)), x, labels)
    assert np.array_equal(again.predict_proba(x), model.predict_proba(x))
    assert again.symbolify().score(x, labels) > 0.8


def test_record_of_an_estimator_says_what_it_cost() -> None:
    labels = np.where(FUNCTION[:, 0].numpy() + 0.1 * NOISE[:, 0].numpy() > 0.3, "yes", "no")
    model = KANClassifier(grid_size=4, random_state=0).fit(X.numpy(), labels).simplify(tolerance=0.02)
    stage = json.loads(json.dumps(model.model_.training["stages"][-1]))
    assert stage["stage"] == "simplify"
    assert stage["edges_before"] == 4
    assert stage["edges_after"] == stage["active_edges"] == len(model.model_.network.active_edges()) < 4
    assert stage["loss_before"] <= stage["largest_loss"]
    assert stage["loss_after"] <= stage["largest_loss"] * 1.02
