"""`edgewise serve` as processes of their own: how they end, and that each hears at once of what another has done."""

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from multiprocessing.process import BaseProcess

import pytest

from service.cli.serving import serve
from service.domain.permissions import Actor
from service.operations import api_keys, suspensions
from service.operations.api_keys import ApiKeyRequest
from service.operations.resources import Resources
from service.settings import Settings
from service.storage import tables
from tests.database import free_port
from tests.service.conftest import PASSWORD, Person, Steps, everything_stored
from tests.service.serving import wait_until
from tests.service.training import ROW

BODY = json.dumps({"rows": [ROW]})
CALLERS = 8


class Serving:
    """The service in a process of its own."""

    def __init__(self, settings: Settings, key: str) -> None:
        self.port = free_port()
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        reachable = settings.model_copy(update={"port": self.port, "allowed_hosts": ["127.0.0.1"]})
        self.process: BaseProcess = multiprocessing.get_context("fork").Process(target=serve, args=(reachable,))
        self.process.start()

    def connect(self) -> HTTPConnection:
        """A new connection."""
        return HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, method: str, path: str, body: str | None = None) -> int:
        """The status of an answer."""
        connection = self.connect()
        connection.request(method, path, body, self.headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def predict(self) -> int:
        """The status of a prediction."""
        return self.ask("POST", "/api/v1/models/credit/predictions", BODY)

    def is_ready(self) -> bool:
        """Whether it answers already."""
        try:
            return self.ask("GET", "/health/ready") == 200
        except OSError:
            return False

    def end(self) -> None:
        """Ask it to stop."""
        os.kill(self.process.pid or 0, signal.SIGTERM)


Start = Callable[[], Serving]


@pytest.fixture
def start(settings: Settings, resources: Resources, developer: Actor, champion: int) -> Iterator[Start]:
    key = api_keys.create_api_key(resources, developer, ApiKeyRequest(label="key")).key
    started: list[Serving] = []

    def act() -> Serving:
        started.append(Serving(settings, key))
        wait_until(started[-1].is_ready)
        return started[-1]

    yield act
    for one in started:
        one.process.kill()
        one.process.join()


def test_a_process_that_is_told_to_stop_answers_and_stores_all_that_it_took_on(
    start: Start, resources: Resources
) -> None:
    service = start()
    assert service.predict() == 200
    with ThreadPoolExecutor(CALLERS) as pool:
        with resources.database.write() as session:
            session.get_one(tables.AuditHead, 1, with_for_update=True)  # nobody else can store meanwhile
            answers = [pool.submit(service.predict) for _ in range(CALLERS)]
            time.sleep(0.5)  # until all of them wait for the database
            service.end()
            time.sleep(0.5)  # until the end was heard
            with pytest.raises(ConnectionRefusedError):
                service.predict()
            assert service.process.is_alive()
            assert not any(one.done() for one in answers)
        assert [one.result(60) for one in answers] == [200] * CALLERS
    service.process.join(60)
    assert not service.process.is_alive()
    assert everything_stored(resources)["predictions"] == 1 + CALLERS


def test_a_stream_that_follows_a_job_ends_in_order_when_the_process_does(start: Start, steps: Steps) -> None:
    waiting = steps.job("credit", steps.dataset(name="more"))
    service = start()
    connection = service.connect()
    person = json.dumps({"name": "developer", "password": PASSWORD})
    connection.request("POST", "/api/v1/sessions", person, {"Content-Type": "application/json"})
    signed_in = connection.getresponse()
    signed_in.read()
    cookie = signed_in.headers["set-cookie"].partition(";")[0]
    connection.request("GET", f"/api/v1/training-jobs/{waiting}/events", headers={"Cookie": cookie})
    stream = connection.getresponse()
    assert stream.readline().startswith(b"event: state")
    service.end()
    stream.read()  # raises where it is cut off
    connection.close()
    service.process.join(60)
    assert not service.process.is_alive()


def test_every_process_hears_of_a_suspension_at_once(start: Start, resources: Resources, person: Person) -> None:
    both = start(), start()
    assert [one.predict() for one in both] == [200, 200]
    why = suspensions.ReasonRequest(reason="It drifts.")
    suspensions.create_suspension(resources, person("administrator"), "credit", 1, why)
    assert [one.predict() for one in both] == [409, 409]
    assert everything_stored(resources)["predictions"] == 2
