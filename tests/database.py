"""Real, migrated databases for the tests: one template for a test session, one private copy for each test.

SQLite templates are files and are copied as files; PostgreSQL templates are databases of a throw-away cluster
and are copied by the server. The cluster listens on a free loopback port; no other server is ever touched.
"""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from tests.provision import find_postgresql

Migrate = Callable[[str], object]
"""Brings the database at a URL to the newest revision and closes every connection to it."""

PrivateCopy = Callable[[], AbstractContextManager[str]]
"""Makes a copy of the template, gives its URL, and removes it."""

_OWNER = "edgewise"
# A server that lives for one test session may lose everything in a power cut.
_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")


@contextmanager
def sqlite_databases(directory: Path, migrate: Migrate) -> Iterator[PrivateCopy]:
    """Migrates a template file in `directory`; the copies are files beside it."""
    template = directory / "template.sqlite3"
    migrate(f"sqlite:///{template}")

    @contextmanager
    def private_copy() -> Iterator[str]:
        copy = directory / f"{secrets.token_hex(8)}.sqlite3"
        shutil.copyfile(template, copy)
        yield f"sqlite:///{copy}"
        for leftover in directory.glob(f"{copy.name}*"):
            leftover.unlink()

    yield private_copy


@contextmanager
def postgresql_databases(migrate: Migrate, *, durable: bool = False) -> Iterator[PrivateCopy]:
    """Starts a cluster and migrates a template in it; the copies are databases beside it."""
    with _cluster(() if durable else _FAST) as address:
        _execute(address, "CREATE DATABASE {}", "template")
        migrate(f"{address}/template")

        @contextmanager
        def private_copy() -> Iterator[str]:
            name = f"test_{secrets.token_hex(8)}"
            _execute(address, "CREATE DATABASE {} TEMPLATE template", name)
            yield f"{address}/{name}"
            _execute(address, "DROP DATABASE {} WITH (FORCE)", name)

        yield private_copy


@contextmanager
def _cluster(tuning: Sequence[str]) -> Iterator[str]:
    """A running throw-away PostgreSQL server, as `postgresql://owner:password@127.0.0.1:port`."""
    programs = find_postgresql()
    if programs is None:
        raise FileNotFoundError(
            "PostgreSQL's server programs are not on this machine; run 'make test', which installs them."
        )
    password, port = secrets.token_hex(16), free_port()
    with tempfile.TemporaryDirectory(prefix="edgewise-postgresql-") as name:
        directory = Path(name)
        user = _unprivileged_user()
        (directory / "password").write_text(password)
        if user is not None:
            for path in (directory, directory / "password"):
                shutil.chown(path, user)

        def run(program: str, *arguments: str) -> None:
            # Output goes to a file: a server that inherits a pipe would keep its reader waiting for ever.
            with (directory / "output").open("a") as output:
                command = [str(programs / program), "--pgdata", str(directory / "data"), *arguments]
                groups = None if user is None else ()
                done = subprocess.run(
                    command,
                    cwd=directory,
                    stdout=output,
                    stderr=output,
                    user=user,
                    extra_groups=groups,
                    check=False,
                )
            if done.returncode != 0:
                raise RuntimeError(f"{program} failed:\n{(directory / 'output').read_text()}")

        run("initdb", f"--username={_OWNER}", "--auth=scram-sha-256", f"--pwfile={directory / 'password'}",
            "--encoding=UTF8", "--locale=C", "--no-sync")  # fmt: skip
        settings = (
            f"port={port}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=160",
            *tuning,
        )
        run("pg_ctl", "--wait", "--options", " ".join(f"-c {setting}" for setting in settings), "start")
        try:
            yield f"postgresql://{_OWNER}:{password}@127.0.0.1:{port}"
        finally:
            run("pg_ctl", "--wait", "--mode=immediate", "stop")


def _execute(address: str, statement: str, database: str) -> None:
    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(database)))


def _unprivileged_user() -> str | None:
    """Whom the server runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
