"""Limits of keys over HTTP."""

from dataclasses import replace
from typing import Any

from starlette.testclient import TestClient

from service.app import create_app
from service.domain.rate_limits import Buckets, Leases
from service.operations.resources import Resources
from service.settings import Settings
from tests.service.conftest import HOST, Clock, SignIn
from tests.service.training import ROW

API = "/api/v1"
PREDICTIONS = f"{API}/models/credit/predictions"


def new_key(client: TestClient, **limits: Any) -> dict[str, str]:
    answer = client.post(f"{API}/api-keys", json={"label": "k", **limits})
    assert answer.status_code == 201, answer.text
    assert {name: answer.json()[name] for name in limits} == limits
    return {"Authorization": f"Bearer {answer.json()['key']}"}


def test_a_key_is_told_when_it_may_ask_again(client: TestClient, sign_in: SignIn, clock: Clock, champion: int) -> None:
    sign_in("developer")
    limited, free = new_key(client, requests_per_minute=2), new_key(client)
    answers = [client.get(f"{API}/me", headers=limited) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    problem = answers[2].json()
    assert (problem["code"], problem["title"]) == ("rate_limited", "Too Many Requests")
    seconds = int(answers[2].headers["retry-after"])
    assert 1 <= seconds <= 30
    assert all(client.get(f"{API}/me", headers=free).status_code == 200 for _ in range(5))
    assert all(client.get(f"{API}/me").status_code == 200 for _ in range(5)), "people have no such limit"
    clock.advance(seconds=seconds)
    assert client.get(f"{API}/me", headers=limited).status_code == 200
    assert client.get("/v2/models/credit", headers=limited).status_code == 429
    sign_in("observer")
    assert 'edgewise_rate_limited_total{limit="requests_per_minute"} 2' in client.get("/metrics").text


def test_rows_of_a_day_are_counted_over_all_processes(
    settings: Settings, resources: Resources, client: TestClient, sign_in: SignIn, clock: Clock, champion: int
) -> None:
    sign_in("developer")
    key = new_key(client, rows_per_day=10)
    client.cookies.clear()
    # Another process shares the database, not the memory.
    other = TestClient(
        create_app(settings, replace(resources, buckets=Buckets(), leases=Leases())), base_url=f"https://{HOST}"
    )
    for asked, rows in ((client, 4), (other, 4), (client, 2)):
        assert asked.post(PREDICTIONS, json={"rows": [ROW] * rows}, headers=key).status_code == 200
    for asked in (client, other):
        refused = asked.post(PREDICTIONS, json={"rows": [ROW]}, headers=key)
        assert (refused.status_code, refused.json()["code"]) == (429, "quota_spent")
        assert int(refused.headers["retry-after"]) == 15 * 3600
    assert client.post(f"{API}/models/credit/invocations", json={"instances": [ROW]}, headers=key).status_code == 429
    table = {"file": ("t.csv", b"age,purpose,income\n41,car,\n")}
    assert client.post(f"{API}/models/credit/scoring-jobs", files=table, headers=key).status_code == 429
    clock.advance(hours=15)
    assert client.post(f"{API}/models/credit/scoring-jobs", files=table, headers=key).status_code == 202
    assert client.post(PREDICTIONS, json={"rows": [ROW]}, headers=key).status_code == 200
    too_many = client.post(PREDICTIONS, json={"rows": [ROW] * 11}, headers=key)
    assert (too_many.status_code, too_many.json()["errors"][0]["pointer"]) == (429, "/rows")
    other.close()


def test_settings_limit_keys_that_have_no_limit_of_their_own(
    settings: Settings, resources: Resources, client: TestClient, sign_in: SignIn, champion: int
) -> None:
    sign_in("developer")
    key, own = new_key(client), new_key(client, requests_per_minute=100, rows_per_day=100)
    limited = settings.model_copy(update={"key_requests_per_minute": 1, "key_rows_per_day": 1})
    strict = TestClient(
        create_app(limited, replace(resources, settings=limited, buckets=Buckets())), base_url=f"https://{HOST}"
    )
    assert strict.post(PREDICTIONS, json={"rows": [ROW] * 2}, headers=key).json()["code"] == "quota_spent"
    assert strict.get(f"{API}/me", headers=key).json()["code"] == "rate_limited"
    for _ in range(2):
        assert strict.post(PREDICTIONS, json={"rows": [ROW] * 2}, headers=own).status_code == 200
    strict.close()
