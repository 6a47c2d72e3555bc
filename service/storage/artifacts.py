"""Files named by their digest: written once, verified at every read, never found by a path from outside."""

import importlib
import importlib.util
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from sqlalchemy.exc import IntegrityError

from service.domain.canonical import digest_of, digest_of_blocks, digest_of_file
from service.errors import ArtifactCorrupted, ObjectStoreMissing
from service.settings import Settings
from service.storage import tables
from service.storage.database import Session
from service.storage.directory import Directory, Workspace
from service.storage.disks import told_as_full

#: Whoever writes touches its files more often than this.
ABANDONED_SECONDS = 3600
DIGEST = re.compile("sha256:[0-9a-f]{64}")


class FileStore(Protocol):
    """Where files are kept under names: whole or not there, never changed."""

    def require_reachable(self) -> None: ...
    def has(self, name: str) -> bool: ...
    def take(self, name: str, file: Path) -> None: ...
    def blocks(self, name: str) -> Iterator[bytes]: ...
    def file(self, name: str, _workspace: Workspace, /) -> AbstractContextManager[Path]: ...
    def remove(self, name: str) -> None: ...


class Artifacts:
    """Files of a store under their digests; what is on its way in or out lies in a directory of this host.

    Every method that reaches the store raises StorageFull where it cannot be written and ObjectStoreUnavailable where
    it does not answer.
    """

    def __init__(self, store: FileStore, workspaces: Path) -> None:
        self._store = store
        self._workspaces = workspaces

    def require_reachable(self) -> None:
        """Refuse to begin without the store."""
        self._store.require_reachable()

    def put(self, content: bytes) -> str:
        """Store the bytes durably and return their digest; storing the same bytes again changes nothing."""
        digest = digest_of(content)
        if not self._store.has(_name(digest)):
            with self.workspace() as directory:
                (directory / "content").write_bytes(content)
                self._store.take(_name(digest), directory / "content")
        return digest

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """A directory for files on their way in or out; it is removed afterwards.

        Raises: StorageFull where it cannot be written.
        """
        with told_as_full():
            self._workspaces.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._workspaces, prefix=".incoming-") as name:
                yield Path(name)

    def put_file(self, path: Path) -> str:
        """Move a file of a workspace in durably, without reading it into memory, and return its digest."""
        with path.open("rb") as file:
            digest = digest_of_file(file)
        if not self._store.has(_name(digest)):
            self._store.take(_name(digest), path)
        return digest

    def remove_abandoned(self) -> int:
        """Remove workspaces that nobody has touched for long, whose owner was killed; how many there were.

        Raises: StorageFull where the directory cannot be written.
        """
        if not self._workspaces.exists():
            return 0
        with told_as_full():
            with tempfile.NamedTemporaryFile(dir=self._workspaces, prefix=".now-") as now:
                latest = os.stat(now.name).st_mtime - ABANDONED_SECONDS  # by the clock of the disk, as the files are
            old = [path for path in self._workspaces.glob(".incoming-*") if _touched(path) < latest]
            for path in old:
                shutil.rmtree(path)
        return len(old)

    def remove(self, digest: str) -> None:
        """Remove the file with this digest if it is there."""
        self._store.remove(_name(digest))

    def read(self, digest: str) -> bytes:
        """The bytes with this digest; raises ArtifactCorrupted when they are gone or altered."""
        with _gone_is_corrupted(digest):
            content = b"".join(self._store.blocks(_name(digest)))
        _require_same(digest, digest_of(content))
        return content

    def is_whole(self, digest: str) -> bool:
        """Whether the file is there and its bytes match."""
        try:
            return digest_of_blocks(self._store.blocks(_name(digest))) == digest
        except FileNotFoundError:
            return False

    @contextmanager
    def verified_file(self, digest: str) -> Iterator[Path]:
        """Where the file with this digest can be opened, checked, until the block ends. Raises as `read`."""
        with ExitStack() as opened:
            with _gone_is_corrupted(digest):
                path = opened.enter_context(self._store.file(_name(digest), self.workspace))
            with path.open("rb") as file:
                _require_same(digest, digest_of_file(file))
            yield path


def open_artifacts(settings: Settings) -> Artifacts:
    """The artifacts in the data directory, or in the bucket that the settings name.

    Raises: ObjectStoreMissing, ObjectStoreUnavailable where the address means nothing; nobody is asked yet.
    """
    directory = settings.data_dir / "artifacts"
    if settings.artifact_store is None:
        return Artifacts(Directory(directory), directory)
    if importlib.util.find_spec("obstore") is None:
        raise ObjectStoreMissing
    module = importlib.import_module("service.storage.object_store")  # its packages are an extra
    return Artifacts(module.ObjectStore(settings.artifact_store, settings.artifact_store_endpoint), directory)


def _name(digest: str) -> str:
    """Where a digest is kept, in a directory and in a bucket alike; what is no digest has no place."""
    if not DIGEST.fullmatch(digest):
        raise ArtifactCorrupted(digest, "it is no digest")
    hexadecimal = digest.removeprefix("sha256:")
    return f"{hexadecimal[:2]}/{hexadecimal}"


def _touched(path: Path) -> float:
    """When a directory, or anything in it, was written last."""
    return max(one.stat().st_mtime for one in (path, *path.glob("*")))


@contextmanager
def _gone_is_corrupted(digest: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise ArtifactCorrupted(digest, "the file is gone") from None


def _require_same(digest: str, found: str) -> None:
    if found != digest:
        raise ArtifactCorrupted(digest, "the bytes do not match the digest")


def register(
    session: Session, digest: str, kind: Literal["dataset", "network", "reference"], size: int, created_at: datetime
) -> None:
    """Note in the database that a stored file is in use; somebody may note the same file at the same time."""
    if session.get(tables.Artifact, digest) is None:
        with suppress(IntegrityError), session.begin_nested():
            session.add(tables.Artifact(digest=digest, kind=kind, size=size, created_at=created_at))
