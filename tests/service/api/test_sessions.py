"""Signing in and out over HTTP, and keys."""

from starlette.testclient import TestClient

from service.api.dependencies import SESSION_COOKIE
from tests.service.conftest import PASSWORD, Person, SignIn

API = "/api/v1"


def test_the_cookie_cannot_be_read_by_scripts_nor_sent_in_the_clear(client: TestClient, person: Person) -> None:
    person("developer")
    answer = client.post(f"{API}/sessions", json={"name": "developer", "password": PASSWORD})
    assert answer.status_code == 201
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{SESSION_COOKIE}=")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "secure", "path=/", "samesite=lax"} <= parts
    assert not any(part.startswith("domain") for part in parts)
    assert PASSWORD not in answer.text


def test_signing_out_ends_the_session(client: TestClient, sign_in: SignIn) -> None:
    sign_in("developer")
    token = client.cookies[SESSION_COOKIE]
    assert client.get(f"{API}/me").json()["name"] == "developer"
    assert client.delete(f"{API}/sessions/current").status_code == 204
    assert SESSION_COOKIE not in client.cookies
    answer = client.get(f"{API}/me", headers={"Cookie": f"{SESSION_COOKIE}={token}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


def test_wrong_credentials_sign_nobody_in(client: TestClient, person: Person) -> None:
    person("developer")
    for name, password in (("developer", "wrong"), ("nobody", PASSWORD)):
        answer = client.post(f"{API}/sessions", json={"name": name, "password": password})
        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_refused")
        assert "set-cookie" not in answer.headers


def test_a_key_calls_as_its_role_and_never_signs(client: TestClient, sign_in: SignIn) -> None:
    sign_in("developer", "auditor")
    made = client.post(f"{API}/api-keys", json={"label": "ci", "role": "developer"})
    assert made.status_code == 201
    key = made.json()["key"]
    assert key not in client.get(f"{API}/api-keys").text
    client.cookies.clear()
    bearer = {"Authorization": f"Bearer {key}"}
    assert client.get(f"{API}/me", headers=bearer).json()["roles"] == ["developer"]
    signature = f"{API}/reviews/{'0' * 36}/signatures"
    digest = "sha256:" + "0" * 64
    body = {
        "verdict": "approved",
        "statement": "s",
        "artifact_digest": digest,
        "decisions_digest": digest,
        "password": PASSWORD,
    }
    answer = client.post(signature, json=body, headers=bearer)
    assert (answer.status_code, answer.json()["code"]) == (403, "action_not_allowed")


def test_an_auditor_without_another_role_has_no_keys(client: TestClient, sign_in: SignIn) -> None:
    sign_in("auditor")
    answer = client.post(f"{API}/api-keys", json={"label": "ci"})
    assert (answer.status_code, answer.json()["code"]) == (403, "action_not_allowed")


def test_a_wrong_key_does_not_fall_back_to_the_cookie(client: TestClient, sign_in: SignIn) -> None:
    sign_in("developer")
    answer = client.get(f"{API}/me", headers={"Authorization": "Bearer ew_wrong"})
    assert answer.status_code == 401
