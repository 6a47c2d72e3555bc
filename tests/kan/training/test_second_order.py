"""Second-order runs: starts, finer grids, held-out rows, hidden domains."""

import itertools
import os
from collections.abc import Sequence
from typing import Any

import pytest
import torch

from kan.network import EdgeId, Network
from kan.training import normal_equations, second_order
from kan.training.gauss_newton import GaussNewton
from kan.training.history import History
from kan.training.rows import Rows, weighted_rows
from kan.training.settings import Progress
from kan.training.trainer import train
from tests.kan.training.runs import settings, started

GENERATOR = torch.Generator().manual_seed(0)


def function(x: torch.Tensor) -> torch.Tensor:
    """Return the example of the first paper on these networks."""
    return torch.exp(torch.sin(torch.pi * x[:, :1]) + x[:, 1:2] ** 2)


X = 2 * torch.rand(1000, 2, generator=GENERATOR, dtype=torch.float64) - 1
TEST = 2 * torch.rand(2000, 2, generator=GENERATOR, dtype=torch.float64) - 1
ROWS = weighted_rows(X, function(X))
SMALL = weighted_rows(X[:300], function(X[:300]))
NOISE = torch.randn(1000, 1, generator=GENERATOR, dtype=torch.float64)


def trained(
    rows: Rows, hidden: tuple[int, ...], grid_size: int, *, seeds: Sequence[int] = (0,), **changes: Any
) -> tuple[Network, History]:
    changes["grid_sizes"] = (grid_size,) * (len(hidden) + 1)
    starts = [started(rows, hidden=hidden, **(changes | {"seed": seed})) for seed in seeds]
    return train(starts, rows, "gaussian", settings(**changes))


def error(network: Network) -> float:
    with torch.no_grad():
        return float((network(TEST) - function(TEST)).square().mean().sqrt())


@pytest.mark.usefixtures("no_shape_checks")
def test_compositional_function_is_found_in_few_steps() -> None:
    network, history = trained(ROWS, (5,), 10, steps=60, validation_fraction=0.2)
    assert error(network) < 3e-3
    assert len(history.losses) <= 60 + second_order.SETTLE_ROUNDS * second_order.SETTLE_STEPS


@pytest.mark.usefixtures("no_shape_checks")
def test_steps_within_chance_end_a_run_on_noise_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(rows: Rows) -> int:
        return len(trained(rows, (3,), 10)[1].losses)

    noisy = weighted_rows(X, function(X) + 0.1 * NOISE)
    exact, chancy = steps(ROWS), steps(noisy)
    monkeypatch.setattr(second_order, "CHANCE", 0.0)
    assert steps(ROWS) == exact
    assert steps(noisy) > chancy


@pytest.mark.usefixtures("no_shape_checks")
def test_error_falls_with_the_fourth_power_of_the_grid() -> None:
    errors = [error(trained(ROWS, (1,), size, steps=150, validation_fraction=0.2)[0]) for size in (3, 6, 12, 24)]
    assert errors[1] < errors[0] / 2
    assert errors[2] < errors[1] / 8
    assert errors[3] < errors[2] / 8


@pytest.mark.usefixtures("no_shape_checks")
@pytest.mark.parametrize("hidden", [(3,), (3, 2)])
def test_every_row_lies_inside_every_hidden_domain(hidden: tuple[int, ...]) -> None:
    network, _ = trained(SMALL, hidden, 4, steps=25)
    trace = network.trace(SMALL.x)
    for position in range(1, len(hidden) + 1):
        lower, upper = network.layer(position).domain
        assert bool(((trace.inputs[position] >= lower) & (trace.inputs[position] <= upper)).all())


@pytest.mark.usefixtures("no_shape_checks")
def test_grids_end_at_the_sizes_that_were_asked_for_and_double_on_the_way() -> None:
    seen: list[Progress] = []
    sizes = (12, 5)
    network = started(SMALL, hidden=(2,), grid_sizes=sizes)
    assert [network.layer(at).grid_size for at in (0, 1)] == [3, 5]
    result, _ = train([network], SMALL, "gaussian", settings(grid_sizes=sizes), callback=seen.append)
    assert [result.layer(at).grid_size for at in (0, 1)] == [12, 5]
    assert sorted({one.grid_size for one in seen}) == [5, 6, 12]


def test_finer_grid_begins_near_where_the_coarse_one_ended() -> None:
    seen: list[Progress] = []
    network = started(SMALL, hidden=(2,), grid_sizes=(12, 12))
    train([network], SMALL, "gaussian", settings(grid_sizes=(12, 12)), callback=seen.append)
    for before, after in itertools.pairwise(seen):
        if after.grid_size > before.grid_size:
            assert after.loss < before.loss + 1e-3 < 0.01


def test_threads_of_a_large_table_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for work, processors in ((1e18, 1), (0.0, 2), (0.0, 3)):
        monkeypatch.setattr(normal_equations, "THREADED_WORK", work)
        monkeypatch.setattr(os, "cpu_count", lambda count=processors: count)
        network, _ = trained(SMALL, (2,), 4, steps=12, memory=2**20)
        found.append(network(TEST))
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


@pytest.mark.usefixtures("no_shape_checks")
def test_order_of_the_starts_changes_no_bit() -> None:
    first, _ = trained(SMALL, (2,), 3, seeds=(4, 5, 6), steps=40)
    second, _ = trained(SMALL, (2,), 3, seeds=(6, 4, 5), steps=40)
    assert torch.equal(first(TEST), second(TEST))


@pytest.mark.usefixtures("no_shape_checks")
def test_best_of_several_starts_goes_on() -> None:
    alone = [trained(SMALL, (1,), 3, seeds=(seed,))[1].losses[-1][1] for seed in (1, 2, 3)]
    together = trained(SMALL, (1,), 3, seeds=(1, 2, 3))[1].losses[-1][1]
    assert max(alone) > 100 * min(alone)  # narrow networks get stuck
    assert together == pytest.approx(min(alone), rel=0.05)


def test_refit_keeps_removed_edges_removed() -> None:
    network, _ = trained(SMALL, (3,), 4, steps=20)
    gone = [EdgeId(0, 0, 1), EdgeId(1, 2, 0)]
    for edge in gone:
        network = network.with_zero(edge)
    refitted, _ = train([network], SMALL, "gaussian", settings(grid_sizes=(4, 4), steps=20), stage="simplify")
    assert set(refitted.edges()) - set(refitted.active_edges()) == set(gone)
    assert not torch.equal(refitted(TEST), network(TEST))


@pytest.mark.usefixtures("no_shape_checks")
def test_refit_never_ends_worse_on_held_out_rows_than_it_began() -> None:
    rows = weighted_rows(X[:200], function(X[:200]) + NOISE[:200])
    changes: dict[str, Any] = {"grid_sizes": (5, 5), "validation_fraction": 0.2}
    first, before = train([started(rows, hidden=(3,), **changes)], rows, "gaussian", settings(**changes))
    _, after = train([first], rows, "gaussian", settings(**changes), stage="simplify")
    best = [min(loss for _, _, loss in one.losses if loss is not None) for one in (before, after)]
    assert best[1] <= best[0] * 1.05


@pytest.mark.usefixtures("no_shape_checks")
def test_network_that_learns_by_heart_is_the_iterate_that_did_best_on_held_out_rows() -> None:
    rows = weighted_rows(X[:150], NOISE[:150])
    changes: dict[str, Any] = {"grid_sizes": (20, 20), "validation_fraction": 0.3, "steps": 60}
    _, history = train([started(rows, hidden=(4,), **changes)], rows, "gaussian", settings(**changes))
    held_out = {step: loss for step, _, loss in history.losses if loss is not None}
    assert history.kept_step == min(held_out, key=lambda step: held_out[step])
    assert held_out[max(held_out)] > held_out[history.kept_step]


@pytest.mark.usefixtures("no_shape_checks")
def test_run_that_learns_nothing_by_heart_ends_with_all_rows() -> None:
    rows = weighted_rows(X, function(X) + 0.1 * NOISE)
    _, history = trained(rows, (2,), 4, validation_fraction=0.2)
    step, _, loss = history.losses[-1]
    assert loss is None
    assert history.kept_step == step


@pytest.mark.parametrize("hidden", [(), (2,)])
def test_large_table_is_met_by_a_sample_first(hidden: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(second_order, "SAMPLE_ROWS", 100)
    monkeypatch.setattr(second_order, "SAMPLE_PER_PARAMETER", 1)
    original = GaussNewton

    def counted(network: Network, rows: Rows, *arguments: Any, **more: Any) -> Any:
        seen.append(len(rows))
        return original(network, rows, *arguments, **more)

    monkeypatch.setattr(second_order, "GaussNewton", counted)
    network, _ = trained(ROWS, hidden, 3, steps=60)
    assert (seen[0], seen[-1]) == (100, 1000)
    assert float((network(X) - ROWS.target).detach().square().mean()) < (0.3 if hidden else 1.5)


def test_steps_are_the_most_that_a_stage_takes() -> None:
    for steps in (1, 7):
        _, history = trained(SMALL, (2,), 6, steps=steps, validation_fraction=0.2)
        taken = [step for step, _, _ in history.losses]
        assert taken[:steps] == list(range(1, steps + 1))
        assert len(taken) <= steps + second_order.SETTLE_ROUNDS * second_order.SETTLE_STEPS
