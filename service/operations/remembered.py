"""What a process remembers of the database for a while: bounded, shared by threads."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

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


class UnderWay(Generic[Key, Value]):
    """What is being looked up for requests: many of one event loop that want the same wait for one look."""

    def __init__(self) -> None:
        self._looks: dict[tuple[asyncio.AbstractEventLoop, Key], asyncio.Task[Value]] = {}

    async def find(self, key: Key, look: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
        """What the look says that is under way, or this one; raises what it raises.

        Whoever is cancelled meanwhile leaves the look to the others.
        """
        loop = asyncio.get_running_loop()
        task = self._looks.get((loop, key))
        if task is None:
            task = self._looks[loop, key] = loop.create_task(look())
            task.add_done_callback(lambda _: self._looks.pop((loop, key)))
        return await asyncio.shield(task)
