"""What a key may spend: requests a minute as a bucket that fills steadily, rows a day as blocks set aside for it."""

import math
import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from service.domain.recency import Recent

#: So many keys are remembered; a key that was forgotten begins with a full bucket.
MOST_KEYS = 10_000
#: A process sets aside this part of a day's rows at once, so that few calls write to the database for it.
PARTS_OF_A_DAY = 100


@dataclass
class _Bucket:
    tokens: float
    filled_at: datetime


class Buckets:
    """Requests of each key within this process; threads may spend at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: Recent[str, _Bucket] = Recent(MOST_KEYS)

    def spend(self, key: str, per_minute: int, moment: datetime) -> int | None:
        """Take one request of a key; None where it was there, else the seconds after which there is one again."""
        with self._lock:
            bucket = self._buckets.of(key, lambda: _Bucket(float(per_minute), moment))
            elapsed = max(0.0, (moment - bucket.filled_at).total_seconds())
            bucket.tokens = min(float(per_minute), bucket.tokens + elapsed * per_minute / 60)
            bucket.filled_at = moment
            if bucket.tokens >= 1:
                bucket.tokens -= 1
                return None
            return max(1, math.ceil((1 - bucket.tokens) * 60 / per_minute))


@dataclass
class Lease:
    """Rows of a day that this process may spend for a key; whoever changes it holds the lock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    day: date | None = None
    rows: int = 0


class Leases:
    """The lease of each key within this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._leases: Recent[str, Lease] = Recent(MOST_KEYS)

    def of(self, key: str) -> Lease:
        """The lease of a key; what a forgotten one had left is lost, so that a limit is never passed."""
        with self._lock:
            return self._leases.of(key, Lease)


def block_of(rows: int, per_day: int, available: int) -> int:
    """How many rows to set aside when so many are needed now and so many are available."""
    return min(available, max(rows, per_day // PARTS_OF_A_DAY))


def seconds_to_midnight(moment: datetime) -> int:
    """Seconds until the next day begins (UTC)."""
    utc = moment.astimezone(UTC)
    midnight = datetime(utc.year, utc.month, utc.day, tzinfo=UTC) + timedelta(days=1)
    return max(1, math.ceil((midnight - utc).total_seconds()))
