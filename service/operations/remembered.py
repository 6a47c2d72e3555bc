"""What a process remembers of the database for a while: bounded, shared by threads."""

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """At most `capacity` values; what was used longest ago makes room.

    Who holds `making` makes a value that is missing, so that many who miss it at once do not all make it.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self.making = threading.Lock()
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def find(self, key: Key) -> Value | None:
        """The value, or None."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def keep(self, key: Key, value: Value) -> None:
        """Remember a value in place of an earlier one."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._capacity:
                self._values.popitem(last=False)

    def forget(self, key: Key) -> None:
        """Remember it no longer."""
        with self._lock:
            self._values.pop(key, None)

    def clear(self) -> None:
        """Remember nothing."""
        with self._lock:
            self._values.clear()
