"""The service as `edgewise serve` runs it, with an empty endpoint beside it in the same process.

The empty endpoint is an application of its own: it reads and checks the same body, and nothing of the service is
around it.
"""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from service.app import create_app
from service.cli.serving import run_server
from service.domain.predictions import PredictionRequest
from service.operations.health import ready_resources
from service.settings import Settings

EMPTY = "/empty"


class Empty(BaseModel):
    """Nothing."""


def empty_app() -> FastAPI:
    """An application with one endpoint."""
    app = FastAPI(openapi_url=None)

    @app.post(EMPTY)
    async def create_nothing(_body: PredictionRequest) -> Empty:
        return Empty()

    return app


class Beside:
    """Two applications, told apart by the path."""

    def __init__(self, service: FastAPI, empty: FastAPI) -> None:
        self.service, self.empty = service, empty

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer with the one that is meant."""
        app = self.empty if scope.get("path") == EMPTY else self.service
        await app(scope, receive, send)


def serve_beside(settings: Settings) -> None:
    """Serve until SIGTERM."""
    with ready_resources(settings) as resources:
        run_server(Beside(create_app(settings, resources), empty_app()), resources)


if __name__ == "__main__":
    serve_beside(Settings())
