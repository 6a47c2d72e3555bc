"""What a training keeps after each stage, so that an interrupted one goes on to the same last bit.

A stage is kept as its progress and its model; the model comes last, so that a model that is there is a stage that
is done.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from kan.model import FittedModel
from kan.serialization import dump, load
from service.domain.documents import from_stored
from service.domain.training_configuration import Progress


class StageFiles(Protocol):
    """Where the stages of one training are kept."""

    def read(self, name: str) -> bytes | None:
        """What was kept under a name, None where nothing was."""

    def write(self, name: str, content: bytes) -> None:
        """Keep bytes under a name, durably."""

    def path(self, name: str) -> Path:
        """The place of a file that the engine writes itself."""


def kept_or_computed(
    files: StageFiles | None, stage: str, events: list[Progress], compute: Callable[[], FittedModel]
) -> FittedModel:
    """The model after a stage: from its files, or else computed and kept; `events` is all progress so far."""
    if files is None:
        return compute()
    kept, told = files.read(f"{stage}.model"), files.read(f"{stage}.events")
    if kept is not None and told is not None:
        events[:] = [from_stored(Progress, event) for event in json.loads(told)]
        return load(kept)
    model = compute()
    files.write(f"{stage}.events", _plain(events))
    files.write(f"{stage}.model", dump(model))
    return model


def _plain(events: Sequence[Progress]) -> bytes:
    return json.dumps([event.model_dump(mode="json") for event in events]).encode()
