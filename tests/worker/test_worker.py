"""A real worker process: takes a job from the queue, survives being killed, stops when asked."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.domain.pages import PageRequest
from service.domain.permissions import Actor
from service.domain.training_configuration import TrainingConfiguration
from service.operations import datasets, models, training_jobs, users, versions
from service.operations.datasets import DatasetRequest
from service.operations.models import ModelRequest
from service.operations.resources import Resources, open_resources
from service.operations.training_jobs import TrainingJob, TrainingJobRequest
from service.settings import Settings
from tests.service.training import QUICK, credit_csv

#: Long enough to be killed in its middle, whatever the machine: Adam takes all its steps.
LONG = TrainingConfiguration(hidden=(4,), grid_size=8, optimizer="adam", steps=2000, symbolify=False)


@pytest.fixture
def resources(database_url: str, tmp_path: Path) -> Iterator[Resources]:
    opened = open_resources(Settings(data_dir=tmp_path, database_url=SecretStr(database_url)))
    yield opened
    opened.close()


@pytest.fixture
def developer(resources: Resources) -> Actor:
    return users.create_user(resources, "dana", "Dana", frozenset({"developer"}), "correct horse battery staple")


@contextmanager
def worker(resources: Resources) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that starts with the settings of these resources, and is gone at the end whatever happened."""
    settings = resources.settings
    environment = {
        **os.environ,
        "EDGEWISE_DATA_DIR": str(settings.data_dir),
        "EDGEWISE_DATABASE_URL": settings.resolved_database_url,
        "EDGEWISE_WORKER_NAME": "worker-of-the-test",
    }
    log = settings.data_dir / "worker.log"
    with log.open("ab") as output:
        process = subprocess.Popen([sys.executable, "-m", "service.cli.main", "worker"], env=environment, stderr=output)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def wait_for(what: str, condition: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the worker ended"
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.05)


def queue(resources: Resources, developer: Actor, configuration: TrainingConfiguration) -> str:
    words = {"title": "T", "purpose": "P", "owner": "O", "approved_use": "A"}
    request = ModelRequest.model_validate({"name": "credit", "risk_tier": "low", **words})
    models.create_model(resources, developer, request)
    dataset = datasets.create_dataset(resources, developer, DatasetRequest(name="t"), credit_csv())
    target = configuration.model_copy(update={"target": "default"})
    job = TrainingJobRequest(model="credit", dataset_id=dataset.id, configuration=target)
    return training_jobs.create_training_job(resources, developer, job).id


def test_a_worker_makes_a_version_and_stops_when_asked(resources: Resources, developer: Actor) -> None:
    job = queue(resources, developer, QUICK)

    def shown() -> TrainingJob:
        return training_jobs.get_training_job(resources, developer, job)

    with worker(resources) as process:
        wait_for("the version", lambda: shown().state == "succeeded", process)
        assert shown().version == 1
        assert versions.get_version(resources, developer, "credit", 1).state == "candidate"
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert time.monotonic() - asked < 10
    lines = (resources.settings.data_dir / "worker.log").read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines if line.startswith("{")] == ["worker_ready"]


def test_a_worker_in_the_middle_of_a_training_stops_at_once_and_leaves_the_job_to_the_next(
    resources: Resources, developer: Actor
) -> None:
    job = queue(resources, developer, LONG)

    def shown() -> TrainingJob:
        return training_jobs.get_training_job(resources, developer, job)

    with worker(resources) as process:
        wait_for("the start of the training", lambda: shown().progress is not None, process)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert shown().state == "running"


def test_a_worker_that_was_killed_finishes_its_job_when_it_comes_back(resources: Resources, developer: Actor) -> None:
    job = queue(resources, developer, LONG)

    def shown() -> TrainingJob:
        return training_jobs.get_training_job(resources, developer, job)

    def is_in_the_middle() -> bool:
        progress = shown().progress
        return progress is not None and progress.stage == "fit"

    with worker(resources) as process:
        wait_for("the middle of the training", is_in_the_middle, process)
        process.kill()
        process.wait()
    assert shown().state == "running"
    with worker(resources) as process:
        wait_for("the version", lambda: shown().state != "running", process, 90)
    assert (shown().state, shown().version, shown().error) == ("succeeded", 1, None)
    page = versions.list_versions(resources, developer, "credit", PageRequest())
    assert [version.number for version in page.items] == [1]
    states = [
        event.data["state"]
        for event in training_jobs.read_training_job_events(resources, developer, job, 0).events
        if event.kind == "state"
    ]
    assert states == ["queued", "running", "running", "succeeded"]
