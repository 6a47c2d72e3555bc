"""The web server of `edgewise serve` and of the demo."""

import uvicorn

from service.app import create_app
from service.operations.health import ready_resources
from service.operations.leftovers import remove_leftovers
from service.settings import Settings

#: How long open answers, such as progress streams, may take to end when the service stops.
GRACE_SECONDS = 3


def serve(settings: Settings) -> None:
    """Serve the API and the pages until SIGINT or SIGTERM."""
    with ready_resources(settings) as resources:
        remove_leftovers(resources)
        uvicorn.run(
            create_app(settings, resources),
            host=settings.host,
            port=settings.port,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
