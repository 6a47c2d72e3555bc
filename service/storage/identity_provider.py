"""Calls to the identity provider that the settings name: the only ones that the service makes to the outside.

Nothing that a caller sends chooses where a call goes: the addresses are the issuer's own and those in its document,
which must be on its host or one that the settings list. Redirections are not followed, answers are bounded in size and
in time, and so is the number of calls at a time.
"""

import base64
import json
import socket
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from service.domain.identity_providers import Discovery, Expected, RoleMapping
from service.errors import ProviderSignInRefused, ProviderUnavailable
from service.settings import Settings, is_protected
from service.storage.audit_files import read_bytes

WELL_KNOWN = "/.well-known/openid-configuration"
CALL_SECONDS = 5.0
LARGEST_ANSWER = 200_000
CALLS_AT_A_TIME = 4
#: How long what a provider publishes is believed, and how soon it is asked again for a key that is not known.
KEPT_SECONDS = 3600.0
KEYS_AGAIN_SECONDS = 10.0


class _Tokens(BaseModel):
    """What comes back for a code; all but the ID token is read over."""

    model_config = ConfigDict(frozen=True, strict=True)

    id_token: SecretStr


class IdentityProvider:
    """The configured provider; safe for threads."""

    def __init__(self, settings: Settings, issuer: str) -> None:
        self._settings = settings
        self.issuer = issuer
        self.expected = Expected(
            issuer=issuer,
            client_id=settings.oidc_client_id,
            name_claim=settings.oidc_name_claim,
            roles_claim=settings.oidc_roles_claim,
            roles=RoleMapping.model_validate({"oidc_roles": settings.oidc_roles}).oidc_roles,
        )
        self._hosts = {urlsplit(issuer).netloc, *settings.oidc_hosts}
        self._calls = threading.BoundedSemaphore(CALLS_AT_A_TIME)
        self._discovery: tuple[float, Discovery] | None = None
        self._keys: tuple[float, KeySet] | None = None

    @property
    def redirect_uri(self) -> str:
        """The page to which the provider sends browsers back."""
        return f"{(self._settings.public_url or '').rstrip('/')}/signed-in"

    def discovery(self) -> Discovery:
        """What the provider says of itself. Raises: ProviderUnavailable."""
        if self._discovery is not None and time.monotonic() - self._discovery[0] < KEPT_SECONDS:
            return self._discovery[1]
        try:
            found = Discovery.model_validate(self._get(self.issuer.rstrip("/") + WELL_KNOWN))
        except ValidationError:
            raise ProviderUnavailable("its document lacks what it must say") from None
        if found.issuer != self.issuer:
            raise ProviderUnavailable("its document names another issuer than EDGEWISE_OIDC_ISSUER")
        for url in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
            self._require_own(url)
        self._discovery = (time.monotonic(), found)
        return found

    def keys(self, name: str | None) -> KeySet:
        """The keys that the provider signs with; asked for again where none has this name.

        Raises: ProviderUnavailable, ProviderSignInRefused where the provider does not publish it.
        """
        if not self._has(name, KEPT_SECONDS) and not (self._keys and self._age() < KEYS_AGAIN_SECONDS):
            self._fetch_keys()
        if self._keys is None or not self._has(name, KEPT_SECONDS):
            raise ProviderSignInRefused("key")
        return self._keys[1]

    def exchange(self, code: str, verifier: str) -> str:
        """The ID token for a code. Raises: ProviderSignInRefused, ProviderUnavailable, FileUnreadable."""
        discovery = self.discovery()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
            "client_id": self._settings.oidc_client_id,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        secret = self._secret()
        if secret is not None and "client_secret_basic" in discovery.token_endpoint_auth_methods_supported:
            pair = f"{quote_plus(self._settings.oidc_client_id)}:{quote_plus(secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        elif secret is not None:
            form["client_secret"] = secret
        status, content = self._call("POST", discovery.token_endpoint, urlencode(form), headers)
        if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ProviderSignInRefused("code")
        try:
            return _Tokens.model_validate(_document(status, content)).id_token.get_secret_value()
        except ValidationError:
            raise ProviderUnavailable("it gave no ID token for the code") from None

    def _age(self) -> float:
        return time.monotonic() - self._keys[0] if self._keys else KEPT_SECONDS

    def _has(self, name: str | None, kept: float) -> bool:
        if self._keys is None or self._age() >= kept:
            return False
        keys = self._keys[1].keys
        return len(keys) == 1 if name is None else any(key.kid == name for key in keys)

    def _fetch_keys(self) -> None:
        document = self._get(self.discovery().jwks_uri)
        try:
            keys = KeySet.import_key_set(document)
        except (JoseError, KeyError, TypeError, ValueError, AttributeError):
            raise ProviderUnavailable("it publishes no keys that can be read") from None
        self._keys = (time.monotonic(), keys)

    def _require_own(self, url: str) -> None:
        if not is_protected(url) or urlsplit(url).netloc not in self._hosts:
            raise ProviderUnavailable("its document names an address on a host that EDGEWISE_OIDC_HOSTS does not list")

    def _secret(self) -> str | None:
        path, secret = self._settings.oidc_client_secret_file, self._settings.oidc_client_secret
        if path is None:
            return secret.get_secret_value() if secret else None
        return read_bytes(path).decode().strip()

    def _get(self, url: str) -> Any:
        return _document(*self._call("GET", url, None, {}))

    def _call(self, method: str, url: str, body: str | None, headers: dict[str, str]) -> tuple[int, bytes]:
        if not self._calls.acquire(blocking=False):
            raise ProviderUnavailable("too many people sign in at this moment")
        try:
            return _answer(method, url, body, headers)
        finally:
            self._calls.release()


def _answer(method: str, url: str, body: str | None, headers: dict[str, str]) -> tuple[int, bytes]:
    """Status and content; whatever the other side does, this ends in time."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.netloc, timeout=CALL_SECONDS)
    watch: threading.Timer | None = None
    try:
        connection.connect()
        watch = threading.Timer(CALL_SECONDS, _hang_up, [connection.sock])
        watch.daemon = True
        watch.start()
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target or "/", body, {"Accept": "application/json", **headers})
        response = connection.getresponse()
        content = response.read(LARGEST_ANSWER + 1)
    except (OSError, HTTPException, ValueError):
        raise ProviderUnavailable("it does not answer as it should, or not in time") from None
    finally:
        if watch is not None:
            watch.cancel()
        connection.close()
    if len(content) > LARGEST_ANSWER:
        raise ProviderUnavailable("its answer is too large")
    return response.status, content


def _hang_up(connected: socket.socket) -> None:
    """End a call that takes too long, wherever it waits; a limit for each packet would let slow ones go on."""
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _document(status: int, content: bytes) -> Any:
    if status != HTTPStatus.OK:
        raise ProviderUnavailable(f"it answered with status {status}")
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise ProviderUnavailable("its answer is no JSON") from None
