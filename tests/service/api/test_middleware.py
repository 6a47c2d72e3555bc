"""What surrounds every request: headers, hosts, foreign pages."""

import pytest
from starlette.testclient import TestClient

from service.operations.resources import Resources
from tests.service.conftest import HOST, PASSWORD, Person, SignIn, everything_stored

MODEL = {"name": "m-1", "title": "T", "purpose": "P", "owner": "O", "risk_tier": "low", "approved_use": "A"}


@pytest.mark.parametrize("path", ["/health/live", "/api/v1/me", "/api/v1/nothing", "/api/v1/openapi.json", "/nothing"])
def test_every_answer_carries_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert len(headers["x-request-id"]) == 16


def test_answers_of_the_api_are_not_kept(client: TestClient) -> None:
    assert client.get("/api/v1/me").headers["cache-control"] == "no-store"


def test_a_failure_nobody_foresaw_carries_the_headers_and_tells_nothing(
    client: TestClient, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("the secret is quokka")

    sign_in("developer")
    monkeypatch.setattr("service.operations.models.list_models", broken)
    answer = client.get("/api/v1/models")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "quokka" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "127.0.0.1.nip.io"])
def test_another_host_name_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/health/live", headers={"Host": host})
    assert answer.status_code == 400
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://["},
        {"Origin": f"https://{HOST}:8443"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": f"https://{HOST}"},
    ],
    ids=str,
)
def test_a_foreign_page_changes_nothing_with_the_cookie_of_the_browser(
    client: TestClient, sign_in: SignIn, resources: Resources, headers: dict[str, str]
) -> None:
    sign_in("developer")
    before = everything_stored(resources)
    answer = client.post("/api/v1/models", json=MODEL, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_origin_refused")
    assert everything_stored(resources) == before
    assert client.get("/api/v1/models", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": f"https://{HOST}"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}],
    ids=str,
)
def test_our_own_page_may(client: TestClient, sign_in: SignIn, headers: dict[str, str]) -> None:
    sign_in("developer")
    assert client.post("/api/v1/models", json=MODEL, headers=headers).status_code == 201


def test_a_foreign_page_signs_nobody_in(client: TestClient, person: Person) -> None:
    person("developer")
    credentials = {"name": "developer", "password": PASSWORD}
    answer = client.post("/api/v1/sessions", json=credentials, headers={"Origin": "https://evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_origin_refused")
    assert "set-cookie" not in answer.headers


def test_a_form_of_a_foreign_page_is_no_json(client: TestClient, sign_in: SignIn) -> None:
    sign_in("developer")
    answer = client.post("/api/v1/models", content=b'{"name": "m-1"}', headers={"Content-Type": "text/plain"})
    assert answer.status_code == 422


def test_an_unknown_address_and_a_wrong_method_are_problems(client: TestClient) -> None:
    for answer, status in ((client.get("/api/v1/nothing"), 404), (client.put("/api/v1/me"), 405)):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["instance"].startswith("/api/v1/")
