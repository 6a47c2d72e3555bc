"""What every test gets: a real migrated database of its own, and no way to another machine.

`EDGEWISE_TEST_DATABASE` chooses `sqlite` (default) or `postgresql`. Tests that ask for `database_url` carry
the marker `database`, so that `pytest -m database` runs exactly those against the other engine.
"""

import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from service.operations.health import migrate
from tests.database import PrivateCopy, postgresql_databases, sqlite_databases

# Deadlines measure the machine and not the code; derandomised examples make a red run red again.
settings.register_profile("edgewise", deadline=None, derandomize=True, database=None)
settings.load_profile("edgewise")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that touch a database, before `-m` selects."""
    for item in items:
        if isinstance(item, pytest.Function) and "database_url" in item.fixturenames:
            item.add_marker("database")


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateCopy]:
    """Copies of a template that was migrated once."""
    with migrated_databases(tmp_path_factory.mktemp("sqlite")) as private_copy:
        yield private_copy


@contextmanager
def migrated_databases(directory: Path) -> Iterator[PrivateCopy]:
    """Copies of a template in the engine that the environment names."""
    engine = os.environ.get("EDGEWISE_TEST_DATABASE", "sqlite")
    match engine:
        case "sqlite":
            context = sqlite_databases(directory, migrate)
        case "postgresql":
            context = postgresql_databases(migrate)
        case _:
            raise pytest.UsageError(f"EDGEWISE_TEST_DATABASE is '{engine}'; choose 'sqlite' or 'postgresql'.")
    with context as private_copy:
        yield private_copy


@pytest.fixture
def database_url(databases: PrivateCopy) -> Iterator[str]:
    """The URL of an empty, migrated database that no other test sees."""
    with databases() as url:
        yield url


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """Refuses every connection of the test process to another machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        yield


def _guarded(
    connect: Callable[[socket.socket, Any], int | None],
) -> Callable[[socket.socket, Any], int | None]:
    def guarded(self: socket.socket, address: Any) -> int | None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            raise RemoteConnectionRefused(address)
        return connect(self, address)

    return guarded


class RemoteConnectionRefused(AssertionError):
    """A test tried to reach another machine; no OSError, which a client would take for a broken network."""

    def __init__(self, address: object) -> None:
        super().__init__(f"This test tried to connect to {address!r}; tests talk to this machine only.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
