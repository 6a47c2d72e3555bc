"""What callers are told while the database stalls or its disk is full, and what becomes of calls that are dropped."""

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from structlog.testing import capture_logs

from service.app import create_app
from service.domain.permissions import Actor
from service.operations import api_keys
from service.operations.api_keys import ApiKeyRequest
from service.operations.resources import Resources
from service.settings import Settings
from service.storage import tables
from service.storage.database import Database
from tests.service.conftest import HOST, everything_stored
from tests.service.serving import served, wait_until
from tests.service.training import ROW

PLACE = "/api/v1/models/credit/predictions"
BODY = json.dumps({"rows": [ROW]}).encode()
DISK_FULL = """
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$
"""


@dataclass(frozen=True)
class Caller:
    """Somebody with a key, who calls the service on a real socket."""

    port: int
    key: str

    def headers(self, once: str | None = None) -> dict[str, str]:
        known = {"Host": HOST, "Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        return known if once is None else {**known, "Idempotency-Key": once}

    def predict(self, once: str | None = None) -> tuple[HTTPResponse, Any]:
        """The answer and its document."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", PLACE, BODY, self.headers(once))
        answer = connection.getresponse()
        document = json.loads(answer.read())
        connection.close()
        return answer, document

    def is_ready(self) -> bool:
        """Whether the service says that it is."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/health/ready", headers={"Host": HOST})
        status = connection.getresponse().status
        connection.close()
        return status == HTTPStatus.OK

    def open(self, content: bytes, length: int) -> socket.socket:
        """A connection on which so much of a request of this length was sent."""
        lines = [f"POST {PLACE} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers().items())]
        opened = socket.create_connection(("127.0.0.1", self.port))
        opened.sendall("\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode() + content)
        return opened


@pytest.fixture
def caller(settings: Settings, resources: Resources, developer: Actor, champion: int) -> Iterator[Caller]:
    hurried = settings.model_copy(update={"prediction_timeout_seconds": 1})
    key = api_keys.create_api_key(resources, developer, ApiKeyRequest(label="key")).key
    with served(create_app(hurried, replace(resources, settings=hurried))) as address:
        opened = Caller(int(address.rpartition(":")[2]), key)
        opened.predict()  # the version is loaded
        yield opened


@contextmanager
def stalled(resources: Resources) -> Iterator[None]:
    """Nobody else can write until the block ends."""
    other = Database(resources.database.url)
    with other.write() as session:
        session.get_one(tables.AuditHead, 1, with_for_update=True)
        yield
    other.dispose()


@contextmanager
def full_disk(resources: Resources) -> Iterator[None]:
    """The database has no room for one more record until the block ends."""
    database = resources.database
    if database.is_sqlite:

        def fill(connection: Connection) -> None:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        event.listen(database.engine, "begin", fill)
        yield
        event.remove(database.engine, "begin", fill)
        database.engine.dispose()  # the limit belongs to a connection
        return
    with database.write() as session:
        session.execute(text(DISK_FULL))
        session.execute(
            text("CREATE TRIGGER full_disk BEFORE INSERT ON predictions FOR EACH ROW EXECUTE FUNCTION fail()")
        )
    yield
    with database.write() as session:
        session.execute(text("DROP TRIGGER full_disk ON predictions"))


def test_calls_wait_for_a_database_that_stalls_for_less_than_the_limit(caller: Caller, resources: Resources) -> None:
    with ThreadPoolExecutor(3) as pool:
        with stalled(resources):
            waiting = [pool.submit(caller.predict) for _ in range(3)]
            time.sleep(0.3)  # a stall that is shorter than the limit
            assert not any(one.done() for one in waiting)
        answers = [one.result(30) for one in waiting]
    assert [answer.status for answer, _ in answers] == [200] * 3
    assert everything_stored(resources)["predictions"] == 1 + 3


def test_a_database_that_stalls_for_longer_answers_late_and_every_key_is_stored_once(
    caller: Caller, resources: Resources
) -> None:
    keys = [f"order-{number}" for number in range(4)]
    with ThreadPoolExecutor(4) as pool, stalled(resources):
        refused = list(pool.map(caller.predict, keys))
    assert {answer.status for answer, _ in refused} == {503}
    assert {document["code"] for _, document in refused} <= {"answer_late", "service_busy"}
    assert all(int(answer.headers["retry-after"]) > 0 for answer, _ in refused)
    again = [caller.predict(key) for key in keys]
    assert [answer.status for answer, _ in again] == [200] * 4
    assert len({document["predictions"][0]["id"] for _, document in again}) == 4
    assert everything_stored(resources)["predictions"] == 1 + 4


def test_a_full_disk_is_said_so_nothing_is_half_stored_and_calls_work_again_afterwards(
    caller: Caller, resources: Resources
) -> None:
    with full_disk(resources):
        failed, _ = caller.predict("order")
        while failed.status == 200:  # SQLite fills the pages that it has first
            failed, problem = caller.predict()
        before = everything_stored(resources)
        failed, problem = caller.predict("late-order")
        assert (failed.status, problem["code"]) == (503, "database_refuses")
        assert "full" in problem["detail"].lower() or "no space" in problem["detail"].lower()
        assert everything_stored(resources) == before
        assert caller.is_ready()
    assert caller.predict("late-order")[0].status == 200
    assert everything_stored(resources)["predictions"] == before["predictions"] + 1


def test_a_caller_that_hangs_up_before_its_request_is_complete_leaves_nothing(
    caller: Caller, resources: Resources
) -> None:
    before = everything_stored(resources)
    with capture_logs() as logged:
        for content in (b"", BODY[:10], BODY[:-1]):
            caller.open(content, len(BODY)).close()
        assert caller.predict()[0].status == 200
    assert logged == []
    assert everything_stored(resources)["predictions"] == before["predictions"] + 1


def test_a_caller_that_hangs_up_before_its_answer_finds_its_record(caller: Caller, resources: Resources) -> None:
    with stalled(resources):
        opened = caller.open(BODY, len(BODY))
        wait_until(lambda: resources.batches.waiting_rows == 1)
        opened.close()
    wait_until(lambda: resources.batches.waiting_rows == 0)
    assert everything_stored(resources)["predictions"] == 2
