"""The calls to an identity provider: where they go, and what they put up with."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.errors import EdgewiseError, FileUnreadable, ProviderSignInRefused, ProviderUnavailable
from service.settings import Settings
from service.storage import identity_provider
from service.storage.identity_provider import IdentityProvider
from tests.service.identity_provider import Provider, configured, serving

DOCUMENT, KEYS, TOKEN = "/.well-known/openid-configuration", "/keys", "/token"
MOMENT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serving(Provider(lambda: MOMENT)) as listening:
        yield listening


def asking(provider: Provider, **changes: Any) -> IdentityProvider:
    return IdentityProvider(configured(Settings(), provider, **changes), provider.issuer)


def test_what_a_provider_publishes_is_asked_for_once(provider: Provider) -> None:
    calls = asking(provider)
    assert calls.discovery() is calls.discovery()
    assert calls.keys("first") is calls.keys("first")
    assert provider.asked == [DOCUMENT, KEYS]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("token_endpoint", "http://169.254.169.254/latest"),
        ("token_endpoint", "https://elsewhere.example/token"),
        ("jwks_uri", "file:///etc/passwd"),
        ("jwks_uri", "https://user:word@elsewhere.example/keys"),
        ("jwks_uri", "http://127.0.0.1:1/keys"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("authorization_endpoint", "https://[half"),
        ("issuer", "https://elsewhere.example"),
        ("jwks_uri", None),
        ("token_endpoint", 7),
    ],
)
def test_a_document_chooses_no_other_host(provider: Provider, name: str, address: object) -> None:
    provider.document = {name: address}
    with pytest.raises(ProviderUnavailable):
        asking(provider).discovery()
    assert provider.asked == [DOCUMENT]


def test_a_host_that_the_settings_list_may_be_named(provider: Provider) -> None:
    provider.document = {"jwks_uri": "https://keys.example/all"}
    assert asking(provider, oidc_hosts=["keys.example"]).discovery().jwks_uri == "https://keys.example/all"


@pytest.mark.parametrize("path", [DOCUMENT, KEYS])
@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, b"x" * (identity_provider.LARGEST_ANSWER + 1)),
        (200, b"<html>"),
        (200, b"[" * 100_000),
        (200, b"[]"),
        (200, b'{"keys": []}'),
        (200, b'{"keys": [{"kty": "RSA"}]}'),
        (200, b'{"keys": 7}'),
        (200, b"\xff"),
        (302, b""),
        (404, b"{}"),
        (500, b"{}"),
    ],
)
def test_an_answer_that_is_none_is_told(provider: Provider, path: str, status: int, content: bytes) -> None:
    provider.raw[path], provider.status[path] = content, status
    with pytest.raises(ProviderUnavailable):
        asking(provider).keys("first")
    assert "/elsewhere" not in provider.asked


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (400, b'{"error": "invalid_grant"}', ProviderSignInRefused),
        (401, b"", ProviderSignInRefused),
        (500, b"", ProviderUnavailable),
        (307, b"", ProviderUnavailable),
        (200, b"{}", ProviderUnavailable),
        (200, b'{"id_token": 7}', ProviderUnavailable),
        (200, b"null", ProviderUnavailable),
    ],
)
def test_no_token_for_a_code_is_told(
    provider: Provider, status: int, content: bytes, error: type[EdgewiseError]
) -> None:
    provider.raw[TOKEN], provider.status[TOKEN] = content, status
    with pytest.raises(error):
        asking(provider).exchange("code", "verifier")
    assert "/elsewhere" not in provider.asked


def test_a_provider_that_takes_long_or_is_away_is_not_waited_for(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_provider, "CALL_SECONDS", 0.2)
    provider.pause = 0.4
    with pytest.raises(ProviderUnavailable):
        asking(provider).discovery()
    provider.pause, provider.drip = 0.0, 0.1  # a byte now and then, each in time
    with pytest.raises(ProviderUnavailable):
        asking(provider).discovery()
    provider.issuer = "http://127.0.0.1:1"
    with pytest.raises(ProviderUnavailable):
        asking(provider).discovery()


def test_a_flood_of_sign_ins_makes_few_calls(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity_provider, "CALLS_AT_A_TIME", 0)
    with pytest.raises(ProviderUnavailable):
        asking(provider).discovery()
    assert provider.asked == []


def test_the_secret_comes_from_a_file_or_the_settings(provider: Provider, tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable):
        asking(provider, oidc_client_secret_file=tmp_path / "nothing").exchange("code", "verifier")
    (tmp_path / "secret").write_text("wrong\n")
    with pytest.raises(ProviderSignInRefused):
        asking(provider, oidc_client_secret_file=tmp_path / "secret").exchange("code", "verifier")


@pytest.mark.parametrize(
    "changes",
    [
        {"oidc_issuer": "http://provider.example"},
        {"oidc_issuer": "ftp://provider.example"},
        {"oidc_issuer": "https://"},
        {"public_url": "http://edgewise.example"},
        {"public_url": None},
        {"oidc_roles": {}},
    ],
)
def test_settings_that_cannot_be_meant_stop_the_start(provider: Provider, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"oidc_|public_url"):
        configured(Settings(), provider, **changes)


def test_a_role_that_is_none_stops_the_start(provider: Provider) -> None:
    with pytest.raises(ValueError, match="oidc_roles"):
        asking(provider, oidc_roles={"group": ["superuser"]})
