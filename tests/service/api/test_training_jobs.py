"""Training jobs over HTTP: accepted, followed, resumed, cancelled."""

import threading
from typing import Any

from starlette.testclient import TestClient

from service.operations import training_runs
from service.operations.resources import Resources
from tests.service.conftest import SignIn, Steps
from tests.service.training import QUICK

API = "/api/v1"


def queue(client: TestClient, steps: Steps) -> str:
    request = {
        "model": steps.model(),
        "dataset_id": steps.dataset(),
        "configuration": QUICK.model_dump(mode="json"),
        "message": "First try.",
    }
    answer = client.post(f"{API}/training-jobs", json=request)
    assert answer.status_code == 202, answer.text
    job: str = answer.json()["id"]
    assert answer.headers["location"] == f"{API}/training-jobs/{job}"
    return job


def events(text: str) -> list[dict[str, str]]:
    """The events of a stream, as a browser reads them."""
    found = []
    for block in text.replace("\r\n", "\n").strip().split("\n\n"):
        fields = [line.partition(":") for line in block.split("\n")]
        found.append({name: value.strip() for name, _, value in fields if name})
    return found


def test_the_stream_of_a_finished_job_ends_with_a_last_event(
    client: TestClient, sign_in: SignIn, steps: Steps, resources: Resources
) -> None:
    sign_in("developer")
    job = queue(client, steps)
    training_runs.run_training_job(resources, job)
    answer = client.get(f"{API}/training-jobs/{job}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    stream = events(answer.text)
    assert [event["event"] for event in stream[:2]] == ["state", "state"]
    assert stream[-1]["event"] == "end"
    assert [int(event["id"]) for event in stream[:-1]] == list(range(1, len(stream)))
    assert any(event["event"] == "progress" for event in stream)


def test_a_stream_resumes_after_the_last_event_that_was_seen(
    client: TestClient, sign_in: SignIn, steps: Steps, resources: Resources
) -> None:
    sign_in("developer")
    job = queue(client, steps)
    training_runs.run_training_job(resources, job)
    whole = events(client.get(f"{API}/training-jobs/{job}/events").text)
    rest = events(client.get(f"{API}/training-jobs/{job}/events", headers={"Last-Event-ID": whole[2]["id"]}).text)
    assert rest == whole[3:]
    after_the_end = client.get(f"{API}/training-jobs/{job}/events", headers={"Last-Event-ID": whole[-1]["id"]})
    assert [event["event"] for event in events(after_the_end.text)] == ["end"]


def test_a_stream_follows_a_job_until_it_ends(
    client: TestClient, sign_in: SignIn, steps: Steps, resources: Resources
) -> None:
    sign_in("developer")
    job = queue(client, steps)
    worker = threading.Timer(0.2, training_runs.run_training_job, (resources, job))
    worker.start()
    stream = events(client.get(f"{API}/training-jobs/{job}/events").text)
    worker.join()
    assert stream[0]["data"].find('"queued"') > 0
    assert (stream[-2]["event"], stream[-1]["event"]) == ("state", "end")
    assert '"succeeded"' in stream[-2]["data"]


def test_the_stream_of_an_unknown_job_is_a_problem(client: TestClient, sign_in: SignIn) -> None:
    sign_in("developer")
    answer: Any = client.get(f"{API}/training-jobs/{'0' * 36}/events")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    wrong = client.get(f"{API}/training-jobs/{'0' * 36}/events", headers={"Last-Event-ID": "first"})
    assert wrong.status_code == 422


def test_a_job_is_cancelled(client: TestClient, sign_in: SignIn, steps: Steps) -> None:
    sign_in("developer")
    job = queue(client, steps)
    assert client.post(f"{API}/training-jobs/{job}/cancel").json()["state"] == "cancelled"
    again = client.post(f"{API}/training-jobs/{job}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    (listed,) = client.get(f"{API}/training-jobs", params={"model": "credit"}).json()["items"]
    assert (listed["id"], listed["message"], listed["state"]) == (job, "First try.", "cancelled")
