"""The Python client against the real service on a real socket."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.app import create_app
from service.client import Client, Refused, ServiceUnreachable
from service.domain.permissions import Actor
from service.domain.predictions import Value
from service.operations import api_keys, training_runs
from service.operations.api_keys import ApiKeyRequest
from service.operations.resources import Resources
from service.settings import Settings
from tests.database import free_port
from tests.service.conftest import everything_stored
from tests.service.serving import served

ROW: dict[str, Value] = {"age": 41.0, "purpose": "car", "income": None}


class Unreliable:
    """Spoils the next answers of an application: before it is asked, or after it has done its work."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.faults: list[str] = []
        self.calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        fault = self.faults.pop(0) if self.faults else None
        if fault is None:
            await self._app(scope, receive, send)
        elif fault == "lost":
            await self._app(scope, receive, _nowhere)
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
            await send({"type": "http.response.body", "body": b"cut off"})  # the server then closes the connection
        else:
            status = int(fault)
            headers = [(b"content-type", b"text/plain"), *([(b"retry-after", b"7")] if status == 503 else [])]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b"later"})


async def _nowhere(_message: Message) -> None:
    """Swallows an answer."""


@pytest.fixture
def unreliable(settings: Settings, resources: Resources, champion: int) -> Unreliable:
    reachable = settings.model_copy(update={"allowed_hosts": ["127.0.0.1"]})
    return Unreliable(create_app(reachable, resources))


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def remote(resources: Resources, developer: Actor, unreliable: Unreliable, waits: list[float]) -> Iterator[Client]:
    """A client with a developer's key, which notes how long it would wait."""
    key = api_keys.create_api_key(resources, developer, ApiKeyRequest(label="k", role="developer")).key
    with served(unreliable) as url:
        client = Client(url, key, sleep=waits.append, jitter=lambda: 1.0)
        yield client
        client.close()


def test_a_prediction_comes_back_typed_and_can_be_looked_up_and_replayed(remote: Client) -> None:
    answer = remote.predict("credit", [ROW, {**ROW, "age": 20}], explain="features")
    assert (answer.model, answer.version, len(answer.predictions)) == ("credit", 1, 2)
    first = answer.predictions[0]
    assert [one.feature for one in first.features] == ["age", "purpose", "income"]
    assert remote.get_prediction(first.id).prediction == first
    assert remote.replay_prediction(first.id).identical
    assert remote.predict("credit", [ROW], version=1).predictions[0].output == first.output


def test_a_lost_answer_is_asked_for_again_and_nothing_happens_twice(
    remote: Client, unreliable: Unreliable, resources: Resources, waits: list[float]
) -> None:
    before = everything_stored(resources)["predictions"]
    unreliable.faults = ["lost", "503", "504"]
    answer = remote.predict("credit", [ROW])
    assert unreliable.calls == 4
    assert waits == [0.2, 7.0, 0.8]
    assert everything_stored(resources)["predictions"] == before + 1
    assert remote.get_prediction(answer.predictions[0].id).prediction == answer.predictions[0]


def test_waiting_ends_after_the_attempts(remote: Client, unreliable: Unreliable, waits: list[float]) -> None:
    unreliable.faults = ["502"] * 6
    with pytest.raises(ServiceUnreachable, match="answered 502"):
        remote.predict("credit", [ROW])
    assert waits == [0.2, 0.4, 0.8, 1.6, 3.2]


def test_a_refusal_is_told_at_once_with_its_code_and_fields(
    remote: Client, unreliable: Unreliable, waits: list[float]
) -> None:
    with pytest.raises(Refused, match="lacks the feature 'purpose'") as refused:
        remote.predict("credit", [{"age": 3}])
    assert (refused.value.status, refused.value.code) == (422, "missing_feature")
    assert refused.value.errors[0][0] == "/rows/0/purpose"
    assert len(refused.value.request_id) == 16
    with pytest.raises(Refused) as missing:
        remote.predict("no/such model", [ROW])
    assert missing.value.status in (404, 422)
    with pytest.raises(ValueError, match="JSON"):
        remote.predict("credit", [{**ROW, "age": float("nan")}])
    assert waits == []


def test_a_key_that_nobody_knows_is_refused(remote: Client) -> None:
    stranger = Client(remote.url, "ew_nobody")
    with pytest.raises(Refused) as refused:
        stranger.predict("credit", [ROW])
    assert (refused.value.status, refused.value.code) == (401, "not_signed_in")
    stranger.close()
    assert "ew_nobody" not in repr(stranger)


def test_a_service_that_is_away_is_said_to_be(waits: list[float]) -> None:
    client = Client(f"http://127.0.0.1:{free_port()}", "k", attempts=3, sleep=waits.append)
    with pytest.raises(ServiceUnreachable, match="does not answer"):
        client.get_prediction("x")
    assert len(waits) == 2


@pytest.mark.parametrize("url", ["ftp://host", "host:8000", "http://", ""])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        Client(url, "k")


def test_a_table_is_scored_and_fetched(
    remote: Client, unreliable: Unreliable, resources: Resources, tmp_path: Path
) -> None:
    table = tmp_path / "table.parquet"
    frame = pl.DataFrame(
        [ROW, {**ROW, "age": 20.0}], schema={"age": pl.Float64, "purpose": pl.String, "income": pl.Float64}
    )
    frame.write_parquet(table)
    unreliable.faults = ["lost"]
    job = remote.score("credit", table, explain="none")
    assert (job.job.state, job.result) == ("queued", None)
    assert everything_stored(resources)["scoring_jobs"] == 1
    assert training_runs.run_training_job(resources, job.job.id) == "succeeded"
    ended = remote.wait_for_scoring_job(job.job.id)
    assert ended.result is not None
    assert (ended.result.rows, ended.result.refused) == (2, 0)
    remote.fetch_scores(job.job.id, tmp_path / "scores.parquet")
    scores = pl.read_parquet(tmp_path / "scores.parquet")
    answers = remote.predict("credit", frame.to_dicts(), explain="none").predictions
    assert scores["link"].to_list() == [one.output.link for one in answers]
    with pytest.raises(FileExistsError):
        remote.fetch_scores(job.job.id, tmp_path / "scores.parquet")


def test_a_connection_that_hangs_ends(waits: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place: Any = silent.getsockname()
        client = Client(f"http://127.0.0.1:{place[1]}", "k", timeout_seconds=0.05, attempts=2, sleep=waits.append)
        with pytest.raises(ServiceUnreachable, match="timed out"):
            client.get_prediction("x")
