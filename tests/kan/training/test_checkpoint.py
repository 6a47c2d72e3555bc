"""A file that is always whole, and belongs to one training."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save

from kan.errors import CheckpointRefused
from kan.network import Network
from kan.refinement import refined
from kan.regularization import Penalties
from kan.training.checkpoint import Checkpoint, fingerprint, network_tensors, restored
from kan.training.rows import weighted_rows
from tests.kan.random_models import MIXED, network_with_every_form, random_rows
from tests.kan.training.runs import settings

TENSORS = {"b": torch.arange(3.0), "a": torch.tensor([[0.1 + 0.2]], dtype=torch.float64)}
NETWORK = network_with_every_form(hidden=(3,))
ROWS = weighted_rows(random_rows(MIXED, 30, 1), torch.arange(30, dtype=torch.float64).unsqueeze(1))


def test_what_is_written_is_read_to_the_last_bit(tmp_path: Path) -> None:
    file = Checkpoint(tmp_path / "run", "mark")
    assert file.read() is None
    file.write(TENSORS, {"loss": 0.1 + 0.2, "steps": [1, None]})
    found = file.read()
    assert found is not None
    tensors, document = found
    assert document == {"loss": 0.1 + 0.2, "steps": [1, None], "fingerprint": "mark"}
    assert tensors.keys() == TENSORS.keys()
    assert all(torch.equal(tensors[name], one) for name, one in TENSORS.items())


def test_tensors_that_share_memory_are_written_too(tmp_path: Path) -> None:
    file, base = Checkpoint(tmp_path / "run", "mark"), torch.arange(6.0)
    file.write({"whole": base, "turned": base.view(2, 3).T}, {})
    found = file.read()
    assert found is not None
    assert torch.equal(found[0]["turned"], base.view(2, 3).T)


def test_nothing_is_written_without_a_path() -> None:
    file = Checkpoint(None, "mark")
    file.write(TENSORS, {})
    assert file.read() is None
    file.remove()


def test_file_of_another_training_is_refused(tmp_path: Path) -> None:
    Checkpoint(tmp_path / "run", "mark").write(TENSORS, {})
    with pytest.raises(CheckpointRefused, match="other rows"):
        Checkpoint(tmp_path / "run", "other").read()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"junk",
        b"\0" * 64,
        save(TENSORS),
        save(TENSORS, metadata={"kan": "{"}),
        save(TENSORS, metadata={"kan": "{}"}),
        save(TENSORS, metadata={"kan": "[]"}),
        save(TENSORS, metadata={"other": "{}"}),
        save(TENSORS, metadata={"kan": '{"fingerprint":"mark"}'})[:-1],
    ],
    ids=["empty", "text", "zeros", "bare", "broken", "unmarked", "list", "foreign", "cut"],
)
def test_file_that_is_no_checkpoint_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "run").write_bytes(content)
    with pytest.raises(CheckpointRefused, match="not a checkpoint"):
        Checkpoint(tmp_path / "run", "mark").read()
    assert (tmp_path / "run").read_bytes() == content


def test_removing_leaves_nothing_behind(tmp_path: Path) -> None:
    file = Checkpoint(tmp_path / "run", "mark")
    file.write(TENSORS, {})
    file.remove()
    file.remove()
    assert list(tmp_path.iterdir()) == []


def test_half_written_file_is_never_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = Checkpoint(tmp_path / "run", "mark")
    file.write(TENSORS, {"step": 1})
    whole = (tmp_path / "run").read_bytes()

    def power_cut(_descriptor: int) -> None:
        assert (tmp_path / "run").read_bytes() == whole
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", power_cut)
        with pytest.raises(OSError, match="power cut"):
            file.write(TENSORS, {"step": 2})
    assert (tmp_path / "run").read_bytes() == whole
    file.write(TENSORS, {"step": 3})
    found = file.read()
    assert found is not None
    assert found[1]["step"] == 3


def mark(network: Network = NETWORK, rows: Any = ROWS, stage: str = "fit", **changes: Any) -> str:
    return fingerprint([network], rows, settings(**changes), stage)


def test_fingerprint_follows_everything_that_decides_a_training() -> None:
    moved = NETWORK.copy()
    with torch.no_grad():
        moved.layer(1).bias.add_(1e-9)
    others = [
        mark(network=moved),
        mark(stage="simplify"),
        mark(seed=1),
        mark(steps=3),
        mark(grid_sizes=(3,)),
        mark(penalties=Penalties(0.0, 1e-9, None)),
        mark(rows=replace(ROWS, x=ROWS.x.nan_to_num() + 1e-9)),
        mark(rows=replace(ROWS, target=ROWS.target + 1)),
        mark(rows=replace(ROWS, weights=ROWS.weights * 2)),
        mark(rows=replace(ROWS, offset=ROWS.offset + 1)),
        fingerprint([NETWORK, NETWORK], ROWS, settings(), "fit"),
    ]
    assert mark() == mark(network=NETWORK.copy())
    assert len({mark(), *others}) == len(others) + 1


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_restored_network_is_the_one_that_was_written(factor: int) -> None:
    layers = [refined(NETWORK.layer(at), factor) if factor > 1 else NETWORK.layer(at) for at in (0, 1)]
    network = Network(layers).copy()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(1.25)
    tensors = network_tensors(network, "network.") | {"network_of_others": torch.zeros(1)}
    again = restored(NETWORK, network.grid_sizes, tensors, "network.")
    x = random_rows(MIXED, 50, 3, spread=2.0)
    assert torch.equal(again(x), network(x))
    assert [again.form(edge) for edge in again.edges()] == [network.form(edge) for edge in network.edges()]
    assert not torch.equal(NETWORK(x), network(x))
