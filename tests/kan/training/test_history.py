"""What a run tells, and which network it keeps."""

import pytest
import torch

from kan.network import Network
from kan.training.history import Recorder
from kan.training.settings import Progress
from tests.kan.random_models import MIXED, random_network, random_rows

ROWS = random_rows(MIXED, 20, seed=1)


def moved(network: Network) -> None:
    with torch.no_grad():
        network.layer(0).bias.add_(1.0)


def recorder(seen: list[Progress] | None = None) -> Recorder:
    return Recorder("fit", 10, "adam", None if seen is None else seen.append)


def test_network_that_did_best_comes_back_as_it_was_then() -> None:
    network, one, outputs = random_network(MIXED, (2, 1), seed=0), recorder(), []
    for step, loss in enumerate([0.9, 0.3, 0.5, 0.3], start=1):
        outputs.append(network(ROWS))
        one.report(network, step, 0.0, loss)
        moved(network)
    assert one.history.kept_step == 2  # the first of two that did as well
    best = one.best_network()
    assert best is not None
    assert torch.equal(best(ROWS), outputs[1])
    assert (one.first, one.best) == (0.9, 0.3)


def test_sparsity_counts_beside_the_held_out_loss() -> None:
    dense, sparse, one = random_network(MIXED, (1,), seed=0), random_network(MIXED, (1,), seed=1), recorder()
    one.report(dense, 1, 0.0, 0.2, sparsity=0.3)
    one.report(sparse, 2, 0.0, 0.25, sparsity=0.1)
    assert (one.history.kept_step, one.first, one.best) == (2, 0.5, 0.35)
    assert [loss for _, _, loss in one.history.losses] == [0.2, 0.25]


def test_best_network_may_be_one_of_several_on_different_grids() -> None:
    coarse, fine = random_network(MIXED, (1,), seed=0), random_network(MIXED, (1,), seed=0, grid_size=8)
    one = recorder()
    one.report(coarse, 1, 0.0, 0.2)
    one.report(fine, 2, 0.0, 0.4)
    best = one.best_network()
    assert best is not None
    assert best.layer(0).grid_size == 4


def test_without_held_out_rows_no_network_is_kept() -> None:
    one = recorder()
    one.report(random_network(MIXED, (1,), seed=0), 1, 0.5, None)
    assert one.best_network() is None
    assert one.history.losses == [(1, 0.5, None)]


def test_loss_that_is_not_a_number_is_never_the_best() -> None:
    network, one = random_network(MIXED, (1,), seed=0), recorder()
    for step, loss in enumerate([0.5, float("nan"), float("inf")], start=1):
        one.report(network, step, 0.0, loss)
    assert (one.best, one.history.kept_step) == (0.5, 1)


def test_callback_hears_of_every_step() -> None:
    seen: list[Progress] = []
    network, one = random_network(MIXED, (2, 1), seed=0, grid_size=6), recorder(seen)
    one.report(network, 3, 0.25, 0.5, damping=1e-3)
    (progress,) = seen
    assert progress.seconds >= 0
    assert vars(progress) == {
        "stage": "fit",
        "step": 3,
        "steps": 10,
        "loss": 0.25,
        "validation_loss": 0.5,
        "active_edges": 8,
        "optimizer": "adam",
        "damping": 1e-3,
        "grid_size": 6,
        "seconds": progress.seconds,
    }


def test_step_that_is_told_never_exceeds_the_number_of_steps() -> None:
    seen: list[Progress] = []
    recorder(seen).report(random_network(MIXED, (1,), seed=0), 13, 0.25, None)
    assert seen[0].step == 10


def test_what_the_callback_raises_passes_through_after_the_step_is_recorded() -> None:
    def cancel(_progress: Progress) -> None:
        raise KeyboardInterrupt

    one = Recorder("fit", 10, "adam", cancel)
    with pytest.raises(KeyboardInterrupt):
        one.report(random_network(MIXED, (1,), seed=0), 1, 0.5, 0.25)
    assert (one.history.losses, one.best) == ([(1, 0.5, 0.25)], 0.25)
