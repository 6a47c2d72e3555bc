"""Training jobs: requested by a developer, followed by whoever may read; what a worker does is in `training_runs`."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from service.domain.canonical import timestamp
from service.domain.documents import Document, Identifier, Slug, Text, from_stored
from service.domain.feature_schema import FeatureSchema, TrainingColumns, choose_columns
from service.domain.lifecycle import (
    FINISHED_JOB_STATES,
    RETRIED_JOB_STATES,
    EventKind,
    JobKind,
    JobState,
    move_job,
)
from service.domain.pages import Page, PageRequest
from service.domain.permissions import Actor, require
from service.domain.revisions import Change, read_changes
from service.domain.training_configuration import Progress, TrainingConfiguration
from service.errors import NotATraining, WrongState
from service.operations import idempotency
from service.operations.resources import Resources
from service.storage import datasets, models, tables, training_jobs, users
from service.storage.database import Session


class TrainingJobRequest(Document):
    """What to train, on what, how, and why."""

    model: Slug
    dataset_id: Identifier
    configuration: TrainingConfiguration = TrainingConfiguration()
    message: Text = ""
    priority: int = Field(0, ge=-100, le=100, description="Jobs with a higher number are begun earlier.")


class JobError(Document):
    """Why a job failed."""

    code: str
    detail: str


class TrainingJob(Document):
    """A job as it is shown."""

    id: str
    model: str
    dataset_id: str
    kind: JobKind = Field(
        description="train makes a version, revise changes one, challenge compares one with other models, "
        "score answers the rows of a table, replay computes decision records again."
    )
    parent: int | None = Field(description="The version that is revised.")
    changes: tuple[Change, ...]
    configuration: TrainingConfiguration
    message: str
    priority: int
    state: JobState
    cancel_requested: bool
    attempt: int = Field(description="How often the job was begun: again after its worker was lost.")
    worker: str | None
    version: int | None
    progress: Progress | None
    error: JobError | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    created_by: str


class JobEvent(Document):
    """One event of a job's progress stream."""

    seq: int
    kind: EventKind
    data: dict[str, Any]
    at: str


class JobEvents(Document):
    """New events, and whether more can come."""

    events: tuple[JobEvent, ...]
    finished: bool


def create_training_job(
    resources: Resources, actor: Actor, request: TrainingJobRequest, key: str | None = None
) -> TrainingJob:
    """Check a training request against its data and queue it: row, event and queue entry in one transaction.

    Records: training_jobs.created. Raises: NotFound, leaves of InvalidTraining, IdempotencyKeyReused.
    """
    require(actor, "create_training_job")
    with resources.database.write() as session:
        claim = idempotency.claim(resources, session, actor, key, "create_training_job", request)
        if claim.earlier:
            return described_job(session, claim.earlier[0])
        models.get_model(session, request.model)
        training_columns(session, request.dataset_id, request.configuration)
        job = new_job(
            resources,
            actor,
            model=request.model,
            dataset_id=request.dataset_id,
            configuration=request.configuration.model_dump(mode="json"),
            message=request.message,
            priority=request.priority,
        )
        queue_job(resources, session, job)
        claim.settle([job.id])
        record_job(resources, session, actor, job)
        return describe_jobs(session, [job])[0]


def list_training_jobs(
    resources: Resources, actor: Actor, model: str | None, request: PageRequest
) -> Page[TrainingJob]:
    """Jobs, newest first; of one model when it is named."""
    require(actor, "list_training_jobs")
    with resources.database.read() as session:
        page = training_jobs.page(session, model, request)
        return Page(items=tuple(describe_jobs(session, page.items)), next_cursor=page.next_cursor)


def get_training_job(resources: Resources, actor: Actor, job_id: str) -> TrainingJob:
    """One job. Raises: NotFound."""
    require(actor, "get_training_job")
    with resources.database.read() as session:
        return described_job(session, job_id)


def read_training_job_events(resources: Resources, actor: Actor, job_id: str, after: int) -> JobEvents:
    """Events of a job after a position. Raises: NotFound."""
    require(actor, "stream_training_job_events")
    return follow_job(resources, job_id, after)


def follow_job(resources: Resources, job_id: str, after: int) -> JobEvents:
    """Events of a job after a position, for whoever runs the service. Raises: NotFound."""
    with resources.database.read() as session:
        job = training_jobs.get_job(session, job_id)
        rows = training_jobs.events_after(session, job_id, after)
    events = tuple(JobEvent(seq=row.seq, kind=row.kind, data=row.data, at=timestamp(row.at)) for row in rows)
    return JobEvents(events=events, finished=job.state in FINISHED_JOB_STATES)


def cancel_training_job(resources: Resources, actor: Actor, job_id: str) -> TrainingJob:
    """Ask a job to stop: a queued one ends at once, a running one within two seconds.

    Records: training_jobs.cancelled. Raises: NotFound, WrongState when it has ended already.
    """
    require(actor, "cancel_training_job")
    with resources.database.write() as session:
        job = training_jobs.get_job(session, job_id, lock=True)
        if job.state in FINISHED_JOB_STATES:
            raise WrongState("training job", job.state, ("queued", "running"))
        stop_job(resources, session, job)
        resources.record(session, actor, "training_jobs.cancelled", f"training-jobs/{job_id}")
        return describe_jobs(session, [job])[0]


def retry_training_job(resources: Resources, actor: Actor, job_id: str) -> TrainingJob:
    """Queue the request of a job that failed or was cancelled once more, as a new job.

    Records: training_jobs.created. Raises: NotFound, NotATraining, WrongState, leaves of InvalidTraining.
    """
    require(actor, "retry_training_job")
    with resources.database.write() as session:
        job = training_jobs.get_job(session, job_id)
        if job.kind in ("challenge", "score", "replay"):
            raise NotATraining(job.kind)
        if job.state not in RETRIED_JOB_STATES:
            raise WrongState("training job", job.state, tuple(sorted(RETRIED_JOB_STATES)))
        training_columns(session, job.dataset_id, from_stored(TrainingConfiguration, job.configuration))
        again = new_job(
            resources,
            actor,
            model=job.model,
            dataset_id=job.dataset_id,
            configuration=job.configuration,
            message=job.message,
            priority=job.priority,
            kind=job.kind,
            parent=job.parent,
            changes=job.changes,
        )
        queue_job(resources, session, again)
        record_job(resources, session, actor, again)
        return describe_jobs(session, [again])[0]


def training_columns(
    session: Session, dataset_id: str, configuration: TrainingConfiguration
) -> tuple[tables.Dataset, FeatureSchema, TrainingColumns]:
    """The dataset and the columns that a configuration takes of it. Raises: NotFound, leaves of InvalidTraining."""
    dataset = datasets.get_dataset(session, dataset_id)
    schema = from_stored(FeatureSchema, dataset.feature_schema)
    columns = choose_columns(
        schema, configuration.target, configuration.inputs, configuration.positive_class, configuration.monotone
    )
    return dataset, schema, columns


def new_job(
    resources: Resources,
    actor: Actor,
    *,
    model: str,
    dataset_id: str,
    configuration: dict[str, Any],
    message: str,
    priority: int,
    kind: JobKind = "train",
    parent: int | None = None,
    changes: list[dict[str, Any]] | None = None,
) -> tables.TrainingJob:
    """A job that waits for a worker; one that revises has a parent and changes."""
    return tables.TrainingJob(
        id=resources.new_id(),
        model=model,
        dataset_id=dataset_id,
        kind=kind,
        parent=parent,
        changes=changes,
        configuration=configuration,
        message=message,
        priority=priority,
        state="queued",
        cancel_requested=False,
        attempt=0,
        crashes=0,
        worker=None,
        version=None,
        error_code=None,
        error_detail=None,
        created_at=resources.clock(),
        started_at=None,
        finished_at=None,
        created_by=actor.id,
    )


def queue_job(resources: Resources, session: Session, job: tables.TrainingJob) -> None:
    """Store a new job whose request was checked, its first event and its queue entry in one transaction."""
    training_jobs.add_job(session, job)
    add_event(resources, session, job, "state", {"state": job.state})
    resources.queue.enqueue(session, job.id, job.priority)


def record_job(resources: Resources, session: Session, actor: Actor, job: tables.TrainingJob) -> None:
    """Append the event of a job that was asked for by itself. Records: training_jobs.created."""
    details: dict[str, Any] = {"model": job.model, "dataset": job.dataset_id, "configuration": job.configuration}
    if job.kind == "revise":
        details |= {"parent": job.parent, "changes": job.changes}
    resources.record(session, actor, "training_jobs.created", f"training-jobs/{job.id}", details)


def stop_job(resources: Resources, session: Session, job: tables.TrainingJob) -> None:
    """Ask a job whose row is locked, and which has not ended, to stop; a queued one ends at once."""
    job.cancel_requested = True
    if job.state == "queued":
        finish(resources, session, job, "cancelled")


def described_job(session: Session, job_id: str) -> TrainingJob:
    """A job as it is shown. Raises: NotFound."""
    return describe_jobs(session, [training_jobs.get_job(session, job_id)])[0]


def finish(resources: Resources, session: Session, job: tables.TrainingJob, state: JobState) -> None:
    """End a job whose row is locked, and say so in its stream."""
    job.state = move_job(job.state, state)
    job.finished_at = resources.clock()
    error = {"code": job.error_code, "detail": job.error_detail} if job.error_code else None
    add_event(resources, session, job, "state", {"state": state, "version": job.version, "error": error})


def add_event(
    resources: Resources,
    session: Session,
    job: tables.TrainingJob,
    kind: EventKind,
    data: dict[str, Any],
) -> None:
    """Append an event to the stream of a job whose row is locked."""
    seq = training_jobs.next_event_seq(session, job.id)
    training_jobs.add_event(
        session, tables.JobEvent(job_id=job.id, seq=seq, kind=kind, data=data, at=resources.clock())
    )


def describe_jobs(session: Session, rows: Sequence[tables.TrainingJob]) -> list[TrainingJob]:
    """Jobs as they are shown, with their newest progress."""
    progress = training_jobs.newest_progress(session, [row.id for row in rows])
    people = users.printed_names(session, [row.created_by for row in rows])
    return [
        TrainingJob(
            id=row.id,
            kind=row.kind,
            model=row.model,
            dataset_id=row.dataset_id,
            parent=row.parent,
            changes=read_changes(row.changes or []),
            configuration=from_stored(TrainingConfiguration, row.configuration),
            message=row.message,
            priority=row.priority,
            state=row.state,
            cancel_requested=row.cancel_requested,
            attempt=row.attempt,
            worker=row.worker,
            version=row.version,
            progress=from_stored(Progress, progress[row.id].data) if row.id in progress else None,
            error=JobError(code=row.error_code, detail=row.error_detail or "") if row.error_code else None,
            created_at=timestamp(row.created_at),
            started_at=timestamp(row.started_at) if row.started_at else None,
            finished_at=timestamp(row.finished_at) if row.finished_at else None,
            created_by=people[row.created_by],
        )
        for row in rows
    ]
