"""Scoring jobs over HTTP: asked for, computed by a worker, fetched by whoever may."""

import io
from typing import Any

import polars as pl
import pytest
from starlette.testclient import TestClient

from service.errors import JobCrashed
from service.operations import scoring_jobs, training_runs
from service.operations.resources import Resources
from tests.service.conftest import Person, SignIn, Steps, audit_payloads, everything_stored
from tests.service.training import credit_csv

API = "/api/v1"
PLACE = f"{API}/models/credit/scoring-jobs"
TABLE = b"purpose,age,income,who\ncar,41,,a\ntrip,20,1000,b\ncar,,1,c\n"


def create(client: TestClient, content: bytes = TABLE, **fields: str) -> Any:
    answer = client.post(PLACE, files={"file": ("table.csv", content)}, data=fields)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"{API}/scoring-jobs/{answer.json()['job']['id']}"
    return answer.json()


def work(resources: Resources, job: Any) -> str:
    return training_runs.run_training_job(resources, job["job"]["id"])


def test_a_file_becomes_a_file_with_outputs_and_contributions(
    client: TestClient, sign_in: SignIn, resources: Resources, champion: int
) -> None:
    sign_in("client")
    job = create(client)
    place = f"{API}/scoring-jobs/{job['job']['id']}"
    assert (job["job"]["state"], job["job"]["kind"], job["result"]) == ("queued", "score", None)
    early = client.get(f"{place}/result")
    assert (early.status_code, early.json()["code"]) == (409, "wrong_state")
    assert work(resources, job) == "succeeded"
    found = client.get(place).json()
    assert (found["result"]["rows"], found["result"]["refused"]) == (3, 1)
    assert (found["job"]["progress"]["stage"], found["job"]["progress"]["step"]) == ("score", 1)
    answer = client.get(f"{place}/result")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert "attachment" in answer.headers["content-disposition"]
    assert len(answer.content) == found["result"]["bytes"]
    table = pl.read_parquet(io.BytesIO(answer.content))
    rows = [{"age": 41, "purpose": "car", "income": None}, {"age": 20, "purpose": "trip", "income": 1000}]
    native = client.post(f"{API}/models/credit/predictions", json={"rows": rows, "explain": "features"}).json()
    assert table["link"].to_list() == [*(one["output"]["link"] for one in native["predictions"]), None]
    ages = [one["features"][0]["contribution"] for one in native["predictions"]]
    assert table["contribution.age"].to_list() == [*ages, None]
    stream = client.get(f"{place}/result", params={"format": "arrow"})
    assert stream.headers["content-type"] == "application/vnd.apache.arrow.stream"
    assert pl.read_ipc_stream(io.BytesIO(stream.content)).equals(table)
    events = {event["action"]: event for event in audit_payloads(resources)}
    assert events["scoring_jobs.created"]["details"]["source"] == job["source_digest"]
    assert events["scoring_jobs.scored"]["details"]["result"] == found["result"]["digest"]
    assert not list((resources.settings.data_dir / "checkpoints").iterdir())


def test_a_dataset_is_scored_by_a_version(
    client: TestClient, sign_in: SignIn, resources: Resources, steps: Steps, champion: int
) -> None:
    sign_in("developer")
    dataset = steps.dataset(credit_csv(50))
    answer = client.post(PLACE, data={"dataset_id": dataset, "version": "1", "explain": "none"})
    assert answer.status_code == 202, answer.text
    assert work(resources, answer.json()) == "succeeded"
    found = client.get(f"{API}/scoring-jobs/{answer.json()['job']['id']}").json()
    assert (found["result"]["rows"], found["result"]["refused"]) == (50, 0)


def test_the_same_table_gives_the_same_bytes(
    client: TestClient, sign_in: SignIn, resources: Resources, champion: int
) -> None:
    sign_in("client")
    jobs = [create(client) for _ in range(2)]
    assert [work(resources, job) for job in jobs] == ["succeeded"] * 2
    digests = {client.get(f"{API}/scoring-jobs/{job['job']['id']}").json()["result"]["digest"] for job in jobs}
    assert len(digests) == 1


def test_a_key_names_the_request_that_must_not_happen_twice(client: TestClient, sign_in: SignIn, champion: int) -> None:
    sign_in("client")
    headers = {"Idempotency-Key": "night-1"}
    answers = [client.post(PLACE, files={"file": ("t", TABLE)}, headers=headers).json()["job"]["id"] for _ in range(2)]
    assert answers[0] == answers[1]
    other = client.post(PLACE, files={"file": ("t", TABLE + b"car,3,,d\n")}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_client_sees_and_stops_its_own_jobs_only(
    client: TestClient, sign_in: SignIn, resources: Resources, person: Person, champion: int
) -> None:
    sign_in("developer")
    foreign = create(client)["job"]["id"]
    sign_in("client")
    own = create(client)["job"]["id"]
    for place, method in (("", "GET"), ("/result", "GET"), ("/cancel", "POST")):
        answer = client.request(method, f"{API}/scoring-jobs/{foreign}{place}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    stopped = client.post(f"{API}/scoring-jobs/{own}/cancel").json()
    assert (stopped["job"]["state"], stopped["job"]["cancel_requested"]) == ("cancelled", True)
    again = client.post(f"{API}/scoring-jobs/{own}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")


def test_a_training_is_no_scoring_job(client: TestClient, sign_in: SignIn, steps: Steps, champion: int) -> None:
    job = steps.job("credit", steps.dataset())
    sign_in("developer")
    for place, method in (("", "GET"), ("/result", "GET"), ("/cancel", "POST")):
        assert client.request(method, f"{API}/scoring-jobs/{job}{place}").status_code == 404
    scored = create(client)["job"]["id"]
    retried = client.post(f"{API}/training-jobs/{scored}/retry")
    assert (retried.status_code, retried.json()["code"]) == (409, "not_a_training")


def test_a_version_suspended_meanwhile_hands_out_nothing(
    client: TestClient, sign_in: SignIn, resources: Resources, champion: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in("developer", "administrator")
    job = create(client)
    compute = scoring_jobs.compute_scores

    def suspended_then(*arguments: Any) -> Any:
        found = compute(*arguments)
        suspension = client.post(f"{API}/models/credit/versions/1/suspensions", json={"reason": "r"})
        assert suspension.status_code in (200, 201), suspension.text
        return found

    monkeypatch.setattr(training_runs, "compute_scores", suspended_then)
    assert work(resources, job) == "failed"
    found = client.get(f"{API}/scoring-jobs/{job['job']['id']}").json()
    assert (found["job"]["error"]["code"], found["result"]) == ("version_not_approved", None)


def test_a_job_that_is_ended_from_outside_leaves_no_blocks(
    client: TestClient, sign_in: SignIn, resources: Resources, champion: int
) -> None:
    sign_in("developer")
    cancelled, crashing = (create(client)["job"]["id"] for _ in range(2))
    for job in (cancelled, crashing):
        training_runs.begin_attempt(resources, job, "worker")
        resources.checkpoints.of_job(job).write("scores-0.parquet", b"block")
    assert training_runs.end_training_job(resources, cancelled, "cancelled") == "cancelled"
    states = [training_runs.note_crash(resources, crashing, 1, JobCrashed(-9)) for _ in range(3)]
    assert states == ["running", "running", "failed"]
    assert not list((resources.settings.data_dir / "checkpoints").iterdir())


WRONG: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "nothing": ({"data": {"explain": "none"}}, 422, "invalid_request", "/file"),
    "both": ({"files": {"file": TABLE}, "data": {"dataset_id": "0" * 36}}, 422, "invalid_request", "/file"),
    "explain": ({"files": {"file": TABLE}, "data": {"explain": "magic"}}, 422, "invalid_request", "/explain"),
    "version": ({"files": {"file": TABLE}, "data": {"version": "0"}}, 422, "invalid_request", "/version"),
    "no such version": ({"files": {"file": TABLE}, "data": {"version": "7"}}, 404, "not_found", ""),
    "no such dataset": ({"data": {"dataset_id": "0" * 36}}, 404, "not_found", ""),
    "empty": ({"files": {"file": b""}}, 422, "malformed_csv", "/file"),
    "column": ({"files": {"file": b"age,purpose\n1,car\n"}}, 422, "unknown_column", "/file"),
    "cut Parquet": ({"files": {"file": b"PAR1abc"}}, 422, "malformed_parquet", "/file"),
    "latin": ({"files": {"file": "âge\n1\n".encode("latin-1")}}, 422, "not_utf8", "/file"),
    "too large": ({"files": {"file": b"x" * 50_001}}, 413, "body_too_large", "/file"),
    "far too large": ({"files": {"file": b"x" * 400_000}}, 413, "body_too_large", "/file"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_request_that_cannot_work_is_refused(
    client: TestClient, sign_in: SignIn, resources: Resources, champion: int, name: str
) -> None:
    request, status, code, pointer = WRONG[name]
    sign_in("developer")
    before = everything_stored(resources)
    answer = client.post(PLACE, **request)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert [one["pointer"] for one in answer.json()["errors"]][:1] == ([pointer] if pointer else [])
    assert everything_stored(resources) == before


def test_a_table_that_breaks_off_fails_the_job_with_a_sentence(
    client: TestClient, sign_in: SignIn, resources: Resources, champion: int
) -> None:
    sign_in("developer")
    job = create(client, b"age,purpose,income\n1,car,2\n3\n")
    assert work(resources, job) == "failed"
    error = client.get(f"{API}/scoring-jobs/{job['job']['id']}").json()["job"]["error"]
    assert error["code"] == "malformed_csv"
    assert "line 3" in error["detail"]
