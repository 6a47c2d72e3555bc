"""What Prometheus reads, and the counting of every request by the route that answered it."""

import time
from typing import Final

from fastapi import APIRouter, FastAPI, Response
from fastapi.routing import iter_route_contexts
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.dependencies import Caller, Injected
from service.domain.metrics import MEDIA_TYPE, Meters
from service.operations import metrics

NO_ROUTE: Final = "none"
#: Anything else that somebody calls a method is counted as one.
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

router = APIRouter(tags=["operations"])


class MetricsResponse(Response):
    """The text exposition format."""

    media_type = MEDIA_TYPE


@router.get("/metrics", response_class=MetricsResponse)
def get_metrics(resources: Injected, actor: Caller) -> Response:
    """Counts, times, queue and drift in the format of Prometheus, for a key that may read."""
    return MetricsResponse(metrics.get_metrics(resources, actor))


def install(app: FastAPI, meters: Meters) -> None:
    """Count what the application answers; call it last, so that all other middleware is inside."""
    app.add_middleware(_Measured, templates=Templates(app), meters=meters)


class Templates:
    """The paths of routes with their places unfilled."""

    def __init__(self, routes: FastAPI) -> None:
        self._routes = routes
        self._found: dict[int, str] = {}

    def of(self, scope: Scope) -> str:
        """The path of the route that a request has found."""
        route = scope.get("route")
        if route is None:
            return NO_ROUTE
        if not self._found:
            self._found = {id(one.route): str(one.path) for one in iter_route_contexts(self._routes.routes)}
        return self._found.get(id(route), NO_ROUTE)


def method_of(scope: Scope) -> str:
    """The method of a request."""
    return scope["method"] if scope["method"] in METHODS else "other"


class _Measured:
    """Counts answers by method, route and status, and how long they took."""

    def __init__(self, app: ASGIApp, templates: Templates, meters: Meters) -> None:
        self._app = app
        self._templates = templates
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began = 500, time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            method, route = method_of(scope), self._templates.of(scope)
            self._meters.requests.add(method, route, str(status))
            self._meters.seconds.observe(time.perf_counter() - began, method, route)
