"""What a process remembers of the database for a while: bounded, shared by threads."""

import threading
from typing import Generic, TypeVar

from service.domain.recency import Recent

Key = TypeVar("Key")
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """At most `capacity` values; what was used longest ago makes room.

    Who holds `making` makes a value that is missing, so that many who miss it at once do not all make it.
    """

    def __init__(self, capacity: int) -> None:
        self._lock = threading.Lock()
        self.making = threading.Lock()
        self._values: Recent[Key, Value] = Recent(capacity)

    def find(self, key: Key) -> Value | None:
        """The value, or None."""
        with self._lock:
            return self._values.find(key)

    def keep(self, key: Key, value: Value) -> None:
        """Remember a value in place of an earlier one."""
        with self._lock:
            self._values.keep(key, value)

    def forget(self, key: Key) -> None:
        """Remember it no longer."""
        with self._lock:
            self._values.forget(key)

    def clear(self) -> None:
        """Remember nothing."""
        with self._lock:
            self._values.clear()
