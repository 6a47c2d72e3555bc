"""What a worker does with a job: one version for each, whatever dies, is taken over or cancelled meanwhile."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service import errors
from service.domain.pages import PageRequest
from service.domain.permissions import Actor
from service.domain.training_configuration import Progress
from service.operations import training_jobs, training_runs, versions
from service.operations.resources import Resources
from tests.service.conftest import START, Steps, audit_payloads, everything_stored
from tests.service.training import QUICK, RememberedTrainings
from tests.worker.ledger import contradictions


@pytest.fixture
def job(steps: Steps) -> str:
    return steps.job(steps.model(), steps.dataset())


def test_a_job_becomes_a_version_that_says_what_made_it(resources: Resources, developer: Actor, job: str) -> None:
    assert training_runs.run_training_job(resources, job) == "succeeded"
    shown = training_jobs.get_training_job(resources, developer, job)
    version = versions.get_version(resources, developer, "credit", 1)
    assert (shown.state, shown.version, version.training_job_id) == ("succeeded", 1, job)
    assert (version.state, version.contributors, version.configuration) == ("candidate", ("Printed Developer",), QUICK)
    assert version.columns.inputs == ("age", "purpose", "income")
    assert resources.artifacts.read(version.digest)
    assert {metric.name for metric in version.metrics} >= {"auc", "log_loss"}
    assert version.library_versions["torch"]
    stream = training_jobs.read_training_job_events(resources, developer, job, 0)
    assert stream.finished
    assert [item.seq for item in stream.events] == list(range(1, len(stream.events) + 1))
    states = [item.data["state"] for item in stream.events if item.kind == "state"]
    assert states == ["queued", "running", "succeeded"]
    stages = [item.data["stage"] for item in stream.events if item.kind == "progress"]
    assert {"data", "fit", "evaluate"} <= set(stages)


def test_the_same_request_gives_the_same_bytes(resources: Resources, developer: Actor, steps: Steps) -> None:
    model, dataset = steps.model(), steps.dataset()
    with pytest.MonkeyPatch.context() as patch:
        for number in (1, 2):
            patch.setattr(training_runs, "train", RememberedTrainings())
            assert steps.train(model, dataset) == number
    one, two = (versions.get_version(resources, developer, model, number) for number in (1, 2))
    assert one.digest == two.digest
    assert steps.train(model, dataset, QUICK.model_copy(update={"seed": 1})) == 3
    assert versions.get_version(resources, developer, model, 3).digest != one.digest


def test_a_finished_job_is_not_run_again(resources: Resources, developer: Actor, job: str) -> None:
    assert training_runs.run_training_job(resources, job) == "succeeded"
    before = everything_stored(resources)
    assert training_runs.run_training_job(resources, job) == "succeeded"
    assert everything_stored(resources) == before


def test_two_workers_with_the_same_job_make_one_version(resources: Resources, developer: Actor, job: str) -> None:
    training, barrier = threading.Event(), threading.Barrier(2, timeout=60)

    def train_together(*arguments: Any) -> object:
        training.set()
        barrier.wait()
        return RememberedTrainings()(*arguments)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(training_runs, "train", train_together)
        first = pool.submit(training_runs.run_training_job, resources, job)
        assert training.wait(60)  # the second takes over what has not begun to train, and would train alone
        second = pool.submit(training_runs.run_training_job, resources, job)
        assert "succeeded" in {first.result(60), second.result(60)}
    assert everything_stored(resources)["model_versions"] == 1
    assert training_jobs.get_training_job(resources, developer, job).state == "succeeded"


def test_two_jobs_at_once_number_their_versions_without_gaps(
    resources: Resources, developer: Actor, steps: Steps
) -> None:
    model, dataset = steps.model(), steps.dataset()
    jobs = [steps.job(model, dataset, QUICK.model_copy(update={"seed": seed % 2})) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda job: training_runs.run_training_job(resources, job), jobs)) == {"succeeded"}
    page = versions.list_versions(resources, developer, model, PageRequest())
    assert [version.number for version in page.items] == [4, 3, 2, 1]


def test_a_running_job_is_cancelled_at_its_next_step(resources: Resources, developer: Actor, job: str) -> None:
    started, cancelled = threading.Event(), threading.Event()

    def slow_train(*arguments: object) -> None:
        report = arguments[-2]
        assert callable(report)
        report(Progress(stage="fit", step=1, steps=10))
        started.set()
        assert cancelled.wait(20)
        report(Progress(stage="prune", step=1, steps=10))
        raise AssertionError("the training went on although it was cancelled")

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as pool:
        patch.setattr(training_runs, "train", slow_train)
        running = pool.submit(training_runs.run_training_job, resources, job)
        assert started.wait(20)
        asked = training_jobs.cancel_training_job(resources, developer, job)
        assert (asked.state, asked.cancel_requested) == ("running", True)
        cancelled.set()
        assert running.result() == "cancelled"
    assert training_jobs.get_training_job(resources, developer, job).state == "cancelled"
    assert everything_stored(resources)["model_versions"] == 0


def test_a_job_that_is_cancelled_in_its_last_moment_makes_no_version(
    resources: Resources, developer: Actor, job: str
) -> None:
    def cancelled_at_the_end(*arguments: Any) -> object:
        trained = RememberedTrainings()(*arguments)
        training_jobs.cancel_training_job(resources, developer, job)
        return trained

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_runs, "train", cancelled_at_the_end)
        assert training_runs.run_training_job(resources, job) == "cancelled"
    assert everything_stored(resources)["model_versions"] == 0


def test_a_training_that_fails_says_why(resources: Resources, developer: Actor, job: str) -> None:
    def diverges(*_arguments: object) -> None:
        raise errors.TrainingFailed("the loss is not finite at step 3")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_runs, "train", diverges)
        assert training_runs.run_training_job(resources, job) == "failed"
    shown = training_jobs.get_training_job(resources, developer, job)
    assert shown.state == "failed"
    assert shown.error is not None
    assert shown.error.code == "training_failed"
    assert "step 3" in shown.error.detail
    assert training_jobs.read_training_job_events(resources, developer, job, 0).finished
    trail = audit_payloads(resources)[-1]
    assert (trail["action"], trail["details"]) == ("training_jobs.failed", {"code": "training_failed"})


def test_a_lost_snapshot_fails_the_job_with_its_code(resources: Resources, developer: Actor, job: str) -> None:
    for file in (resources.settings.data_dir / "artifacts").rglob("*"):
        if file.is_file():
            file.unlink()
    assert training_runs.run_training_job(resources, job) == "failed"
    shown = training_jobs.get_training_job(resources, developer, job)
    assert shown.error is not None
    assert shown.error.code == "artifact_corrupted"


def test_a_job_that_broke_is_failed_with_a_code_and_without_the_trace(
    resources: Resources, developer: Actor, job: str
) -> None:
    attempt = training_runs.begin_attempt(resources, job, "worker")
    assert attempt == 1
    assert training_runs.end_with_unforeseen_error(resources, job, attempt, "ValueError") == "failed"
    shown = training_jobs.get_training_job(resources, developer, job)
    assert shown.error is not None
    assert shown.error.code == "job_broke"


def test_an_attempt_that_was_taken_over_writes_nothing_any_more(
    resources: Resources, developer: Actor, job: str
) -> None:
    first = training_runs.begin_attempt(resources, job, "lost")
    second = training_runs.begin_attempt(resources, job, "other")
    assert (first, second) == (1, 2)
    before = everything_stored(resources)
    assert training_runs.run_attempt(resources, job, 1) == "running"
    assert training_runs.note_crash(resources, job, 1, errors.JobCrashed(-9)) == "running"
    assert training_runs.end_training_job(resources, job, "failed", errors.JobBroke("late"), 1) == "running"
    assert everything_stored(resources) == before
    assert training_runs.run_attempt(resources, job, 2) == "succeeded"
    assert training_jobs.get_training_job(resources, developer, job).worker == "other"


def test_a_job_whose_process_dies_three_times_is_failed_and_never_begun_again(
    resources: Resources, developer: Actor, job: str
) -> None:
    states = []
    for _ in range(training_runs.MAXIMUM_CRASHES):
        attempt = training_runs.begin_attempt(resources, job, "worker")
        assert attempt is not None
        states.append(training_runs.note_crash(resources, job, attempt, errors.JobCrashed(-9)))
    assert states == ["running", "running", "failed"]
    assert training_runs.begin_attempt(resources, job, "worker") is None
    shown = training_jobs.get_training_job(resources, developer, job)
    assert shown.error is not None
    assert shown.error.code == "job_crashed"
    assert "signal 9" in shown.error.detail
    assert audit_payloads(resources)[-1]["action"] == "training_jobs.failed"


def test_a_job_that_is_begun_again_and_again_ends_as_failed(resources: Resources, developer: Actor, job: str) -> None:
    for number in range(1, training_runs.MAXIMUM_ATTEMPTS + 1):
        assert training_runs.begin_attempt(resources, job, "worker") == number
    assert training_runs.begin_attempt(resources, job, "worker") is None
    shown = training_jobs.get_training_job(resources, developer, job)
    assert (shown.state, shown.error is not None and shown.error.code) == ("failed", "worker_lost")


def test_what_a_training_kept_is_gone_when_it_has_ended(resources: Resources, job: str) -> None:
    files = resources.checkpoints.of_job(job)
    files.write("fit.model", b"half a training")
    assert files.read("fit.model") == b"half a training"
    assert training_runs.run_training_job(resources, job) == "succeeded"
    assert files.read("fit.model") is None
    assert list((resources.settings.data_dir / "checkpoints").iterdir()) == []


def test_a_failed_job_is_retried_as_a_new_one(resources: Resources, developer: Actor, job: str) -> None:
    with pytest.raises(errors.WrongState, match="queued"):
        training_jobs.retry_training_job(resources, developer, job)
    training_runs.end_training_job(resources, job, "failed", errors.JobBroke("once"))
    again = training_jobs.retry_training_job(resources, developer, job)
    assert (again.state, again.configuration, again.id == job) == ("queued", QUICK, False)
    assert training_runs.run_training_job(resources, again.id) == "succeeded"


def test_a_job_that_has_succeeded_cannot_be_cancelled_any_more(
    resources: Resources, developer: Actor, job: str
) -> None:
    assert training_runs.run_training_job(resources, job) == "succeeded"
    before = everything_stored(resources)
    with pytest.raises(errors.WrongState, match="succeeded"):
        training_jobs.cancel_training_job(resources, developer, job)
    assert everything_stored(resources) == before


def test_a_clock_that_jumps_back_and_forth_changes_no_outcome(
    resources: Resources, developer: Actor, steps: Steps
) -> None:
    days = itertools.cycle([0, -400, 30])
    jumping = replace(resources, clock=lambda: START + timedelta(days=next(days)))
    job = replace(steps, resources=jumping).job(steps.model(), steps.dataset())
    assert training_runs.run_training_job(jumping, job) == "succeeded"
    assert contradictions(resources) == []
    stages = [event.data["stage"] for event in training_jobs.follow_job(resources, job, 0).events[2:-1]]
    assert (stages[0], stages[-1]) == ("data", "evaluate")
