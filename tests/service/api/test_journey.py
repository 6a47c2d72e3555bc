"""The main job over HTTP: from a table to a prediction by an approved version."""

from starlette.testclient import TestClient

from service.operations import training_runs
from service.operations.resources import Resources
from tests.service.conftest import PASSWORD, SignIn
from tests.service.training import QUICK, ROW, credit_csv

API = "/api/v1"
MODEL = {"name": "credit", "title": "T", "purpose": "P", "owner": "O", "risk_tier": "low", "approved_use": "A"}


def test_a_table_becomes_an_approved_champion_that_explains_its_predictions(
    client: TestClient, sign_in: SignIn, resources: Resources
) -> None:
    sign_in("developer")
    fields = {"name": "applicants", "schema": '{"target": "default", "features": {"sex": {"protected": true}}}'}
    dataset = client.post(f"{API}/datasets", files={"file": ("t.csv", credit_csv())}, data=fields)
    assert dataset.status_code == 201, dataset.text
    assert client.get(dataset.headers["location"]).json() == dataset.json()
    created = client.post(f"{API}/models", json=MODEL)
    assert created.status_code == 201
    assert client.get(created.headers["location"]).json() == created.json()
    request = {"model": "credit", "dataset_id": dataset.json()["id"], "configuration": QUICK.model_dump(mode="json")}
    job = client.post(f"{API}/training-jobs", json=request).json()["id"]
    training_runs.run_training_job(resources, job)
    version = f"{API}/models/credit/versions/1"
    assert client.get(version).json()["state"] == "candidate"
    for part in ("network", "formula", "inputs", "edges/0.0.0", "edges/0.0.0/chart", "edges/0.0.0/candidates"):
        assert client.get(f"{version}/{part}").status_code == 200, part
    trial = client.post(f"{version}/trial-predictions", json={"rows": [ROW]})
    assert trial.json()["trial"] is True
    review = client.post(f"{API}/reviews", json={"model": "credit", "version": 1, "summary": "Please."}).json()
    assert review["may_decide"] is False
    approve(client, sign_in, review["id"])
    sign_in("developer")
    move_champion(client)
    answer = client.post(f"{API}/models/credit/predictions", json={"rows": [ROW]}).json()
    assert answer["digest"] == review["artifact_digest"]
    assert answer["trial"] is False
    assert client.get(f"{API}/audit-events/verification").json()["holds"] is True


def approve(client: TestClient, sign_in: SignIn, review_id: str) -> None:
    sign_in("auditor")
    address = f"{API}/reviews/{review_id}"
    review = client.get(address).json()
    assert review["may_decide"] is True
    for edge in review["edges"]:
        place = f"{address}/edges/{edge['edge']}"
        refused = client.put(place, json={"decision": "accepted"})
        assert (refused.status_code, refused.json()["code"]) == (428, "precondition_required")
        decided = client.put(place, json={"decision": "accepted"}, headers={"If-Match": edge["etag"]})
        assert decided.status_code == 200
        assert decided.headers["etag"] == decided.json()["etag"]
        stale = client.put(place, json={"decision": "rejected"}, headers={"If-Match": edge["etag"]})
        assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    review = client.get(address).json()
    signature = {
        "verdict": "approved",
        "statement": "I looked at every edge.",
        "artifact_digest": review["artifact_digest"],
        "decisions_digest": review["decisions_digest"],
        "password": PASSWORD,
    }
    signed = client.post(f"{address}/signatures", json=signature)
    assert (signed.status_code, signed.json()["state"]) == (201, "approved")


def move_champion(client: TestClient) -> None:
    address = f"{API}/models/credit/aliases/champion"
    etag = client.get(address).headers["etag"]
    refused = client.put(address, json={"version": 1})
    assert (refused.status_code, refused.json()["code"]) == (428, "precondition_required")
    moved = client.put(address, json={"version": 1}, headers={"If-Match": etag})
    assert moved.status_code == 200
    stale = client.put(address, json={"version": 1}, headers={"If-Match": etag})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    at = {"at": moved.json()["moved_at"]}
    history = client.get(f"{address}/history", params=at).json()["items"]
    assert [move["version"] for move in history] == [1]
