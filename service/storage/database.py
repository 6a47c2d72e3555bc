"""The engine and its transactions: SQLite by default, PostgreSQL in production, one behaviour.

SQLite runs in WAL mode with `synchronous=FULL` and foreign keys on. Writers begin with `BEGIN IMMEDIATE`, so two of
them wait for each other instead of failing half-way. Readers see one snapshot, on PostgreSQL by `REPEATABLE READ`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from service.domain.traces import NoTracer, Tracer
from service.errors import DatabaseRefuses, DatabaseUnreachable

BUSY_TIMEOUT_SECONDS = 30
WRITES = "edgewise_writes"

__all__ = ["Database", "Session"]


class Database:
    """Connections to one database; built once per process and handed down."""

    def __init__(self, url: str, tracer: Tracer | None = None) -> None:
        self._tracer = tracer or NoTracer()
        parsed = make_url(url)
        self.url = url
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite and parsed.database in (None, "", ":memory:"):
            raise ValueError("an in-memory SQLite database loses everything at once: name a file")
        self.engine = _create_engine(url, is_sqlite=self.is_sqlite)
        self._writer = self.engine.execution_options(**{WRITES: True})
        snapshot = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._reader = self.engine.execution_options(**snapshot)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One writing transaction: committed when the block ends, rolled back when it raises.

        Raises: DatabaseUnreachable, DatabaseRefuses.
        """
        span = self._tracer.span("database write", {})
        with span, understood(), Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One reading transaction: all that it reads is of one moment."""
        span = self._tracer.span("database read", {})
        with span, understood(), Session(self._reader, expire_on_commit=False) as session, session.begin():
            yield session

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


@contextmanager
def understood() -> Iterator[None]:
    """Tell a database that is away or refuses to write from a fault of the program."""
    try:
        yield
    except OperationalError as error:
        if error.connection_invalidated or _is_away(error):
            raise DatabaseUnreachable from error
        raise DatabaseRefuses(str(error.orig).partition("\n")[0]) from error


def _is_away(error: OperationalError) -> bool:
    return error.statement is None  # it failed before there was a connection to run anything on


def _create_engine(url: str, *, is_sqlite: bool) -> Engine:
    if not is_sqlite:
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False})
    event.listen(engine, "do_connect", _make_directory)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_directory(_dialect: object, _record: object, arguments: list[str], _options: object) -> None:
    Path(arguments[0]).parent.mkdir(parents=True, exist_ok=True)


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
