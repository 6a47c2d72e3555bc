"""The short way of a prediction: what is plainly right is answered here, before anything looks for its route.

Finding a route among all and solving its parameters takes longer than a prediction does. So calls with an API key,
whose body is a request and nothing else, are taken out in front. All else goes the usual way, which documents the same
routes and says what is wrong with a request.
"""

import re
from collections.abc import MutableMapping
from typing import Any, NamedTuple

from fastapi import FastAPI, Request
from fastapi.routing import iter_route_contexts
from pydantic_core import from_json
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.dependencies import BEARER, key_holder
from service.api.problems import error_response
from service.domain.predictions import PredictionRequest
from service.errors import EdgewiseError
from service.operations.prediction_plans import Target
from service.operations.predictions import answer_predictions
from service.operations.rate_limits import spend_request
from service.operations.resources import Resources

PLACES = re.compile(
    r"/api/v1/models/([a-z][a-z0-9-]{1,62})/(?:versions/([1-9][0-9]{0,8})/(trial-)?)?predictions", re.ASCII
)
#: Headers whose meaning the usual way knows.
OTHER_WAYS = frozenset({b"cookie", b"idempotency-key", b"transfer-encoding", b"content-encoding"})
NUMBERS = frozenset({float, int})
KNOWN_FORMS = 1_024
#: What a request says that names nothing but rows.
PLAIN = PredictionRequest(rows=({"x": 0.0},))


class _Call(NamedTuple):
    """A call that may take the short way: its operation, what it asks, with which key, and how long its body is."""

    action: str
    target: Target
    key: str
    length: int


class PredictionLane:
    """Stands right before the routes, inside of everything that holds for all requests."""

    def __init__(self, app: ASGIApp, routes: FastAPI, resources: Resources) -> None:
        self._app, self._routes, self._resources = app, routes, resources
        self._largest = resources.settings.maximum_body_bytes
        self._by_action: dict[str, object] = {}
        self._forms: set[tuple[str, ...]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        call = _call(scope)
        if call is None or call.length > self._largest:
            await self._app(scope, receive, send)
            return
        body, last = await _body(receive)
        request = self._read(body) if last["type"] == "http.request" else None
        if request is None:
            await self._app(scope, _Repeated(body, last, receive), send)
            return
        scope["route"] = self._route(call.action)
        try:
            actor = await key_holder(self._resources, call.key)
            spend_request(self._resources, actor)
            answer = await answer_predictions(self._resources, actor, call.action, call.target, request, None)
        except EdgewiseError as error:
            await error_response(Request(scope), error)(scope, receive, send)
            return
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _read(self, body: bytes) -> PredictionRequest | None:
        """The request of a body, or None where the usual way must say what is wrong.

        Rows of numbers under names that were read before need no further look: whether the version knows the names, and
        whether the numbers are finite, is what reads them.
        """
        try:
            document = from_json(body, allow_inf_nan=False)
            if type(document) is dict and document.keys() == {"rows"} and self._is_known(document["rows"]):
                return PLAIN.model_copy(update={"rows": tuple(document["rows"])})
            request = PredictionRequest.model_validate_json(body)
        except ValueError:  # no JSON, or no request
            return None
        if len(self._forms) >= KNOWN_FORMS:
            self._forms.clear()
        self._forms.update(tuple(row) for row in request.rows[:1])
        return request

    def _is_known(self, rows: object) -> bool:
        return (
            type(rows) is list
            and len(rows) > 0
            and all(
                type(row) is dict and NUMBERS.issuperset(map(type, row.values())) and tuple(row) in self._forms
                for row in rows
            )
        )

    def _route(self, action: str) -> object:
        """The route of an operation, by which it is counted."""
        if not self._by_action:
            contexts = iter_route_contexts(self._routes.routes)
            self._by_action = {getattr(one.route, "name", ""): one.route for one in contexts}
        return self._by_action[action]


class _Repeated:
    """Gives a body again that was read already, and then what comes after it."""

    def __init__(self, body: bytes, last: Message, receive: Receive) -> None:
        self._messages = [last] if last["type"] != "http.request" else [{**last, "body": body}]
        self._receive = receive

    async def __call__(self) -> Message:
        """The next message."""
        return self._messages.pop() if self._messages else await self._receive()


def _call(scope: MutableMapping[str, Any]) -> _Call | None:
    if scope["type"] != "http" or scope["method"] != "POST":
        return None
    place = PLACES.fullmatch(scope["path"])
    if place is None:
        return None
    raw = scope["headers"]
    headers = dict(raw)
    if len(headers) != len(raw) or headers.get(b"content-type") != b"application/json":
        return None
    authorization, length = headers.get(b"authorization", b"").decode("latin-1"), headers.get(b"content-length", b"")
    if not OTHER_WAYS.isdisjoint(headers) or not length.isdigit() or authorization[: len(BEARER)].lower() != BEARER:
        return None
    model, number, trial = place.groups()
    key = authorization[len(BEARER) :].strip()
    if number is None:
        return _Call("create_predictions", Target(model), key, int(length))
    action = "create_trial_predictions" if trial else "create_version_predictions"
    return _Call(action, Target(model, int(number), trial=bool(trial)), key, int(length))


async def _body(receive: Receive) -> tuple[bytes, Message]:
    """The whole body with its last message, or the message that says that the other side is gone."""
    message = await receive()
    if message["type"] != "http.request" or not message.get("more_body", False):
        return message.get("body", b""), message
    parts = [message.get("body", b"")]
    while message["type"] == "http.request" and message.get("more_body", False):
        message = await receive()
        parts.append(message.get("body", b""))
    return b"".join(parts), message
