"""The state of a run as a checkpoint holds it, for second-order runs and for Adam."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from kan.network import Network
from kan.training.checkpoint import Checkpoint, network_tensors, restored
from kan.training.gauss_newton import Regularization
from kan.training.history import Recorder
from kan.training.second_order import Run

COUNTERS = [one.name for one in fields(Run) if one.name not in ("network", "state", "rival")]


@dataclass(frozen=True)
class RunFile:
    """Writes and reads a second-order run; `like` is a network with the edges of the run on its first grid."""

    checkpoint: Checkpoint
    recorder: Recorder
    like: Network

    def write(self, run: Run) -> None:
        """Put the run in place of what was written before."""
        if self.checkpoint.path is None:
            return
        tensors, document = _kept_tensors(self.recorder), _record(self.recorder)
        for name, one in (("run", run), ("rival", run.rival)):
            document[name] = None if one is None else _run_document(one)
            tensors |= {} if one is None else _run_tensors(one, f"{name}.")
        self.checkpoint.write(tensors, document)

    def read(self) -> Run | None:
        """Return the run that was written, None where there is none; raises CheckpointRefused."""
        found = self.checkpoint.read()
        if found is None:
            return None
        tensors, document = found
        _restore_record(self.recorder, self.like, tensors, document)
        run = _restored_run(self.like, tensors, document["run"], "run.")
        if document["rival"] is not None:
            run.rival = _restored_run(self.like, tensors, document["rival"], "rival.")
        return run


@dataclass(frozen=True)
class StepFile:
    """Writes and reads Adam's state between two steps."""

    checkpoint: Checkpoint
    recorder: Recorder
    like: Network

    def write(self, network: Network, optimiser: torch.optim.Optimizer, step: int) -> None:
        """Put the state after a step in place of what was written before."""
        if self.checkpoint.path is None:
            return
        tensors = network_tensors(network, "network.") | _kept_tensors(self.recorder)
        for index, state in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{index}.{name}": value for name, value in state.items()}
        self.checkpoint.write(tensors, {"step": step, **_record(self.recorder)})

    def read(self, network: Network, optimiser: torch.optim.Optimizer) -> int:
        """Bring network and optimiser to the state that was written; return its step, 0 where there is none.

        Raises CheckpointRefused.
        """
        found = self.checkpoint.read()
        if found is None:
            return 0
        tensors, document = found
        network.load_state_dict({name: tensors[f"network.{name}"] for name in network.state_dict()})
        states: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("optimiser."):
                _, index, key = name.split(".", 2)
                states.setdefault(int(index), {})[key] = value
        optimiser.load_state_dict({**optimiser.state_dict(), "state": states})
        _restore_record(self.recorder, self.like, tensors, document)
        return int(document["step"])


def _run_document(run: Run) -> dict[str, Any]:
    state = {name: getattr(run.state, name) for name in ("dispersion", "freedom", "damping")}
    counters = {name: _number(getattr(run, name)) for name in COUNTERS}
    return {"counters": counters, "state": state, "sizes": run.network.grid_sizes}


def _run_tensors(run: Run, prefix: str) -> dict[str, Tensor]:
    strengths = {f"{prefix}strengths.{position}": one for position, one in enumerate(run.state.strengths or [])}
    return network_tensors(run.network, f"{prefix}network.") | strengths


def _restored_run(like: Network, tensors: Mapping[str, Tensor], document: Mapping[str, Any], prefix: str) -> Run:
    network = restored(like, document["sizes"], tensors, f"{prefix}network.")
    count = sum(name.startswith(f"{prefix}strengths.") for name in tensors)
    device = network.layer(0).weights.device
    strengths = [tensors[f"{prefix}strengths.{position}"].to(device) for position in range(count)] or None
    run = Run(network, Regularization(strengths, **document["state"]))
    for name, value in document["counters"].items():
        setattr(run, name, math.inf if value is None else value)
    return run


def _record(recorder: Recorder) -> dict[str, Any]:
    kept = None if recorder.kept is None else recorder.kept[0].grid_sizes
    record = {"losses": recorder.history.losses, "kept_step": recorder.history.kept_step, "kept": kept}
    return record | {"first": _number(recorder.first), "best_loss": _number(recorder.best)}


def _kept_tensors(recorder: Recorder) -> dict[str, Tensor]:
    return {} if recorder.kept is None else {f"kept.{name}": value for name, value in recorder.kept[1].items()}


def _restore_record(
    recorder: Recorder, like: Network, tensors: Mapping[str, Tensor], document: Mapping[str, Any]
) -> None:
    recorder.history.losses = [(step, loss, validation) for step, loss, validation in document["losses"]]
    recorder.history.kept_step = document["kept_step"]
    recorder.first, recorder.best = (
        math.inf if document[name] is None else document[name] for name in ("first", "best_loss")
    )
    if document["kept"] is not None:
        network = restored(like, document["kept"], tensors, "kept.")
        recorder.kept = network, {name: value.clone() for name, value in network.state_dict().items()}


def _number(value: float | int) -> float | int | None:
    """Return a number as JSON can hold it."""
    return None if math.isinf(value) else value
