"""Values that cost something to find and may be some seconds old."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import TypeVar

Value = TypeVar("Value")


class Measurements:
    """At most `capacity` values, each for a while; callers that ask for one at the same time share its finding."""

    def __init__(self, lasting: timedelta, capacity: int) -> None:
        self._lasting = lasting
        self._capacity = capacity
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, tuple[datetime, object]] = OrderedDict()

    def get(self, key: Hashable, moment: datetime, find: Callable[[], Value]) -> Value:
        """The value under a key, found anew when it is too old; a clock that went back makes it too old as well."""
        with self._lock:
            found_at, value = self._values.get(key, (None, None))
            if found_at is None or not timedelta(0) <= moment - found_at < self._lasting:
                value = find()
                self._values[key] = (moment, value)
                self._values.move_to_end(key)
                while len(self._values) > self._capacity:
                    self._values.popitem(last=False)
            return value  # type: ignore[return-value]  # what is under a key was found for this key
