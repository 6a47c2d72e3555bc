"""A bounded memory: what was used longest ago makes room."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """At most `capacity` values by key; who shares one between threads locks it."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._values)

    def find(self, key: Key) -> Value | None:
        """The value, which is used by that, or None."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def keep(self, key: Key, value: Value) -> None:
        """Remember a value in place of an earlier one."""
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > self._capacity:
            self._values.popitem(last=False)

    def of(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value, made where it is missing."""
        value = self.find(key)
        if value is None:
            value = make()
            self.keep(key, value)
        return value

    def forget(self, key: Key) -> None:
        """Remember it no longer."""
        self._values.pop(key, None)

    def clear(self) -> None:
        """Remember nothing."""
        self._values.clear()
