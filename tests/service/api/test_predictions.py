"""Predictions over HTTP: committed before they are answered."""

from typing import Any

from sqlalchemy import event
from starlette.testclient import TestClient

from service.operations.resources import Resources
from tests.service.conftest import Person, SignIn, everything_stored
from tests.service.training import ROW

API = "/api/v1"
PREDICTIONS = f"{API}/models/credit/predictions"


def power_cut(_connection: object) -> None:
    raise ConnectionError("the database went away")


def test_a_failed_commit_never_answers_success(
    client: TestClient, sign_in: SignIn, resources: Resources, champion: int
) -> None:
    sign_in("developer")
    before = everything_stored(resources)
    model = {"name": "m-1", "title": "T", "purpose": "P", "owner": "O", "risk_tier": "low", "approved_use": "A"}
    event.listen(resources.database.engine, "commit", power_cut)
    answers = [client.post(PREDICTIONS, json={"rows": [ROW]}), client.post(f"{API}/models", json=model)]
    event.remove(resources.database.engine, "commit", power_cut)
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
        assert "id" not in answer.json()
    assert everything_stored(resources) == before


def test_an_answer_can_be_looked_up_drawn_and_replayed(client: TestClient, sign_in: SignIn, champion: int) -> None:
    sign_in("developer")
    answer = client.post(PREDICTIONS, json={"rows": [ROW], "explain": "edges"})
    assert answer.status_code == 200, answer.text
    prediction = answer.json()["predictions"][0]
    stored = client.get(f"{API}/predictions/{prediction['id']}").json()
    assert stored["prediction"] == prediction
    assert stored["row"] == ROW
    figure = client.get(f"{API}/predictions/{prediction['id']}/chart").json()
    assert set(figure) == {"data", "layout"}
    replay = client.post(f"{API}/predictions/{prediction['id']}/replay").json()
    assert (replay["identical"], replay["stored_digest"]) == (True, stored["record_digest"])
    (listed,) = client.get(f"{API}/predictions", params={"model": "credit"}).json()["items"]
    assert listed["output_link"] == prediction["output"]["link"]


def test_the_header_names_the_request_that_must_not_happen_twice(
    client: TestClient, sign_in: SignIn, champion: int
) -> None:
    sign_in("developer")
    headers = {"Idempotency-Key": "order-1"}
    first: Any = client.post(PREDICTIONS, json={"rows": [ROW]}, headers=headers)
    assert client.post(PREDICTIONS, json={"rows": [ROW]}, headers=headers).json() == first.json()
    other = client.post(PREDICTIONS, json={"rows": [{**ROW, "age": 20}]}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_client_predicts_with_its_key_and_sees_its_record_and_nothing_else(
    client: TestClient, sign_in: SignIn, person: Person, champion: int
) -> None:
    sign_in("developer")
    foreign = client.post(PREDICTIONS, json={"rows": [ROW]}).json()["predictions"][0]["id"]
    sign_in("administrator")
    key = client.post(f"{API}/api-keys", json={"label": "scoring"}).json()["key"]
    client.cookies.clear()
    bearer = {"Authorization": f"Bearer {key}"}
    own = client.post(PREDICTIONS, json={"rows": [ROW]}, headers=bearer).json()["predictions"][0]["id"]
    assert client.get(f"{API}/predictions/{own}", headers=bearer).status_code == 200
    assert client.get(f"{API}/predictions/{foreign}", headers=bearer).status_code == 404
    assert client.get(f"{API}/predictions", headers=bearer).status_code == 403


def test_pages_continue_where_the_last_one_ended(client: TestClient, sign_in: SignIn, champion: int) -> None:
    sign_in("developer")
    made = [client.post(PREDICTIONS, json={"rows": [ROW]}).json()["predictions"][0]["id"] for _ in range(5)]
    seen: list[str] = []
    cursor = None
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = client.get(f"{API}/predictions", params=query).json()
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == made[::-1]
