"""A directory of immutable files, on a disk of this host or on a mounted share; safe for several processes at once."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from service.storage.disks import settle, told_as_full

Workspace = Callable[[], AbstractContextManager[Path]]
BLOCK_BYTES = 1 << 20


class Directory:
    """Files under their names, each whole or not there."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def require_reachable(self) -> None:
        """Nothing to ask: a directory is made when it is first needed."""

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return self._path(name).exists()

    def take(self, name: str, file: Path) -> None:
        """Move a file of the same disk in, durably. Raises: StorageFull where the directory cannot be written."""
        target = self._path(name)
        with told_as_full():
            with file.open("rb") as written:
                os.fsync(written.fileno())
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)
            settle(target.parent)

    def blocks(self, name: str) -> Iterator[bytes]:
        """The bytes of a file, in order; raises FileNotFoundError where there is none."""
        with self._path(name).open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                yield block

    def file(self, name: str, _workspace: Workspace) -> AbstractContextManager[Path]:
        """Where a file can be opened: its own place, which needs no workspace. Raises FileNotFoundError."""
        return nullcontext(self._path(name).resolve(strict=True))

    def remove(self, name: str) -> None:
        """Remove a file if it is there. Raises: StorageFull where the directory cannot be written."""
        with told_as_full():
            self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._root / name
