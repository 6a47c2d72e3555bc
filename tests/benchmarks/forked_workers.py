"""Workers that are forked from a process that has imported everything, so that a hundred restarts take minutes.

The process that forks them starts before the suite opens a database, and has no thread: what it hands on is clean. Each
worker is the real one in a process group of its own; the server of its children starts from nothing, as always.
"""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from service.settings import Settings
from service.worker.process import run_worker
from tests.worker.crew import Start

_context = get_context("fork")


class Forked:
    """A worker that another process has forked."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._process = psutil.Process(pid)

    def poll(self) -> int | None:
        """None while it lives."""
        return None if self._process.is_running() else 0

    def kill(self) -> None:
        """End it at once."""
        with suppress(psutil.NoSuchProcess):
            self._process.kill()

    def wait(self) -> int:
        """Return when it has ended."""
        with suppress(psutil.NoSuchProcess):
            self._process.wait()
        return 0


@contextmanager
def forking() -> Iterator[Start]:
    """Starts workers; to be opened before anything else is."""
    ours, theirs = _context.Pipe()
    server = _context.Process(target=_serve, args=(theirs, ours))
    server.start()
    theirs.close()

    def start(environment: Mapping[str, str], log: Path) -> Forked:
        ours.send((dict(environment), log))
        return Forked(ours.recv())

    try:
        yield start
    finally:
        ours.close()
        server.join()


def _serve(requests: Connection, other_end: Connection) -> None:
    other_end.close()  # else the requests would never end
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the workers here
    with suppress(EOFError):
        while True:
            environment, log = requests.recv()
            pid = os.fork()
            if pid == 0:
                requests.close()
                _become_worker(environment, log)
            requests.send(pid)


def _become_worker(environment: Mapping[str, str], log: Path) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 2)
    run_worker(Settings())
