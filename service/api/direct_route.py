"""A route that reads its request by itself, because solving parameters takes longer than what is asked.

FastAPI still knows the parameters of such a route: they are its documentation, and every request that is not plainly
right goes the usual way, which says what is wrong with it.
"""

from collections.abc import Callable, Coroutine
from typing import Any, get_type_hints

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect

from service.api.dependencies import find_caller, find_resources

JSON = "application/json"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class DirectRoute(APIRoute):
    """Its function takes resources, the caller, parts of the path, and one document; a key goes the usual way."""

    def get_route_handler(self) -> Handler:
        """The coroutine that answers a request."""
        usual = super().get_route_handler()
        endpoint: Callable[..., Coroutine[Any, Any, Response]] = self.endpoint
        hints = get_type_hints(endpoint, include_extras=True)
        path = {name: TypeAdapter(hints[name]) for name in self.param_convertors}
        (body,) = [name for name, hint in hints.items() if isinstance(hint, type) and issubclass(hint, BaseModel)]
        document: type[BaseModel] = hints[body]

        async def direct(request: Request) -> Response:
            headers = request.headers
            if headers.get("content-type") != JSON or "idempotency-key" in headers:
                return await usual(request)
            resources = await find_resources(request)
            actor = await find_caller(request, resources)
            try:
                arguments = {name: kind.validate_strings(request.path_params[name]) for name, kind in path.items()}
                arguments[body] = document.model_validate_json(await request.body())
            except (ValidationError, ClientDisconnect):
                return await usual(request)
            return await endpoint(resources, actor, **arguments)

        return direct
