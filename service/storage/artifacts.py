"""Files named by their digest: written once, verified at every read, never found by a path from outside."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlalchemy.exc import IntegrityError

from service.domain.canonical import digest_of, digest_of_file
from service.errors import ArtifactCorrupted, StorageFull
from service.storage import tables
from service.storage.database import Session

#: Whoever writes touches its files more often than this.
ABANDONED_SECONDS = 3600


class Artifacts:
    """A directory of immutable files; safe for several processes at once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, content: bytes) -> str:
        """Store the bytes durably and return their digest; storing the same bytes again changes nothing.

        Raises: StorageFull where the directory cannot be written.
        """
        digest = digest_of(content)
        path = self._path(digest)
        if path.exists():
            return digest
        try:
            _write(path, content)
        except OSError as error:
            raise StorageFull(error.strerror or str(error)) from error
        return digest

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """A directory for files on their way in, on the same disk; it is removed afterwards.

        Raises: StorageFull where it cannot be written.
        """
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._directory, prefix=".incoming-") as name:
                yield Path(name)
        except OSError as error:
            raise StorageFull(error.strerror or str(error)) from error

    def put_file(self, path: Path) -> str:
        """Move a file of a workspace in durably, without reading it into memory, and return its digest.

        Raises: StorageFull where the directory cannot be written.
        """
        try:
            with path.open("rb") as file:
                digest = digest_of_file(file)
                os.fsync(file.fileno())
            target = self._path(digest)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)
                _sync_directory(target.parent)
        except OSError as error:
            raise StorageFull(error.strerror or str(error)) from error
        return digest

    def remove_abandoned(self) -> int:
        """Remove files on their way in that nobody has touched for long, whose writer was killed; how many there were.

        Raises: StorageFull where the directory cannot be written.
        """
        if not self._directory.exists():
            return 0
        try:
            with tempfile.NamedTemporaryFile(dir=self._directory, prefix=".now-") as now:
                latest = os.stat(now.name).st_mtime - ABANDONED_SECONDS  # by the clock of the disk, as the files are
            left = [*self._directory.glob(".incoming-*"), *self._directory.glob("*/.writing-*")]
            old = [path for path in left if _touched(path) < latest]
            for path in old:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageFull(error.strerror or str(error)) from error
        return len(old)

    def remove(self, digest: str) -> None:
        """Remove the file with this digest if it is there; raises StorageFull where its directory cannot be written."""
        try:
            self._path(digest).unlink(missing_ok=True)
        except OSError as error:
            raise StorageFull(error.strerror or str(error)) from error

    def read(self, digest: str) -> bytes:
        """The bytes with this digest; raises ArtifactCorrupted when they are gone or altered."""
        try:
            content = self._path(digest).read_bytes()
        except FileNotFoundError:
            raise ArtifactCorrupted(digest, "the file is gone") from None
        if digest_of(content) != digest:
            raise ArtifactCorrupted(digest, "the bytes do not match the digest")
        return content

    def is_whole(self, digest: str) -> bool:
        """Whether the file is there and its bytes match."""
        path = self._path(digest)
        if not path.exists():
            return False
        with path.open("rb") as file:
            return digest_of_file(file) == digest

    def verified_file(self, digest: str) -> Path:
        """The place of the file with this digest, read once to check it; raises as `read`."""
        path = self._path(digest)
        try:
            with path.open("rb") as file:
                found = digest_of_file(file)
        except FileNotFoundError:
            raise ArtifactCorrupted(digest, "the file is gone") from None
        if found != digest:
            raise ArtifactCorrupted(digest, "the bytes do not match the digest")
        return path

    def _path(self, digest: str) -> Path:
        hexadecimal = digest.removeprefix("sha256:")
        return self._directory / hexadecimal[:2] / hexadecimal


def _touched(path: Path) -> float:
    """When a file, or anything in a directory, was written last."""
    return max(one.stat().st_mtime for one in (path, *path.glob("*")))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".writing-", delete=False) as file:
        writing = Path(file.name)
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            writing.replace(path)
        finally:
            writing.unlink(missing_ok=True)
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def register(
    session: Session, digest: str, kind: Literal["dataset", "network", "reference"], size: int, created_at: datetime
) -> None:
    """Note in the database that a stored file is in use; somebody may note the same file at the same time."""
    if session.get(tables.Artifact, digest) is None:
        with suppress(IntegrityError), session.begin_nested():
            session.add(tables.Artifact(digest=digest, kind=kind, size=size, created_at=created_at))
