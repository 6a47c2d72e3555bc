"""Buckets of requests and blocks of rows."""

import threading
from datetime import UTC, datetime, timedelta

from service.domain.rate_limits import MOST_KEYS, Buckets, Leases, block_of, seconds_to_midnight

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def test_a_bucket_fills_steadily_and_not_above_its_rim() -> None:
    buckets = Buckets()
    assert [buckets.spend("a", 2, NOON) for _ in range(3)] == [None, None, 30]
    assert buckets.spend("b", 2, NOON) is None, "another key has its own"
    assert buckets.spend("a", 2, NOON + timedelta(seconds=29)) == 1
    assert buckets.spend("a", 2, NOON + timedelta(seconds=30)) is None
    later = NOON + timedelta(hours=1)
    assert [buckets.spend("a", 2, later) for _ in range(3)] == [None, None, 30]


def test_a_clock_that_goes_back_fills_nothing() -> None:
    buckets = Buckets()
    assert buckets.spend("a", 1, NOON) is None
    assert buckets.spend("a", 1, NOON - timedelta(hours=1)) == 60


def test_threads_spend_no_more_than_there_is() -> None:
    buckets, granted = Buckets(), list[bool]()

    def spend() -> None:
        granted.extend(buckets.spend("a", 100, NOON) is None for _ in range(60))

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(granted) == 100


def test_keys_that_are_long_away_are_forgotten() -> None:
    buckets, leases = Buckets(), Leases()
    buckets.spend("a", 1, NOON)
    first = leases.of("a")
    for number in range(MOST_KEYS):
        buckets.spend(str(number), 1, NOON)
        leases.of(str(number))
    assert buckets.spend("a", 1, NOON) is None
    assert leases.of("a") is not first


def test_blocks_are_parts_of_a_day_and_never_more_than_is_left() -> None:
    assert block_of(3, 1_000, 1_000) == 10
    assert block_of(30, 1_000, 1_000) == 30
    assert block_of(3, 1_000, 5) == 5
    assert block_of(1, 50, 50) == 1


def test_a_day_ends_at_midnight_in_utc() -> None:
    assert seconds_to_midnight(NOON) == 12 * 3600
    assert seconds_to_midnight(datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)) == 1
