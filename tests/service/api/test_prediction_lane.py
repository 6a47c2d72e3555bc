"""The short way of predictions with a key: the answers, refusals and counts of the usual way."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.service.conftest import SignIn
from tests.service.training import ROW

API = "/api/v1"
PREDICTIONS = f"{API}/models/credit/predictions"
NUMBERS = {"age": 41.0, "purpose": "car", "income": None}


@pytest.fixture
def key(client: TestClient, sign_in: SignIn, champion: int) -> dict[str, str]:
    sign_in("developer")
    made = client.post(f"{API}/api-keys", json={"label": "k"}).json()["key"]
    client.cookies.clear()
    return {"Authorization": f"Bearer {made}"}


def without_ids(answer: Any) -> Any:
    predictions = [{**one, "id": ""} for one in answer["predictions"]]
    return {**answer, "predictions": predictions}


def test_both_ways_give_the_same_answer(client: TestClient, key: dict[str, str]) -> None:
    for path in (PREDICTIONS, f"{API}/models/credit/versions/1/predictions"):
        short = client.post(path, json={"rows": [ROW, NUMBERS]}, headers=key)
        usual = client.post(path, json={"rows": [ROW, NUMBERS]}, headers={**key, "Idempotency-Key": path})
        assert (short.status_code, usual.status_code) == (200, 200), short.text
        assert without_ids(short.json()) == without_ids(usual.json())
        kept = {name: value for name, value in usual.headers.items() if name not in ("x-request-id", "content-length")}
        assert {name: short.headers[name] for name in kept} == kept


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[1]",
        b'{"rows": []}',
        b'{"rows": [{"age": NaN}]}',
        b'{"rows": [{"age": 1e999, "purpose": "car", "income": 1.0}]}',
        b'{"rows": [{"age": 41.0}]}',
        b'{"rows": [{"age": true, "purpose": "car", "income": 1.0}]}',
        b'{"rows": [{"age": 41.0, "purpose": "car", "income": 1.0}], "more": 1}',
        b'{"rows": [{"age": 41.0, "purpose": "\\u0000", "income": 1.0}]}',
        b"\xff",
    ],
)
def test_what_is_wrong_is_said_as_on_the_usual_way(client: TestClient, key: dict[str, str], body: bytes) -> None:
    client.post(PREDICTIONS, json={"rows": [ROW]}, headers=key)
    sent = {**key, "Content-Type": "application/json"}
    short = client.post(PREDICTIONS, content=body, headers=sent)
    usual = client.post(PREDICTIONS, content=body, headers={**sent, "Idempotency-Key": "other"})
    assert short.status_code == usual.status_code >= 400
    problems = [{**one.json(), "request_id": ""} for one in (short, usual)]
    assert problems[0] == problems[1]


def test_a_call_is_counted_under_its_route_and_against_its_key(
    client: TestClient, key: dict[str, str], sign_in: SignIn
) -> None:
    for body in ({"rows": [ROW]}, {"rows": [{"age": 1.0}]}, {"rows": [ROW]}):
        client.post(PREDICTIONS, json=body, headers=key)
    sign_in("observer")
    text = client.get("/metrics").text
    route = 'method="POST",route="/api/v1/models/{model}/predictions"'
    assert f'edgewise_http_requests_total{{{route},status="200"}} 2' in text
    assert f'edgewise_http_requests_total{{{route},status="422"}} 1' in text


def test_a_key_that_nobody_has_is_refused(client: TestClient, key: dict[str, str]) -> None:
    answer = client.post(PREDICTIONS, content=json.dumps({"rows": [ROW]}), headers={
        "Authorization": "Bearer ew_unknown", "Content-Type": "application/json",
    })  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
