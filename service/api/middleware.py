"""What happens around every request: an id, the security headers, and the refusal of foreign hosts and pages."""

import secrets
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.trustedhost import TrustedHostMiddleware

from service.api.dependencies import SESSION_COOKIE
from service.api.headers import SECURITY_HEADERS
from service.api.problems import MEDIA_TYPE, body_too_large, error_response
from service.errors import CrossOriginRefused

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def install(app: FastAPI, allowed_hosts: list[str]) -> None:
    """Wrap the application; what is added last acts first."""
    app.add_middleware(BaseHTTPMiddleware, dispatch=_refuse_foreign_pages)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=allowed_hosts, www_redirect=False)
    app.add_middleware(BaseHTTPMiddleware, dispatch=_identify_and_protect)


async def _identify_and_protect(request: Request, call_next: RequestResponseEndpoint) -> Response:
    request.state.request_id = secrets.token_hex(8)
    response = await call_next(request)
    if response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and response.headers["content-type"] != MEDIA_TYPE:
        # Starlette's limit on bodies answers with a line of text.
        response = error_response(request, body_too_large(request))
    response.headers["X-Request-ID"] = request.state.request_id
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if request.url.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response


async def _refuse_foreign_pages(request: Request, call_next: RequestResponseEndpoint) -> Response:
    if request.method not in SAFE_METHODS and _comes_from_a_foreign_page(request):
        return error_response(request, CrossOriginRefused(request.headers.get("origin", "another site")))
    return await call_next(request)


def _comes_from_a_foreign_page(request: Request) -> bool:
    if SESSION_COOKIE not in request.cookies and not request.url.path.endswith("/sessions"):
        return False
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("origin")
    return origin is not None and origin.partition("://")[2] != request.headers.get("host")
