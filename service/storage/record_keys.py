"""Keys of decision records: one for each model and day (UTC), so that destroying a key erases what was made that day.

They are random, wrapped by the keys of the settings, and kept as files beside the database, not in it: a backup of the
database, a replica or its write-ahead log holds records that nobody can read once the file is gone. Files are whole or
not there, and several processes that need a new key agree on one.
"""

import json
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from service.errors import RecordUnreadable
from service.storage.disks import settle, told_as_full
from service.storage.encryption import KEY_BYTES, RecordCipher

#: Days whose keys one process holds in memory.
MOST_HELD = 256
SUFFIX = ".json"


class RecordKeys:
    """The directory of the keys; `root` is always the cipher with the keys of the settings. Safe for threads."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = Lock()
        self._held: WeakKeyDictionary[RecordCipher, dict[Path, RecordCipher]] = WeakKeyDictionary()

    def cipher(self, root: RecordCipher, model: str, moment: datetime, *, is_made: bool = False) -> RecordCipher:
        """What seals and opens records of a model and moment; the key is made where there is none and `is_made`.

        Without keys in the settings, and for a key that is gone, this is the root itself.
        Raises: StorageFull, RecordKeyMissing, RecordUnreadable.
        """
        path = self._path(model, moment)
        if not path.exists():
            if root.newest is None or not is_made:
                return root
            _make(path, root)
        return self._led(root, path)

    def days(self, model: str, before: date) -> Sequence[date]:
        """The days before a day that have a key, in order."""
        found = {date.fromisoformat(path.name[:10]) for path in (self._directory / model).glob("*-*-*")}
        return sorted(day for day in found if day < before)

    def destroy(self, model: str, days: Sequence[date]) -> None:
        """Destroy the keys of these days for good: overwritten, then removed. Raises: StorageFull."""
        for day in days:
            for path in (self._directory / model).glob(f"{day.isoformat()}*"):
                _destroy(path)
        with self._lock:
            self._held.clear()

    def wrap_anew(self, root: RecordCipher) -> int:
        """Wrap every key by the newest of the settings; how many had another one.

        Raises: StorageFull, RecordKeyMissing, RecordUnreadable.
        """
        others = [path for path in self._directory.glob(f"*/*{SUFFIX}") if _read(path)["key"] != root.newest]
        with told_as_full():
            for path in others:
                _write(path, _wrapped(root, path, _unwrapped(root, path))).replace(path)
        return len(others)

    def _path(self, model: str, moment: datetime) -> Path:
        return self._directory / model / f"{moment.astimezone(UTC).date().isoformat()}{SUFFIX}"

    def _led(self, root: RecordCipher, path: Path) -> RecordCipher:
        with self._lock:
            held = self._held.setdefault(root, {})
            if path not in held:
                if len(held) >= MOST_HELD:
                    held.clear()
                held[path] = root.led_by(_unwrapped(root, path))
            return held[path]


def _make(path: Path, root: RecordCipher) -> None:
    """Make a key, unless another process is faster."""
    with told_as_full():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = _write(path, _wrapped(root, path, secrets.token_bytes(KEY_BYTES)))
        with suppress(FileExistsError):
            os.link(part, path)
        part.unlink()
        settle(path.parent)


def _write(path: Path, content: bytes) -> Path:
    """Write beside a place, durably; named so that the destruction of a day takes what a crash leaves."""
    part = path.with_name(f"{path.stem}.{secrets.token_hex(8)}.part")
    with part.open("xb") as file:
        os.chmod(file.fileno(), 0o600)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return part


def _destroy(path: Path) -> None:
    with told_as_full(), suppress(FileNotFoundError):  # another process was faster
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        settle(path.parent)


def _place(path: Path) -> str:
    """What a wrapped key is bound to: nobody can move it to another model or day."""
    return f"record-keys/{path.parent.name}/{path.stem}"


def _wrapped(root: RecordCipher, path: Path, key: bytes) -> bytes:
    return json.dumps({"key": root.newest, "wrapped": root.seal(key, _place(path)).hex()}).encode()


def _unwrapped(root: RecordCipher, path: Path) -> bytes:
    stored = _read(path)
    return root.open(bytes.fromhex(stored["wrapped"]), stored["key"], _place(path))


def _read(path: Path) -> dict[str, Any]:
    try:
        stored: dict[str, Any] = json.loads(path.read_bytes())
        bytes.fromhex(stored["wrapped"])
    except (ValueError, KeyError, TypeError, OSError):
        raise RecordUnreadable(_place(path)) from None
    return {"key": str(stored.get("key")), "wrapped": str(stored["wrapped"])}
