"""Files of the audit trail that are kept outside: exports, checkpoints and keys."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from service.errors import FileUnreadable


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a new file; one that exists is evidence and is not replaced. Raises FileUnreadable."""
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)
    except OSError as error:
        raise FileUnreadable(str(path), error.strerror or "it cannot be written") from error


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a file. Raises FileUnreadable."""
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            yield from file
    except UnicodeDecodeError as error:
        raise FileUnreadable(str(path), "it is not UTF-8 text") from error
    except OSError as error:
        raise FileUnreadable(str(path), error.strerror or "it cannot be read") from error


def read_bytes(path: Path) -> bytes:
    """The content of a file. Raises FileUnreadable."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileUnreadable(str(path), error.strerror or "it cannot be read") from error
