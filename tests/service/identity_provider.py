"""A small identity provider that really listens, and that can be told to lie, to be slow, or to change its keys.

It checks what a provider checks: the client's secret, the proof key, the address to go back to, and that a code is used
once. `authorize` stands for the browser and for what the person does there.
"""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from service.domain.identity_providers import ProviderAnswer
from service.settings import Settings

CLIENT, SECRET = "edgewise", "s3cret with spaces: & signs"
PUBLIC_URL = "https://testserver"
ROLES = {"risk-auditors": ["auditor"], "builders": ["developer", "client"]}


class Provider:
    """One provider; what it says of people is in `people`, how it misbehaves in the other attributes."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.issuer = ""
        self.clock = clock
        self.people: dict[str, dict[str, Any]] = {
            "sub-1": {"preferred_username": "ada", "name": "Ada Lovelace", "groups": ["risk-auditors"]}
        }
        self.key = new_key("first")
        self.published = [self.key]
        self.header: dict[str, Any] = {}
        self.lies: dict[str, Any] = {}
        self.document: dict[str, Any] = {}
        self.raw: dict[str, bytes] = {}
        self.status: dict[str, int] = {}
        self.pause = self.drip = 0.0
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._authenticated: dict[str, int] = {}

    def authorize(self, url: str, subject: str = "sub-1", *, is_kept: bool = False) -> ProviderAnswer:
        """The person signs in, or is still signed in where `is_kept`; what the browser brings back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        if not is_kept:
            self._authenticated[subject] = int(self.clock().timestamp())
        code = f"code-{len(self._codes)}"
        self._codes[code] = {**asked, "subject": subject}
        return ProviderAnswer.model_validate({"code": code, "state": asked["state"], "iss": self.issuer})

    def answer(self, path: str, form: Mapping[str, str], authorization: str) -> tuple[int, bytes]:
        """Status and content of one request."""
        self.asked.append(path)
        time.sleep(self.pause)
        if path in self.raw:
            return self.status.get(path, 200), self.raw[path]
        if path == "/.well-known/openid-configuration":
            return self._json(path, self._describe())
        if path == "/keys":
            return self._json(path, KeySet(list(self.published)).as_dict(private=False))
        token = self._token(form, authorization)
        return self._json(path, {"id_token": token}) if token else (400, b'{"error": "invalid_grant"}')

    def _json(self, path: str, document: object) -> tuple[int, bytes]:
        return self.status.get(path, 200), json.dumps(document).encode()

    def _describe(self) -> dict[str, Any]:
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        found = {"issuer": self.issuer, **{name: f"{self.issuer}/{place}" for name, place in places.items()}}
        return {**found, **self.document}

    def _token(self, form: Mapping[str, str], authorization: str) -> str | None:
        asked = self._codes.pop(form.get("code", ""), None)
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode() if authorization else ":"
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        is_right = (
            asked is not None
            and [unquote_plus(part) for part in pair.split(":")] == [CLIENT, SECRET]
            and form.get("redirect_uri") == asked["redirect_uri"]
            and challenge == asked["code_challenge"]
        )
        if asked is None or not is_right:
            return None
        now, subject = int(self.clock().timestamp()), asked["subject"]
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": subject, "iat": now, "exp": now + 300}
        claims |= {"nonce": asked["nonce"], "auth_time": self._authenticated[subject], **self.people[subject]}
        said = {name: value for name, value in {**claims, **self.lies}.items() if value is not None}
        return jwt.encode({"alg": "ES256", "kid": self.key.kid, **self.header}, said, self.key)


def new_key(name: str) -> ECKey:
    """A key to sign with."""
    return ECKey.generate_key("P-256", {"kid": name, "use": "sig"}, private=True)


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send()

        def do_POST(self) -> None:
            self._send(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _send_back(self) -> None:
            """What a browser meets that goes there: the person signs in at once."""
            answer = provider.authorize(provider.issuer + self.path)
            back = parse_qs(urlsplit(self.path).query)["redirect_uri"][0]
            said = {"code": answer.code.get_secret_value(), "state": answer.state, "iss": provider.issuer}
            self.send_response(302)
            self.send_header("Location", f"{back}?{urlencode(said)}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: ARG002 - the form is the library's
            return

        def _send(self, body: str = "") -> None:
            form = {name: values[0] for name, values in parse_qs(body).items()}
            if self.path.startswith("/authorize?"):
                self._send_back()
                return
            status, content = provider.answer(self.path, form, self.headers.get("Authorization", ""))
            self.send_response(status)
            if status in (302, 307):
                self.send_header("Location", f"{provider.issuer}/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with suppress(ConnectionError):
                if provider.drip:
                    for byte in content:
                        time.sleep(provider.drip)
                        self.wfile.write(bytes([byte]))
                else:
                    self.wfile.write(content)

    return Handler


@contextmanager
def serving(provider: Provider) -> Iterator[Provider]:
    """Let a provider listen on loopback, on a port of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    server.daemon_threads = True
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def configured(settings: Settings, provider: Provider, **changes: Any) -> Settings:
    """Settings that name the provider."""
    words: dict[str, Any] = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    words |= {"public_url": PUBLIC_URL, "oidc_roles": ROLES, "oidc_title": "Bank sign-on", **changes}
    return Settings.model_validate({**settings.model_dump(), **words})
