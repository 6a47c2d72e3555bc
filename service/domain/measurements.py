"""Values that cost something to find and may be some seconds old."""

import threading
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import TypeVar

from service.domain.recency import Recent

Value = TypeVar("Value")


class Measurements:
    """At most `capacity` values, each for a while; callers that ask for one at the same time share its finding."""

    def __init__(self, lasting: timedelta, capacity: int) -> None:
        self._lasting = lasting
        self._lock = threading.Lock()
        self._values: Recent[Hashable, tuple[datetime, object]] = Recent(capacity)

    def get(self, key: Hashable, moment: datetime, find: Callable[[], Value]) -> Value:
        """The value under a key, found anew when it is too old; a clock that went back makes it too old as well."""
        with self._lock:
            found_at, value = self._values.find(key) or (None, None)
            if found_at is None or not timedelta(0) <= moment - found_at < self._lasting:
                value = find()
                self._values.keep(key, (moment, value))
            return value  # type: ignore[return-value]  # what is under a key was found for this key
