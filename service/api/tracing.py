"""A span for every request, named by its method and route template."""

from http import HTTPStatus

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.metrics import Templates, method_of
from service.domain.traces import Attribute, Tracer

PARENT = ("traceparent", "tracestate")


def install(app: FastAPI, tracer: Tracer) -> None:
    """Trace what the application answers; where nobody listens nothing is added."""
    if not tracer.is_silent:
        app.add_middleware(_Traced, templates=Templates(app), tracer=tracer)


class _Traced:
    """Tells method, route, status and request id: neither the address as it was sent, nor who sent it."""

    def __init__(self, app: ASGIApp, templates: Templates, tracer: Tracer) -> None:
        self._app = app
        self._templates = templates
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = int(HTTPStatus.INTERNAL_SERVER_ERROR)

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        method, headers = method_of(scope), Headers(scope=scope)
        carrier = {name: headers[name] for name in PARENT if name in headers}
        with self._tracer.span(method, {"http.request.method": method}, carrier) as span:
            try:
                await self._app(scope, receive, noting)
            finally:
                route = self._templates.of(scope)
                identifier = str(scope.get("state", {}).get("request_id", ""))
                known: dict[str, Attribute] = {
                    "http.route": route,
                    "http.response.status_code": status,
                    "edgewise.request_id": identifier,
                }
                span.note(known, f"{method} {route}")
