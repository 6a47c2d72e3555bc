"""The application on a real socket, in a thread of the test."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from tests.database import free_port


@contextmanager
def served(app: ASGIApp, port: int | None = None) -> Iterator[str]:
    """Serves until the block ends, on a free port unless one is named; gives the address."""
    port = port or free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def wait_until(holds: Callable[[], bool]) -> None:
    """Return once something holds, which other threads or processes bring about; fails after a minute."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)  # nobody tells when it does
