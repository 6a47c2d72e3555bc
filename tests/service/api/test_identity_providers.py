"""Signing in at an identity provider over HTTP: with our own small one, and with one that others have written."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from starlette.testclient import TestClient

from service.api.dependencies import SESSION_COOKIE
from service.api.identity_providers import ATTEMPT_COOKIE
from service.app import create_app
from service.operations.resources import Resources, utc_now
from service.settings import Settings
from service.storage.identity_provider import IdentityProvider
from tests.database import free_port
from tests.service.conftest import HOST, Clock
from tests.service.identity_provider import Provider, configured, serving

PLACE = "/api/v1/identity-provider"


def browser(resources: Resources, settings: Settings) -> TestClient:
    assert settings.oidc_issuer is not None
    linked = replace(resources, settings=settings, provider=IdentityProvider(settings, settings.oidc_issuer))
    return TestClient(create_app(settings, linked), base_url=f"https://{HOST}", raise_server_exceptions=False)


@pytest.fixture
def provider(clock: Clock) -> Iterator[Provider]:
    with serving(Provider(clock)) as listening:
        yield listening


@pytest.fixture
def linked(resources: Resources, settings: Settings, provider: Provider) -> Iterator[TestClient]:
    with browser(resources, configured(settings, provider)) as client:
        yield client


def answer_of(provider: Provider, url: str) -> dict[str, str | None]:
    answer = provider.authorize(url)
    return {"code": answer.code.get_secret_value(), "state": answer.state, "iss": answer.iss}


def test_a_browser_goes_to_the_provider_and_comes_back_signed_in(linked: TestClient, provider: Provider) -> None:
    assert linked.get(PLACE).json() == {"title": "Bank sign-on"}
    begun = linked.post(f"{PLACE}/attempts")
    assert begun.status_code == 201
    cookie = begun.headers["set-cookie"].lower()
    assert all(flag in cookie for flag in ("httponly", "secure", "samesite=strict", "path=/", "max-age=600"))
    asked = parse_qs(urlsplit(begun.json()["url"]).query)
    assert asked["redirect_uri"] == ["https://testserver/signed-in"]
    assert asked["code_challenge_method"] == ["S256"]
    entered = linked.post(f"{PLACE}/sessions", json=answer_of(provider, begun.json()["url"]))
    assert entered.status_code == 201, entered.text
    assert ATTEMPT_COOKIE not in linked.cookies
    assert SESSION_COOKIE in linked.cookies
    assert linked.get("/api/v1/me").json()["roles"] == ["auditor"]


def test_a_proof_is_made_for_who_is_signed_in(linked: TestClient, provider: Provider, clock: Clock) -> None:
    url = linked.post(f"{PLACE}/attempts").json()["url"]
    linked.post(f"{PLACE}/sessions", json=answer_of(provider, url))
    clock.advance(seconds=1)
    begun = linked.post(f"{PLACE}/proof-attempts")
    assert begun.status_code == 201
    made = linked.post(f"{PLACE}/proofs", json=answer_of(provider, begun.json()["url"]))
    assert made.status_code == 201, made.text
    assert len(made.json()["proof"]) == 64
    assert ATTEMPT_COOKIE not in linked.cookies


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"code": "c", "state": "wrong"}, 401, "provider_sign_in_refused"),
        ({"code": "c"}, 422, "invalid_request"),
        ({"code": "", "state": "s"}, 422, "invalid_request"),
        ({"code": "c" * 4001, "state": "s"}, 422, "invalid_request"),
        ({"code": 7, "state": "s"}, 422, "invalid_request"),
        ({"code": "c", "state": "s", "error": "x"}, 422, "invalid_request"),
    ],
)
def test_an_answer_of_no_attempt_is_refused(
    linked: TestClient, provider: Provider, body: dict[str, object], status: int, code: str
) -> None:
    linked.post(f"{PLACE}/attempts")
    answer = linked.post(f"{PLACE}/sessions", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert SESSION_COOKIE not in linked.cookies
    assert "/token" not in provider.asked


def test_no_foreign_page_begins_or_ends_a_sign_in(linked: TestClient) -> None:
    for place in ("attempts", "sessions"):
        answer = linked.post(f"{PLACE}/{place}", headers={"Origin": "https://evil.example"})
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_origin_refused")


def test_a_provider_that_is_away_is_told_with_when_to_try_again(linked: TestClient, provider: Provider) -> None:
    provider.status["/.well-known/openid-configuration"] = 500
    answer = linked.post(f"{PLACE}/attempts")
    assert (answer.status_code, answer.json()["code"]) == (503, "identity_provider_unavailable")
    assert answer.headers["retry-after"] == "5"


@pytest.fixture
def others_provider(clock: Clock) -> Iterator[Provider]:
    """A provider in a process of its own, by people who do not know us; only its issuer is ours to say."""
    port = free_port()
    ada = {"sub": "ada@bank.example", "name": "Ada Lovelace", "groups": ["risk-auditors"]}
    options = ["--port", str(port), "--require-nonce", "true", "--user-claims", json.dumps(ada)]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        provider = Provider(clock)
        provider.issuer = f"http://127.0.0.1:{port}"
        try:
            wait_for(f"{provider.issuer}/.well-known/openid-configuration")
            yield provider
        finally:
            process.terminate()


def wait_for(url: str) -> None:
    for _ in range(600):
        with suppress(httpx2.TransportError):
            httpx2.get(url)
            return
        time.sleep(0.05)  # until the process listens
    raise AssertionError(f"{url} does not answer")


def test_a_provider_that_others_have_written_is_understood(
    resources: Resources, settings: Settings, others_provider: Provider
) -> None:
    with browser(replace(resources, clock=utc_now), configured(settings, others_provider)) as client:
        url = client.post(f"{PLACE}/attempts").json()["url"]
        back = httpx2.post(url, data={"sub": "ada@bank.example"})
        asked = parse_qs(urlsplit(back.headers["location"]).query)
        body = {"code": asked["code"][0], "state": asked["state"][0]}
        entered = client.post(f"{PLACE}/sessions", json=body)
        assert entered.status_code == 201, entered.text
        assert (entered.json()["name"], entered.json()["printed_name"]) == ("ada@bank.example", "Ada Lovelace")
        assert client.post(f"{PLACE}/sessions", json=body).status_code == 401
