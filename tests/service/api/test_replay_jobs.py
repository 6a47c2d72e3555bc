"""Bulk replay over HTTP: asked for, computed by a worker, with progress and a result that names what differs."""

from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from service.operations import replays, training_runs
from service.operations.resources import Resources
from service.storage import tables
from tests.service.conftest import SignIn, audit_payloads
from tests.service.training import ROW

API = "/api/v1"
PLACE = f"{API}/models/credit/replay-jobs"


@pytest.fixture
def predicted(client: TestClient, sign_in: SignIn, champion: int) -> list[str]:
    sign_in("developer")
    rows = [{**ROW, "age": 20 + number} for number in range(5)]
    answer = client.post(f"{API}/models/credit/predictions", json={"rows": rows}).json()
    return [one["id"] for one in answer["predictions"]]


def create(client: TestClient, **request: Any) -> str:
    answer = client.post(PLACE, json=request)
    assert answer.status_code == 202, answer.text
    job: str = answer.json()["job"]["id"]
    assert answer.headers["location"] == f"{API}/replay-jobs/{job}"
    assert answer.json()["result"] is None
    return job


def test_a_job_counts_what_is_identical_and_names_what_is_not(
    client: TestClient, sign_in: SignIn, resources: Resources, predicted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "AT_A_TIME", 2)
    with resources.database.write() as session:
        altered = update(tables.Prediction).where(tables.Prediction.id == predicted[3])
        session.execute(altered.values(record_digest="sha256:" + "0" * 64))
    sign_in("auditor")
    job = create(client, caller="developer")
    assert training_runs.run_training_job(resources, job) == "succeeded"
    found = client.get(f"{API}/replay-jobs/{job}").json()
    assert found["result"] == {"replayed": 5, "identical": 4, "different": 1, "different_ids": [predicted[3]]}
    assert (found["job"]["kind"], found["job"]["progress"]["stage"], found["job"]["progress"]["steps"]) == (
        "replay",
        "replay",
        5,
    )
    events = {event["action"]: event for event in audit_payloads(resources)}
    assert events["predictions.replayed_in_bulk"]["details"]["different_ids"] == [predicted[3]]
    assert "developer" not in str(events["replay_jobs.created"]["details"])


def test_a_filter_that_finds_nothing_replays_nothing_and_a_key_queues_once(
    client: TestClient, resources: Resources, predicted: list[str]
) -> None:
    asked = {"until": "2020-01-01T00:00:00Z"}
    first, again = (client.post(PLACE, json=asked, headers={"Idempotency-Key": "once"}).json() for _ in range(2))
    assert first["job"]["id"] == again["job"]["id"]
    assert training_runs.run_training_job(resources, first["job"]["id"]) == "succeeded"
    assert client.get(f"{API}/replay-jobs/{first['job']['id']}").json()["result"]["replayed"] == 0


def test_a_job_is_stopped_while_it_waits_and_while_it_runs(
    client: TestClient, resources: Resources, predicted: list[str]
) -> None:
    waiting, running = create(client), create(client)
    assert client.post(f"{API}/replay-jobs/{waiting}/cancel").json()["job"]["state"] == "cancelled"
    assert client.post(f"{API}/replay-jobs/{waiting}/cancel").json()["code"] == "wrong_state"
    attempt = training_runs.begin_attempt(resources, running, "worker")
    assert attempt is not None
    assert client.post(f"{API}/replay-jobs/{running}/cancel").json()["job"]["cancel_requested"]
    assert training_runs.run_attempt(resources, running, attempt) == "cancelled"
    assert client.get(f"{API}/replay-jobs/{running}").json()["result"] is None
    assert client.post(f"{API}/training-jobs/{running}/retry").json()["code"] == "not_a_training"


def test_what_cannot_be_replayed_is_refused(client: TestClient, predicted: list[str]) -> None:
    assert client.post(f"{API}/models/other/replay-jobs", json={}).status_code == 404
    refused = client.post(PLACE, json={"versoin": 1})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/versoin")


def test_an_export_is_a_file_of_either_format(client: TestClient, predicted: list[str]) -> None:
    lines = client.get(f"{API}/predictions/export", params={"model": "credit"})
    assert lines.headers["content-type"] == "application/jsonl"
    assert "predictions.jsonl" in lines.headers["content-disposition"]
    assert len(lines.text.splitlines()) == 5
    assert client.get(f"{API}/predictions/export", params={"format": "parquet"}).content.startswith(b"PAR1")
    assert client.get(f"{API}/predictions/export", params={"format": "csv"}).status_code == 422
