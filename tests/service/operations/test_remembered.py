"""What a process remembers, and what it looks up once for many."""

import asyncio

import pytest

from service.errors import NotSignedIn
from service.operations.remembered import UnderWay


def test_many_that_want_the_same_at_once_wait_for_one_look() -> None:
    looks, under_way = [], UnderWay[str, int]()

    async def look() -> int:
        looks.append(1)
        await asyncio.sleep(0)
        return len(looks)

    async def ask() -> list[int]:
        together = await asyncio.gather(*(under_way.find("a", look) for _ in range(50)), under_way.find("b", look))
        return [*together, await under_way.find("a", look)]

    found = asyncio.run(ask())
    assert len(looks) == 3
    assert found[-1] == 3  # what is done is looked up anew


def test_all_hear_of_a_failed_look_and_one_that_leaves_takes_it_from_nobody() -> None:
    under_way, gate = UnderWay[str, int](), asyncio.Event()

    async def fail() -> int:
        await gate.wait()
        raise NotSignedIn

    async def ask() -> list[object]:
        waiting = [asyncio.create_task(under_way.find("a", fail)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        gate.set()
        return await asyncio.gather(*waiting, return_exceptions=True)

    left, *others = asyncio.run(ask())
    assert isinstance(left, asyncio.CancelledError)
    assert [type(one) for one in others] == [NotSignedIn, NotSignedIn]


def test_what_is_done_is_no_longer_under_way() -> None:
    under_way = UnderWay[str, int]()

    async def fail() -> int:
        raise NotSignedIn

    async def succeed() -> int:
        return 1

    async def ask() -> int:
        with pytest.raises(NotSignedIn):
            await under_way.find("a", fail)
        return await under_way.find("a", succeed)

    assert asyncio.run(ask()) == 1
