"""A file from which an interrupted training goes on, to the same last bit as if nothing had happened.

It holds tensors and canonical JSON, no code, and the fingerprint of the rows and settings it belongs to. It is written
beside its place and then moved there, so that it is always whole.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from kan.errors import CheckpointRefused
from kan.network import Network
from kan.refinement import refined
from kan.training.rows import Rows
from kan.training.settings import TrainingSettings

METADATA_KEY = "kan"


class Checkpoint:
    """One file of one training; without a path nothing is written."""

    def __init__(self, path: Path | None, fingerprint: str) -> None:
        """Name the file; it need not exist."""
        self.path, self.fingerprint = path, fingerprint

    def write(self, tensors: Mapping[str, Tensor], document: Mapping[str, Any]) -> None:
        """Put the state of a training in place of the one before."""
        if self.path is None:
            return
        text = json.dumps({**document, "fingerprint": self.fingerprint}, sort_keys=True)
        content = {name: tensors[name].detach().cpu().clone().contiguous() for name in sorted(tensors)}
        beside = self.path.with_name(self.path.name + ".part")
        with beside.open("wb") as file:
            file.write(save(content, metadata={METADATA_KEY: text}))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)

    def read(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Return the state that was written last, None where there is none.

        Raises CheckpointRefused for a file that is no checkpoint or belongs to other rows or settings.
        """
        if self.path is None or not self.path.exists():
            return None
        try:
            with safe_open(self.path, framework="pt") as file:
                document: Any = json.loads((file.metadata() or {})[METADATA_KEY])
                tensors = {name: file.get_tensor(name) for name in sorted(file.keys())}
        except (SafetensorError, KeyError, ValueError) as error:
            raise CheckpointRefused(str(self.path), "it is not a checkpoint") from error
        if not isinstance(document, dict) or "fingerprint" not in document:
            raise CheckpointRefused(str(self.path), "it is not a checkpoint")
        if document["fingerprint"] != self.fingerprint:
            raise CheckpointRefused(str(self.path), "it belongs to other rows, settings or another seed")
        return tensors, document

    def remove(self) -> None:
        """Delete the file, when the training is done."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def fingerprint(networks: Sequence[Network], rows: Rows, settings: TrainingSettings, stage: str) -> str:
    """Return a digest of everything that decides how a training goes."""
    digest = hashlib.sha256(json.dumps([stage, asdict(settings)], sort_keys=True, default=str).encode())
    parts = [rows.x, rows.target, rows.weights, rows.offset]
    parts += [one for network in networks for _, one in sorted(network.state_dict().items())]
    for part in parts:
        digest.update(part.contiguous().cpu().numpy().tobytes())
    return digest.hexdigest()


def network_tensors(network: Network, prefix: str) -> dict[str, Tensor]:
    """Return the state of a network under a prefix."""
    return {f"{prefix}{name}": value for name, value in network.state_dict().items()}


def restored(like: Network, sizes: Sequence[int], tensors: Mapping[str, Tensor], prefix: str) -> Network:
    """Return the network whose state stands under a prefix; `like` has its edges and forms on a coarser grid."""
    layers = []
    for position, size in enumerate(sizes):
        layer = like.layer(position)
        layers.append(refined(layer, size // layer.grid_size) if size > layer.grid_size else layer)
    network = Network(layers).copy()
    network.load_state_dict(
        {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    )
    return network
