"""The service for a suite: a fresh database of either engine, a developer, a model and a dataset to train it on."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import SecretStr

from service.operations import users
from service.operations.health import migrate
from service.operations.resources import open_resources
from service.settings import Settings
from tests.database import postgresql_databases, sqlite_databases
from tests.worker.jobs import Jobs, prepared_jobs

Engine = Literal["SQLite", "PostgreSQL"]
Result = TypeVar("Result")
WAIT_SECONDS = 1200.0

ENGINES: tuple[Engine, ...] = ("SQLite", "PostgreSQL")


@contextmanager
def served_jobs(engine: Engine, folder: Path) -> Iterator[Jobs]:
    """Jobs that wait for workers, in a data directory below `folder`."""
    directory = folder / engine
    directory.mkdir()
    databases = sqlite_databases(directory, migrate) if engine == "SQLite" else postgresql_databases(migrate)
    with databases as private_copy, private_copy() as url:
        resources = open_resources(Settings(data_dir=directory, database_url=SecretStr(url)))
        developer = users.create_user(resources, "dana", "Dana", frozenset({"developer"}), "correct horse battery")
        yield prepared_jobs(resources, developer)
        resources.close()


def awaited(look: Callable[[], Result | None], pause: float = 0.05) -> Result:
    """What a look finds, once it finds something."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"it did not happen within {WAIT_SECONDS:.0f} s")
        time.sleep(pause)  # the workers tell what they do by the database only
    return found
