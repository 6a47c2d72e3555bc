"""Batches: together where that helps, alone where one would hurt the others, bounded, and drained at the end."""

import threading
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Self

import pytest

from service import errors
from service.operations.batches import BatchedWork, Batches


class Sum(BatchedWork):
    """Adds its number to a ledger; negative numbers fail in the computation, zero in the store."""

    ledger: list[list[int]]

    def __init__(self, number: int, ledger: list[list[int]], key: str | None = None, rows: int = 1) -> None:
        super().__init__(rows)
        self.number, self.ledger, self.key = number, ledger, key
        self.gate: threading.Event | None = None
        self.entered = threading.Event()
        self.times = 0

    @property
    def exclusive(self) -> object | None:
        return self.key

    @classmethod
    def compute(cls, works: Sequence[Self]) -> Sequence[Self]:
        if any(work.number < 0 for work in works):
            raise ValueError("negative")
        return works

    @classmethod
    def store(cls, works: Sequence[Self]) -> Sequence[Self]:
        for work in works:
            work.entered.set()
            if work.gate is not None:
                work.gate.wait(10)
        if any(work.number == 0 for work in works):
            raise ArithmeticError("zero")
        again = [work for work in works if work.number == 99 and not work.times]
        for work in again:
            work.times += 1
        done = [work for work in works if work not in again]
        if done:
            done[0].ledger.append([work.number for work in done])
        for work in done:
            work.done.set_result(work.number)
        return again


@pytest.fixture
def batches() -> Iterator[Batches]:
    opened = Batches(most_rows=8)
    yield opened
    opened.close()


def held(batches: Batches, ledger: list[list[int]]) -> Sum:
    """A work that is being stored until its gate opens."""
    first = Sum(1, ledger)
    first.gate = threading.Event()
    batches.put(first)
    assert first.entered.wait(10)
    return first


def test_what_waits_during_a_store_is_stored_with_the_next_one(batches: Batches) -> None:
    ledger: list[list[int]] = []
    first = held(batches, ledger)
    others = [Sum(number, ledger) for number in (2, 3, 4)]
    for work in others:
        batches.put(work)
    assert first.gate is not None
    first.gate.set()
    assert [work.done.result(10) for work in others] == [2, 3, 4]
    assert ledger[0] == [1]
    assert list(chain(*ledger[1:])) == [2, 3, 4]
    assert len(ledger) <= 3


@pytest.mark.parametrize(("number", "error"), [(-1, ValueError), (0, ArithmeticError)])
def test_a_work_that_fails_fails_no_other(batches: Batches, number: int, error: type[Exception]) -> None:
    ledger: list[list[int]] = []
    first = held(batches, ledger)
    works = [Sum(2, ledger), Sum(number, ledger), Sum(3, ledger)]
    for work in works:
        batches.put(work)
    assert first.gate is not None
    first.gate.set()
    with pytest.raises(error):
        works[1].done.result(10)
    assert [works[0].done.result(10), works[2].done.result(10)] == [2, 3]


def test_a_full_queue_refuses_and_takes_on_again_once_it_has_room(batches: Batches) -> None:
    ledger: list[list[int]] = []
    first = held(batches, ledger)
    second = Sum(2, ledger, rows=7)
    batches.put(second)
    with pytest.raises(errors.ServiceBusy):
        batches.put(Sum(3, ledger))
    assert first.gate is not None
    first.gate.set()
    second.done.result(10)
    while batches.waiting_rows:
        threading.Event().wait(0.001)
    last = Sum(4, ledger)
    batches.put(last)
    assert last.done.result(10) == 4


def test_a_work_with_more_rows_than_the_limit_is_taken_on_alone(batches: Batches) -> None:
    work = Sum(5, [], rows=100)
    batches.put(work)
    assert work.done.result(10) == 5


def test_who_gives_up_before_the_store_is_never_stored(batches: Batches) -> None:
    ledger: list[list[int]] = []
    first = held(batches, ledger)
    work, last = Sum(2, ledger), Sum(3, ledger)
    batches.put(work)
    assert work.done.cancel()
    batches.put(last)
    assert not first.done.cancel()
    assert first.gate is not None
    first.gate.set()
    assert last.done.result(10) == 3
    assert 2 not in list(chain(*ledger))


def test_works_with_one_key_are_stored_one_after_the_other(batches: Batches) -> None:
    ledger: list[list[int]] = []
    first = held(batches, ledger)
    works = [Sum(number, ledger, key="same") for number in (2, 3)]
    for work in works:
        batches.put(work)
    assert first.gate is not None
    first.gate.set()
    assert [work.done.result(10) for work in works] == [2, 3]
    assert [2, 3] not in ledger


def test_what_must_be_computed_anew_is(batches: Batches) -> None:
    work = Sum(99, [])
    batches.put(work)
    assert work.done.result(10) == 99
    assert work.times == 1


def test_the_end_waits_for_what_was_taken_on_and_takes_nothing_more(batches: Batches) -> None:
    ledger: list[list[int]] = []
    first = held(batches, ledger)
    second = Sum(2, ledger)
    batches.put(second)
    closing = threading.Thread(target=batches.close)
    closing.start()
    while True:
        try:
            batches.put(Sum(3, ledger, rows=6))
        except errors.ServiceStopping:
            break
        except errors.ServiceBusy:
            continue
    assert first.gate is not None
    first.gate.set()
    closing.join(10)
    assert (first.done.result(0), second.done.result(0)) == (1, 2)
