"""What happens around every request: an id, the security headers, and the refusal of foreign hosts and pages."""

import secrets
from http import HTTPStatus

from fastapi import FastAPI, Request
from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.dependencies import SESSION_COOKIE
from service.api.headers import SECURITY_HEADERS
from service.api.problems import MEDIA_TYPE, body_too_large, error_response
from service.errors import CrossOriginRefused

#: Answers below these places are about people and models, so no cache may keep them.
KEPT_BY_NOBODY = ("/api/", "/v2/", "/metrics")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: How the addresses end at which somebody who has no session begins one.
ENTRANCES = ("/sessions", "/attempts")
_SECURITY = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_CACHE_CONTROL = b"cache-control"


def install(app: FastAPI, allowed_hosts: list[str]) -> None:
    """Wrap the application; what is added last acts first."""
    app.add_middleware(RefusalOfForeignPages)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=allowed_hosts, www_redirect=False)
    app.add_middleware(Protection)


class Protection:
    """Gives every request an id, and every answer the id and the security headers that it lacks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identifier = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = identifier
        replaced = False

        async def protected(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start":
                if _is_a_line_about_size(message):
                    # Starlette's limit on bodies answers with a line of text.
                    replaced = True
                    request = Request(scope)
                    await error_response(request, body_too_large(request))(scope, receive, protected_once)
                    return
                _protect(message, identifier, scope["path"])
            if not replaced:
                await send(message)

        async def protected_once(message: Message) -> None:
            if message["type"] == "http.response.start":
                _protect(message, identifier, scope["path"])
            await send(message)

        await self._app(scope, receive, protected)


class RefusalOfForeignPages:
    """Lets no page of another site change anything with the cookie of a session."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS and _may_be_foreign(scope):
            request = Request(scope)
            if _comes_from_a_foreign_page(request):
                refusal = CrossOriginRefused(request.headers.get("origin", "another site"))
                await error_response(request, refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _is_a_line_about_size(message: Message) -> bool:
    if message["status"] != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return False
    return Headers(raw=message["headers"]).get("content-type") != MEDIA_TYPE


def _protect(message: Message, identifier: str, path: str) -> None:
    """Add what the headers of an answer lack."""
    present = {name for name, _ in message["headers"]}
    headers = [*message["headers"]]
    if b"x-request-id" not in present:
        headers.append((b"x-request-id", identifier.encode()))
    headers += [one for one in _SECURITY if one[0] not in present]
    if path.startswith(KEPT_BY_NOBODY) and _CACHE_CONTROL not in present:
        headers.append((_CACHE_CONTROL, b"no-store"))
    message["headers"] = headers


def _may_be_foreign(scope: Scope) -> bool:
    """Whether there is something to look at: only cookies, and signing in, do anything for a page."""
    path: str = scope["path"]
    return path.endswith(ENTRANCES) or any(name == b"cookie" for name, _ in scope["headers"])


def _comes_from_a_foreign_page(request: Request) -> bool:
    if SESSION_COOKIE not in request.cookies and not request.url.path.endswith(ENTRANCES):
        return False
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("origin")
    return origin is not None and origin.partition("://")[2] != request.headers.get("host")
