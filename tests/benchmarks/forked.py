"""Workers and services that are forked from a process that has imported all, so that hundreds of restarts take minutes.

The process that forks them starts before the suite opens a database, and has no thread: what it hands on is clean. Each
of them is the real one in a process group of its own; the server of a worker's children starts from nothing, as always.
"""

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from service.settings import Settings

_context = get_context("fork")


class Forked:
    """What another process has forked."""

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
def forking(run: Callable[[Settings], object]) -> Iterator[Callable[[Mapping[str, str], Path], Forked]]:
    """Starts processes that run a function with settings from variables and log to a file.

    To be opened before anything else is.
    """
    ours, theirs = _context.Pipe()
    server = _context.Process(target=_serve, args=(theirs, ours, run))
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


def _serve(requests: Connection, other_end: Connection, run: Callable[[Settings], object]) -> None:
    other_end.close()  # else the requests would never end
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them here
    with suppress(EOFError):
        while True:
            environment, log = requests.recv()
            pid = os.fork()
            if pid == 0:
                requests.close()
                _become(run, environment, log)
            requests.send(pid)


def _become(run: Callable[[Settings], object], environment: Mapping[str, str], log: Path) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.environ.update(environment)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 2)
    run(Settings())
    os._exit(0)  # what follows is the parent's
