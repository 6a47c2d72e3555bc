"""An interrupted training goes on as if nothing had happened."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from kan.errors import CheckpointRefused
from kan.network import Network
from kan.training import first_order, second_order
from kan.training.history import History
from kan.training.knots import hidden_fit
from kan.training.rows import Rows, weighted_rows
from kan.training.settings import Progress
from kan.training.trainer import train
from tests.kan.training.runs import settings, started

GENERATOR = torch.Generator().manual_seed(0)
X = 2 * torch.rand(150, 2, generator=GENERATOR, dtype=torch.float64) - 1
Y = torch.exp(torch.sin(torch.pi * X[:, :1]) + X[:, 1:] ** 2)
Y = Y + 0.1 * torch.randn(150, 1, generator=GENERATOR, dtype=torch.float64)
ROWS = weighted_rows(X, Y)
RUNS: dict[str, dict[str, Any]] = {
    "two starts, three grids and held-out rows": {
        "hidden": (2,),
        "grid_sizes": (12, 12),
        "validation_fraction": 0.2,
        "seeds": (0, 1),
    },
    "one start without held-out rows": {"hidden": (2,), "grid_sizes": (6, 3)},
    "additive": {"hidden": (), "grid_sizes": (8,)},
    "adam on batches": {
        "hidden": (2,),
        "grid_sizes": (4, 4),
        "optimizer": "adam",
        "steps": 60,
        "batch_size": 40,
        "validation_fraction": 0.2,
    },
    "adam on the whole table": {"hidden": (), "grid_sizes": (4,), "optimizer": "adam", "steps": 60},
}


class Interrupted(Exception):
    """What a scheduler does to a training."""


@pytest.fixture(autouse=True)
def frequent_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Adam report and save often, so that short runs can be interrupted at many places."""
    monkeypatch.setattr(first_order, "REPORT_EVERY", 5)
    monkeypatch.setattr(first_order, "MEASURE_EVERY", 10)


def run(
    name: str,
    checkpoint: Path | None = None,
    *,
    stop: int | None = None,
    reports: list[int] | None = None,
    rows: Rows = ROWS,
    **more: Any,
) -> tuple[Network, History]:
    """Train; `stop` interrupts after as many reports, `reports` receives the step of each."""
    chosen: dict[str, Any] = RUNS[name] | more
    hidden, seeds = chosen.pop("hidden"), chosen.pop("seeds", (0,))
    starts = [started(rows, hidden=hidden, **(chosen | {"seed": seed})) for seed in seeds]
    seen = [] if reports is None else reports

    def callback(progress: Progress) -> None:
        seen.append(progress.step)
        if len(seen) == stop:
            raise Interrupted

    return train(starts, rows, "gaussian", settings(**chosen), callback=callback, checkpoint=checkpoint)


def same(first: tuple[Network, History], second: tuple[Network, History]) -> bool:
    """Return whether all bits of two trained networks and their histories agree."""
    (network, history), (other, record) = first, second
    one, two = network.state_dict(), other.state_dict()
    bits = one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)
    return bits and history.losses == record.losses and history.kept_step == record.kept_step


@pytest.mark.usefixtures("no_shape_checks")
@pytest.mark.parametrize("name", RUNS)
def test_interrupted_run_ends_in_the_same_bits(name: str, tmp_path: Path) -> None:
    whole = run(name)
    reports = len(whole[1].losses)
    file = tmp_path / "run"
    for stop in sorted({1, 2, reports // 4, reports // 2, 2 * reports // 3, reports - 1}):
        with pytest.raises(Interrupted):
            run(name, file, stop=stop)
        assert same(run(name, file), whole)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_shape_checks")
@pytest.mark.parametrize(
    ("name", "stop"),
    [
        ("two starts, three grids and held-out rows", 25),
        ("one start without held-out rows", 16),
        ("adam on batches", 3),
    ],
)
def test_run_that_is_interrupted_again_and_again_ends_in_the_same_bits(name: str, stop: int, tmp_path: Path) -> None:
    whole, found, attempts = run(name), None, 0
    while found is None and attempts < 30:
        attempts += 1
        try:
            found = run(name, tmp_path / "run", stop=stop)
        except Interrupted:
            continue
    assert attempts > 2
    assert found is not None
    assert same(found, whole)


@pytest.mark.usefixtures("no_shape_checks")
@pytest.mark.parametrize("changes", [{}, {"validation_fraction": 0.0, "seeds": (3, 1, 0)}, {"seeds": (1, 0)}])
def test_run_goes_on_at_the_start_at_which_it_was_interrupted(changes: dict[str, Any], tmp_path: Path) -> None:
    name, file = "two starts, three grids and held-out rows", tmp_path / "run"
    whole = run(name, **changes)
    firsts = [at for at, (step, _, _) in enumerate(whole[1].losses, 1) if step == 1]
    for first in firsts[1:]:
        with pytest.raises(Interrupted):
            run(name, file, stop=first + 4, **changes)
        reports: list[int] = []
        assert same(run(name, file, reports=reports, **changes), whole)
        assert len(reports) <= len(whole[1].losses) - first


@pytest.mark.usefixtures("no_shape_checks")
def test_run_goes_on_in_the_round_of_settling_in_which_it_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never_covered(*args: Any) -> Any:
        fit = hidden_fit(*args)
        return replace(fit, outside=max(fit.outside, 1e-9))

    monkeypatch.setattr(second_order, "hidden_fit", never_covered)
    name, steps, file = "one start without held-out rows", 30, tmp_path / "run"
    whole = run(name, steps=steps)
    total = len(whole[1].losses)
    assert steps + second_order.SETTLE_STEPS < total <= steps + second_order.SETTLE_ROUNDS * second_order.SETTLE_STEPS
    for stop in range(steps + 1, total + 1, 3):
        with pytest.raises(Interrupted):
            run(name, file, stop=stop, steps=steps)
        reports: list[int] = []
        assert same(run(name, file, steps=steps, reports=reports), whole)
        assert len(reports) <= total - stop + second_order.SETTLE_STEPS


@pytest.mark.parametrize("name", ["one start without held-out rows", "adam on batches"])
def test_checkpoint_of_another_training_is_refused(name: str, tmp_path: Path) -> None:
    file = tmp_path / "run"
    with pytest.raises(Interrupted):
        run(name, file, stop=5)
    before = file.read_bytes()
    for change in ({"rows": weighted_rows(X, Y + 1e-9)}, {"seed": 7}, {"grid_eps": 0.1}):
        with pytest.raises(CheckpointRefused):
            run(name, file, **change)
    assert file.read_bytes() == before


def test_junk_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "run").write_bytes(b"a letter")
    with pytest.raises(CheckpointRefused, match="not a checkpoint"):
        run("additive", tmp_path / "run")
    assert (tmp_path / "run").read_bytes() == b"a letter"
