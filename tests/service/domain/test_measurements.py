"""Values that may be some seconds old."""

from datetime import UTC, datetime, timedelta

import pytest

from service.domain.measurements import Measurements

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def test_a_value_is_found_once_until_it_is_too_old() -> None:
    found: list[int] = []
    memory = Measurements(timedelta(seconds=60), 10)

    def find() -> int:
        found.append(len(found))
        return found[-1]

    seconds = [0, 59, 60, 61, -10]
    assert [memory.get("a", NOON + timedelta(seconds=one), find) for one in seconds] == [0, 0, 1, 1, 2]


def test_the_oldest_value_makes_room() -> None:
    memory = Measurements(timedelta(seconds=60), 2)
    assert [memory.get(key, NOON, str.upper(key).lower) for key in "abc"] == list("abc")
    assert memory.get("c", NOON, lambda: "new") == "c"
    assert memory.get("a", NOON, lambda: "new") == "new"


def test_what_was_not_found_is_looked_for_again() -> None:
    memory = Measurements(timedelta(seconds=60), 2)
    with pytest.raises(ZeroDivisionError):
        memory.get("a", NOON, lambda: 1 // 0)
    assert memory.get("a", NOON, lambda: 3) == 3
