"""Databases that are away for a while: a server that nobody reaches any more, a file that somebody holds."""

import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import partial

from sqlalchemy import make_url

Outage = Callable[[], AbstractContextManager[None]]


@contextmanager
def outages(url: str) -> Iterator[tuple[str, Outage]]:
    """A URL of the same database, and blocks during which whoever uses that URL cannot work with it."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        yield url, partial(_held, str(parsed.database))
        return
    gate = _Gate(str(parsed.host), int(parsed.port or 0))
    try:
        yield parsed.set(port=gate.port).render_as_string(hide_password=False), gate.closed
    finally:
        gate.close()


@contextmanager
def _held(path: str) -> Iterator[None]:
    """Nobody else writes meanwhile; whoever waits longer than the busy timeout is refused."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        yield
        holder.execute("ROLLBACK")


class _Gate:
    """Hands connections on to a server, until it is closed: then it ends them all and takes no new ones."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._open: list[socket.socket] = []
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Nobody comes through while the block runs."""
        self.close()
        yield
        self._listener = self._listen(self.port)

    def close(self) -> None:
        """End it."""
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(self._server)
                self._open += [client, server]
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):  # either end is gone
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
