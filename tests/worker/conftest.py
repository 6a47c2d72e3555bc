"""Real worker processes for the tests, and jobs for them."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.domain.permissions import Actor
from service.domain.training_configuration import TrainingConfiguration
from service.operations import users
from service.operations.resources import Resources, open_resources
from service.settings import Settings
from tests.worker.crew import environment_of, start_command
from tests.worker.jobs import Jobs, prepared_jobs

#: Long enough to be killed in its middle, whatever the machine: Adam takes all its steps.
LONG = TrainingConfiguration(hidden=(4,), grid_size=8, optimizer="adam", steps=600, symbolify=False)


@pytest.fixture
def resources(database_url: str, tmp_path: Path) -> Iterator[Resources]:
    opened = open_resources(Settings(data_dir=tmp_path, database_url=SecretStr(database_url)))
    yield opened
    opened.close()


@pytest.fixture
def developer(resources: Resources) -> Actor:
    return users.create_user(resources, "dana", "Dana", frozenset({"developer"}), "correct horse battery staple")


@contextmanager
def worker(resources: Resources, name: str = "first", **settings: object) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that starts with the settings of these resources, and is gone at the end whatever happened."""
    told = environment_of(resources, name, {"worker_lost_seconds": 3, **settings})
    process = start_command(told, resources.settings.data_dir / f"{name}.log")
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(what: str, condition: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float = 300) -> None:
    """Return when something has happened; fails when the worker ends before, or time runs out."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the worker ended"
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.05)  # the other process tells its state by the database only


@pytest.fixture
def jobs(resources: Resources, developer: Actor) -> Jobs:
    return prepared_jobs(resources, developer)
