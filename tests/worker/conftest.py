"""Real worker processes for the tests, and jobs for them."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.domain.permissions import Actor
from service.domain.training_configuration import TrainingConfiguration
from service.operations import datasets, models, training_jobs, users, versions
from service.operations.datasets import DatasetRequest
from service.operations.models import ModelRequest
from service.operations.resources import Resources, open_resources
from service.operations.training_jobs import TrainingJob, TrainingJobRequest
from service.settings import Settings
from tests.service.training import credit_csv

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
    environment = {
        **os.environ,
        "EDGEWISE_DATA_DIR": str(resources.settings.data_dir),
        "EDGEWISE_DATABASE_URL": resources.settings.resolved_database_url,
        "EDGEWISE_WORKER_NAME": name,
        "EDGEWISE_WORKER_LOST_SECONDS": "3",
        **{f"EDGEWISE_{key.upper()}": str(value) for key, value in settings.items()},
    }
    log = resources.settings.data_dir / f"{name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen([sys.executable, "-m", "service.cli.main", "worker"], env=environment, stderr=output)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def wait_for(what: str, condition: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float = 90) -> None:
    """Return when something has happened; fails when the worker ends before, or time runs out."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the worker ended"
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.05)  # the other process tells its state by the database only


@dataclass(frozen=True)
class Jobs:
    """Jobs of one model on one dataset, as the developer asks for them and sees them."""

    resources: Resources
    developer: Actor
    dataset: str

    def queue(self, configuration: TrainingConfiguration) -> str:
        target = configuration.model_copy(update={"target": "default"})
        job = TrainingJobRequest(model="credit", dataset_id=self.dataset, configuration=target)
        return training_jobs.create_training_job(self.resources, self.developer, job).id

    def shown(self, job: str) -> TrainingJob:
        return training_jobs.get_training_job(self.resources, self.developer, job)

    def is_in(self, job: str, stage: str) -> bool:
        progress = self.shown(job).progress
        return progress is not None and progress.stage == stage

    def states(self, job: str) -> list[str]:
        stream = training_jobs.read_training_job_events(self.resources, self.developer, job, 0)
        return [event.data["state"] for event in stream.events if event.kind == "state"]

    def digest(self, job: str) -> str:
        number = self.shown(job).version
        assert number is not None
        return versions.get_version(self.resources, self.developer, "credit", number).digest


@pytest.fixture
def jobs(resources: Resources, developer: Actor) -> Jobs:
    words = {"title": "T", "purpose": "P", "owner": "O", "approved_use": "A"}
    models.create_model(
        resources, developer, ModelRequest.model_validate({"name": "credit", "risk_tier": "low", **words})
    )
    dataset = datasets.create_dataset(resources, developer, DatasetRequest(name="t"), io.BytesIO(credit_csv()))
    return Jobs(resources, developer, dataset.id)
