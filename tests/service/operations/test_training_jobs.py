"""Training jobs: queued with their row or not at all, run to one version, stopped when asked."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import event, text

from service import errors
from service.domain.pages import PageRequest
from service.domain.permissions import Actor
from service.domain.training_configuration import Progress, TrainingConfiguration
from service.operations import training_jobs, versions
from service.operations.resources import Resources
from service.operations.training_jobs import TrainingJobRequest
from service.storage.queue import QUEUE_NAME
from tests.service.conftest import Steps, audit_payloads, everything_stored
from tests.service.training import QUICK, RememberedTrainings, credit_csv


def queued(resources: Resources) -> list[str]:
    """The jobs that the queue's own table holds."""
    table = "workflow_status" if resources.database.is_sqlite else "dbos.workflow_status"
    with resources.database.read() as session:
        rows = session.execute(text(f"SELECT workflow_uuid FROM {table} WHERE queue_name = '{QUEUE_NAME}'"))  # noqa: S608 - two constants
        return [row[0] for row in rows]


@pytest.fixture
def job(steps: Steps) -> str:
    return steps.job(steps.model(), steps.dataset())


def test_a_job_is_queued_with_its_row_and_its_event(resources: Resources, developer: Actor, job: str) -> None:
    assert queued(resources) == [job]
    shown = training_jobs.get_training_job(resources, developer, job)
    assert (shown.state, shown.version, shown.configuration) == ("queued", None, QUICK)
    assert audit_payloads(resources)[-1]["subject"] == f"training-jobs/{job}"
    stream = training_jobs.read_training_job_events(resources, developer, job, 0)
    assert [(item.kind, item.data) for item in stream.events] == [("state", {"state": "queued"})]
    assert not stream.finished


def test_nothing_is_queued_when_the_transaction_fails(resources: Resources, steps: Steps) -> None:
    model, dataset = steps.model(), steps.dataset()
    before = everything_stored(resources)

    def power_cut(_connection: object) -> None:
        raise ConnectionError("the database went away")

    event.listen(resources.database.engine, "commit", power_cut)
    with pytest.raises(ConnectionError):
        steps.job(model, dataset)
    event.remove(resources.database.engine, "commit", power_cut)
    assert queued(resources) == []
    assert everything_stored(resources) == before


def test_the_same_key_queues_one_job(resources: Resources, developer: Actor, steps: Steps) -> None:
    request = TrainingJobRequest(model=steps.model(), dataset_id=steps.dataset(), configuration=QUICK)
    one = training_jobs.create_training_job(resources, developer, request, "key")
    assert training_jobs.create_training_job(resources, developer, request, "key") == one
    assert queued(resources) == [one.id]
    other = request.model_copy(update={"message": "another"})
    with pytest.raises(errors.IdempotencyKeyReused):
        training_jobs.create_training_job(resources, developer, other, "key")


def test_a_job_becomes_a_version_that_says_what_made_it(resources: Resources, developer: Actor, job: str) -> None:
    assert training_jobs.run_training_job(resources, job) == "succeeded"
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
            patch.setattr(training_jobs, "train", RememberedTrainings())
            assert steps.train(model, dataset) == number
    one, two = (versions.get_version(resources, developer, model, number) for number in (1, 2))
    assert one.digest == two.digest
    assert steps.train(model, dataset, QUICK.model_copy(update={"seed": 1})) == 3
    assert versions.get_version(resources, developer, model, 3).digest != one.digest


def test_a_finished_job_is_not_run_again(resources: Resources, developer: Actor, job: str) -> None:
    assert training_jobs.run_training_job(resources, job) == "succeeded"
    before = everything_stored(resources)
    assert training_jobs.run_training_job(resources, job) == "succeeded"
    assert everything_stored(resources) == before


def test_two_workers_with_the_same_job_make_one_version(resources: Resources, developer: Actor, job: str) -> None:
    barrier = threading.Barrier(2)

    def train_together(*arguments: Any) -> object:
        barrier.wait()
        return RememberedTrainings()(*arguments)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(training_jobs, "train", train_together)
        states = list(pool.map(lambda _: training_jobs.run_training_job(resources, job), range(2)))
    assert states == ["succeeded", "succeeded"]
    assert everything_stored(resources)["model_versions"] == 1
    assert training_jobs.get_training_job(resources, developer, job).state == "succeeded"


def test_two_jobs_at_once_number_their_versions_without_gaps(
    resources: Resources, developer: Actor, steps: Steps
) -> None:
    model, dataset = steps.model(), steps.dataset()
    jobs = [steps.job(model, dataset, QUICK.model_copy(update={"seed": seed % 2})) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda job: training_jobs.run_training_job(resources, job), jobs)) == {"succeeded"}
    page = versions.list_versions(resources, developer, model, PageRequest())
    assert [version.number for version in page.items] == [4, 3, 2, 1]


def test_a_queued_job_is_cancelled_at_once(resources: Resources, developer: Actor, job: str) -> None:
    shown = training_jobs.cancel_training_job(resources, developer, job)
    assert (shown.state, shown.cancel_requested) == ("cancelled", True)
    assert training_jobs.run_training_job(resources, job) == "cancelled"
    assert everything_stored(resources)["model_versions"] == 0
    with pytest.raises(errors.WrongState, match="cancelled"):
        training_jobs.cancel_training_job(resources, developer, job)


def test_a_running_job_is_cancelled_at_its_next_step(resources: Resources, developer: Actor, job: str) -> None:
    started, cancelled = threading.Event(), threading.Event()

    def slow_train(*arguments: object) -> None:
        report = arguments[-1]
        assert callable(report)
        report(Progress(stage="fit", step=1, steps=10))
        started.set()
        assert cancelled.wait(20)
        report(Progress(stage="prune", step=1, steps=10))
        raise AssertionError("the training went on although it was cancelled")

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as pool:
        patch.setattr(training_jobs, "train", slow_train)
        running = pool.submit(training_jobs.run_training_job, resources, job)
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
        patch.setattr(training_jobs, "train", cancelled_at_the_end)
        assert training_jobs.run_training_job(resources, job) == "cancelled"
    assert everything_stored(resources)["model_versions"] == 0


def test_a_training_that_fails_says_why(resources: Resources, developer: Actor, job: str) -> None:
    def diverges(*_arguments: object) -> None:
        raise errors.TrainingFailed("the loss is not finite at step 3")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_jobs, "train", diverges)
        assert training_jobs.run_training_job(resources, job) == "failed"
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
    assert training_jobs.run_training_job(resources, job) == "failed"
    shown = training_jobs.get_training_job(resources, developer, job)
    assert shown.error is not None
    assert shown.error.code == "artifact_corrupted"


def test_a_job_that_broke_is_failed_with_a_code_and_without_the_trace(
    resources: Resources, developer: Actor, job: str
) -> None:
    assert training_jobs.fail_training_job(resources, job, "ValueError: something") == "failed"
    shown = training_jobs.get_training_job(resources, developer, job)
    assert shown.error is not None
    assert shown.error.code == "internal_error"


@pytest.mark.parametrize(
    ("changes", "error", "pointer"),
    [
        ({"target": "nowhere"}, errors.TargetUnknown, "/target"),
        ({"inputs": ("sex",)}, errors.ProtectedInput, "/inputs/sex"),
        ({"inputs": ("height",)}, errors.UnknownColumn, "/inputs/height"),
        ({"inputs": ()}, errors.NoInputs, "/inputs"),
        ({"target": "income"}, errors.TargetHasMissingValues, "/target"),
        ({"positive_class": "maybe"}, errors.UnknownColumn, "/positive_class"),
        ({"monotone": {"height": "increasing"}}, errors.UnknownColumn, "/monotone/height"),
        ({"monotone": {"sex": "increasing"}}, errors.DirectionWithoutInput, "/monotone/sex"),
        ({"monotone": {"purpose": "decreasing"}}, errors.CategoricalDirection, "/monotone/purpose"),
    ],
    ids=str,
)
def test_a_request_that_cannot_work_is_refused_at_once(
    resources: Resources, steps: Steps, changes: dict[str, object], error: type[errors.EdgewiseError], pointer: str
) -> None:
    model, dataset = steps.model(), steps.dataset()
    before = everything_stored(resources)
    with pytest.raises(error) as refused:
        steps.job(model, dataset, QUICK.model_copy(update=changes))
    assert refused.value.fields[0].pointer == pointer
    assert everything_stored(resources) == before
    assert queued(resources) == []


def test_an_unknown_model_or_dataset_is_not_found(resources: Resources, steps: Steps) -> None:
    model, dataset = steps.model(), steps.dataset()
    with pytest.raises(errors.NotFound, match="model"):
        steps.job("nothing", dataset)
    with pytest.raises(errors.NotFound, match="dataset"):
        steps.job(model, "0" * 36)


def test_events_continue_after_a_position(resources: Resources, developer: Actor, job: str) -> None:
    training_jobs.run_training_job(resources, job)
    every = training_jobs.read_training_job_events(resources, developer, job, 0).events
    later = training_jobs.read_training_job_events(resources, developer, job, every[2].seq)
    assert later.events == every[3:]


def test_jobs_are_listed_newest_first_with_their_progress(resources: Resources, developer: Actor, steps: Steps) -> None:
    model, dataset = steps.model(), steps.dataset(credit_csv(60))
    jobs = [steps.job(model, dataset, TrainingConfiguration(steps=5)) for _ in range(3)]
    page = training_jobs.list_training_jobs(resources, developer, model, PageRequest(limit=2))
    assert [item.id for item in page.items] == jobs[:0:-1]
    assert training_jobs.list_training_jobs(resources, developer, "other", PageRequest()).items == ()
