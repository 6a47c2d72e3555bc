"""A bucket of immutable objects at Amazon S3 (or a server that speaks its language), Google or Azure.

The package for it is an extra, so only whoever sets a bucket imports this. Who we are there is found as the
provider's own tools find it (environment, instance or workload identity); no secret passes through the settings.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

from service.errors import ObjectStoreUnavailable
from service.storage.directory import Workspace

if TYPE_CHECKING:
    from obstore import GetResult  # there for types alone

BLOCK_BYTES = 1 << 20
#: Whoever is silent for this long is gone; a transfer that goes on may take longer.
CONNECT_TIMEOUT, READ_TIMEOUT, TRANSFER_TIMEOUT = timedelta(seconds=5), timedelta(seconds=30), timedelta(hours=6)
RETRIES = 4


class ObjectStore:
    """Objects under their names, each whole or not there. Every call raises ObjectStoreUnavailable."""

    def __init__(self, url: str, endpoint: str | None) -> None:
        """`url` names the bucket and what its objects' names begin with, `endpoint` a server that is none of the three.

        Neither is asked anything yet.
        """
        self._url = url
        with self._told_as_unavailable():
            self._store = from_url(
                url,
                config={"endpoint": endpoint} if endpoint else None,
                client_options={
                    "connect_timeout": CONNECT_TIMEOUT,
                    "read_timeout": READ_TIMEOUT,
                    "timeout": TRANSFER_TIMEOUT,
                    "allow_http": bool(endpoint and endpoint.startswith("http://")),
                },
                retry_config={"max_retries": RETRIES},
            )

    def require_reachable(self) -> None:
        """Ask for a listing, which a wrong name, a wrong key and a wrong address all refuse."""
        with self._told_as_unavailable():
            try:
                next(iter(obstore.list(self._store, chunk_size=1)), None)
            except FileNotFoundError as error:
                raise self._unavailable(error) from error

    def has(self, name: str) -> bool:
        """Whether there is an object of this name."""
        with self._told_as_unavailable():
            try:
                obstore.head(self._store, name)
            except FileNotFoundError:
                return False
        return True

    def take(self, name: str, file: Path) -> None:
        """Send a file, large ones in parts; the object is there when the store has said so. The file is removed."""
        with self._told_as_unavailable():
            obstore.put(self._store, name, file)
        file.unlink()

    def blocks(self, name: str) -> Iterator[bytes]:
        """The bytes of an object, in order; raises FileNotFoundError where there is none."""
        return self._blocks(self._found(name))

    @contextmanager
    def file(self, name: str, workspace: Workspace) -> Iterator[Path]:
        """A copy of an object in a workspace, which goes with it. Raises FileNotFoundError."""
        found = self._found(name)  # first: in a workspace a missing file is a disk at fault
        with workspace() as directory:
            path = directory / Path(name).name
            with path.open("wb") as file:
                file.writelines(self._blocks(found))
            yield path

    def remove(self, name: str) -> None:
        """Remove an object if it is there."""
        with self._told_as_unavailable():
            try:
                obstore.delete(self._store, name)
            except FileNotFoundError:
                return

    def _found(self, name: str) -> "GetResult":
        with self._told_as_unavailable():
            return obstore.get(self._store, name)

    def _blocks(self, found: "GetResult") -> Iterator[bytes]:
        with self._told_as_unavailable():
            for block in found.stream(min_chunk_size=BLOCK_BYTES):
                yield bytes(block)

    @contextmanager
    def _told_as_unavailable(self) -> Iterator[None]:
        try:
            yield
        except (BaseError, PermissionError, ValueError) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> ObjectStoreUnavailable:
        return ObjectStoreUnavailable(self._url, str(error).partition("\n")[0])
