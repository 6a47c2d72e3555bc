"""Training jobs: queued with their row or not at all, run to one version, stopped when asked."""

import pytest
from sqlalchemy import event, text

from service import errors
from service.domain.pages import PageRequest
from service.domain.permissions import Actor
from service.domain.training_configuration import TrainingConfiguration
from service.operations import training_jobs, training_runs
from service.operations.resources import Resources
from service.operations.training_jobs import TrainingJobRequest
from service.storage.queue import QUEUE_NAME
from tests.service.conftest import Steps, audit_payloads, everything_stored
from tests.service.training import QUICK, credit_csv


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


def test_a_queued_job_is_cancelled_at_once(resources: Resources, developer: Actor, job: str) -> None:
    shown = training_jobs.cancel_training_job(resources, developer, job)
    assert (shown.state, shown.cancel_requested) == ("cancelled", True)
    assert training_runs.run_training_job(resources, job) == "cancelled"
    assert everything_stored(resources)["model_versions"] == 0
    with pytest.raises(errors.WrongState, match="cancelled"):
        training_jobs.cancel_training_job(resources, developer, job)


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
    training_runs.run_training_job(resources, job)
    every = training_jobs.read_training_job_events(resources, developer, job, 0).events
    later = training_jobs.read_training_job_events(resources, developer, job, every[2].seq)
    assert later.events == every[3:]


def test_jobs_are_listed_newest_first_with_their_progress(resources: Resources, developer: Actor, steps: Steps) -> None:
    model, dataset = steps.model(), steps.dataset(credit_csv(60))
    jobs = [steps.job(model, dataset, TrainingConfiguration(steps=5)) for _ in range(3)]
    page = training_jobs.list_training_jobs(resources, developer, model, PageRequest(limit=2))
    assert [item.id for item in page.items] == jobs[:0:-1]
    assert training_jobs.list_training_jobs(resources, developer, "other", PageRequest()).items == ()
