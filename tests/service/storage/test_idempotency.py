"""A key is claimed once, also when many ask at the same time."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.errors import IdempotencyKeyReused
from service.storage import idempotency, tables
from service.storage.database import Database
from tests.service.storage.conftest import MOMENT

DIGEST = "sha256:" + "a" * 64


def new_row(user_id: str, *, digest: str = DIGEST, operation: str = "create") -> tables.IdempotencyKey:
    return tables.IdempotencyKey(
        user_id=user_id, key="k", operation=operation, request_digest=digest, results=[], created_at=MOMENT
    )


def act(database: Database, user_id: str, result: str) -> list[str]:
    """A request that takes its time between the claim and the commit."""
    with database.write() as session:
        row = new_row(user_id)
        earlier = idempotency.claim(session, row)
        if earlier is not None:
            return earlier.results
        time.sleep(0.1)
        idempotency.settle(row, [result])
        return [result]


def test_the_same_request_finds_what_it_made_before(database: Database, user_id: str) -> None:
    assert act(database, user_id, "one") == ["one"]
    assert act(database, user_id, "two") == ["one"]


def test_many_requests_at_once_act_once_and_all_get_the_same_answer(database: Database, user_id: str) -> None:
    barrier = threading.Barrier(6, timeout=60)

    def request(number: int) -> list[str]:
        barrier.wait()
        return act(database, user_id, f"result {number}")

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(request, range(6)))
    assert len({tuple(answer) for answer in answers}) == 1
    assert len(answers[0]) == 1


@pytest.mark.parametrize(
    "changes", [{"digest": "sha256:" + "b" * 64}, {"operation": "delete"}], ids=["body", "operation"]
)
def test_another_request_with_the_same_key_is_refused(
    database: Database, user_id: str, changes: dict[str, str]
) -> None:
    act(database, user_id, "one")
    with database.write() as session, pytest.raises(IdempotencyKeyReused, match="'k'"):
        idempotency.claim(session, new_row(user_id, **changes))


def test_a_request_that_failed_frees_its_key(database: Database, user_id: str) -> None:
    with pytest.raises(RuntimeError), database.write() as session:
        idempotency.claim(session, new_row(user_id))
        raise RuntimeError
    assert act(database, user_id, "one") == ["one"]
