"""What all that writes to a disk has in common: durable names, and one error for what cannot be written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.errors import StorageFull


@contextmanager
def told_as_full() -> Iterator[None]:
    """Turn what the operating system refuses into StorageFull."""
    try:
        yield
    except OSError as error:
        raise StorageFull(error.strerror or str(error)) from error


def settle(directory: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
