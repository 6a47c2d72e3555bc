"""The child processes of the demo: started, watched and stopped together.

On Linux they are forked, so that they share what this process has imported already and start at once.
"""

import http
import http.client
import multiprocessing
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from typing import Self

from service.settings import Settings

STOP_SECONDS = 15.0
START_SECONDS = 60.0


class Processes:
    """Children that live and end with the block that opened them."""

    def __init__(self) -> None:
        forks = sys.platform == "linux"
        self._context = multiprocessing.get_context("fork") if forks else multiprocessing.get_context("spawn")
        self._running: list[BaseProcess] = []
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _interrupt)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._stop()

    def start(self, run: Callable[[Settings], None], settings: Settings) -> None:
        """Run a function in a child; on Linux before this process has threads or connections."""
        child = self._context.Process(target=run, args=(settings,), name=run.__name__)
        child.start()
        self._running.append(child)

    def wait_until_serving(self, host: str, port: int) -> None:
        """Return once the service answers that it is ready, or when a child ended."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._all_run() and not _is_ready(host, port):
            time.sleep(0.1)

    def wait(self) -> int:
        """Wait until one of them ends, which is a failure unless this process was asked to stop."""
        connection.wait([child.sentinel for child in self._running])
        return 1

    def _stop(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for child in self._running:
            child.terminate()
        for child in self._running:
            child.join(STOP_SECONDS)
            if child.is_alive():
                child.kill()
                child.join()

    def _all_run(self) -> bool:
        return all(child.is_alive() for child in self._running)


def _is_ready(host: str, port: int) -> bool:
    client = http.client.HTTPConnection(host, port, timeout=2)
    try:
        client.request("GET", "/health/ready")
        return client.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        client.close()


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
