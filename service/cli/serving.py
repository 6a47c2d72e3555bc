"""The web server of `edgewise serve` and of the demo."""

import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import FrameType

import uvicorn

from service.app import create_app
from service.imports import settle
from service.operations.health import ready_resources
from service.operations.leftovers import remove_leftovers
from service.operations.preloading import load_champions
from service.operations.resources import Resources
from service.settings import Settings

#: What an answer may take beyond the time that a prediction has to be stored.
GRACE_SECONDS = 5


def serve(settings: Settings) -> None:
    """Serve the API and the pages until SIGINT or SIGTERM."""
    with ready_resources(settings) as resources:
        remove_leftovers(resources)
        run_server(create_app(settings, resources), resources)


def run_server(app: Callable[..., Awaitable[None]], resources: Resources) -> None:
    """Serve an application until SIGINT or SIGTERM; whoever was let in by then is answered first."""
    settings = resources.settings
    load_champions(resources)
    settle()
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=settings.prediction_timeout_seconds + GRACE_SECONDS,
    )
    with suppress(KeyboardInterrupt):
        _Server(config, resources.stopping).run()


class _Server(uvicorn.Server):
    """Tells endless answers, such as progress streams, that it stops."""

    def __init__(self, config: uvicorn.Config, stopping: threading.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop because of a signal."""
        self._stopping.set()
        super().handle_exit(sig, frame)
