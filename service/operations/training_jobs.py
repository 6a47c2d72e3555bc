"""Training jobs: requested by a developer, run by a worker, followed by whoever may read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from service.domain.canonical import timestamp
from service.domain.documents import Document, Identifier, Slug, Text, from_stored
from service.domain.feature_schema import FeatureSchema, TrainingColumns, choose_columns
from service.domain.lifecycle import FINISHED_JOB_STATES, EventKind, JobState, move_job
from service.domain.pages import Page, PageRequest
from service.domain.permissions import Actor, require
from service.domain.training_configuration import Progress, TrainingConfiguration
from service.errors import EdgewiseError, JobCancelled, WrongState
from service.modelling.training import TrainedVersion, train
from service.operations import idempotency
from service.operations.resources import Resources
from service.storage import artifacts, datasets, models, tables, training_jobs, users
from service.storage.database import Session


class TrainingJobRequest(Document):
    """What to train, on what, how, and why."""

    model: Slug
    dataset_id: Identifier
    configuration: TrainingConfiguration = TrainingConfiguration()
    message: Text = ""


class JobError(Document):
    """Why a job failed."""

    code: str
    detail: str


class TrainingJob(Document):
    """A job as it is shown."""

    id: str
    model: str
    dataset_id: str
    configuration: TrainingConfiguration
    message: str
    state: JobState
    cancel_requested: bool
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
            return _describe(session, [training_jobs.get_job(session, claim.earlier[0])])[0]
        models.get_model(session, request.model)
        _columns(session, request.dataset_id, request.configuration)
        job = _new_job(resources, actor, request)
        training_jobs.add_job(session, job)
        _add_event(resources, session, job, "state", {"state": job.state})
        resources.queue.enqueue(session, job.id)
        claim.settle([job.id])
        resources.record(
            session,
            actor,
            "training_jobs.created",
            f"training-jobs/{job.id}",
            {"model": job.model, "dataset": job.dataset_id, "configuration": job.configuration},
        )
        return _describe(session, [job])[0]


def list_training_jobs(
    resources: Resources, actor: Actor, model: str | None, request: PageRequest
) -> Page[TrainingJob]:
    """Jobs, newest first; of one model when it is named."""
    require(actor, "list_training_jobs")
    with resources.database.read() as session:
        page = training_jobs.page(session, model, request)
        return Page(items=tuple(_describe(session, page.items)), next_cursor=page.next_cursor)


def get_training_job(resources: Resources, actor: Actor, job_id: str) -> TrainingJob:
    """One job. Raises: NotFound."""
    require(actor, "get_training_job")
    with resources.database.read() as session:
        return _describe(session, [training_jobs.get_job(session, job_id)])[0]


def read_training_job_events(resources: Resources, actor: Actor, job_id: str, after: int) -> JobEvents:
    """Events of a job after a position. Raises: NotFound."""
    require(actor, "stream_training_job_events")
    with resources.database.read() as session:
        job = training_jobs.get_job(session, job_id)
        rows = training_jobs.events_after(session, job_id, after)
    events = tuple(JobEvent(seq=row.seq, kind=row.kind, data=row.data, at=timestamp(row.at)) for row in rows)
    return JobEvents(events=events, finished=job.state in FINISHED_JOB_STATES)


def cancel_training_job(resources: Resources, actor: Actor, job_id: str) -> TrainingJob:
    """Ask a job to stop: a queued one ends at once, a running one at its next step.

    Records: training_jobs.cancelled. Raises: NotFound, WrongState when it has ended already.
    """
    require(actor, "cancel_training_job")
    with resources.database.write() as session:
        job = training_jobs.get_job(session, job_id, lock=True)
        if job.state in FINISHED_JOB_STATES:
            raise WrongState("training job", job.state, ("queued", "running"))
        job.cancel_requested = True
        if job.state == "queued":
            _finish(resources, session, job, "cancelled")
        resources.record(session, actor, "training_jobs.cancelled", f"training-jobs/{job_id}")
        return _describe(session, [job])[0]


def run_training_job(resources: Resources, job_id: str) -> JobState:
    """Train as requested (a worker's work); safe to repeat after a crash.

    Records: model_versions.created, or training_jobs.failed with the reason.
    """
    started = _start(resources, job_id)
    if started is None:
        return get_job_state(resources, job_id)
    job, schema, columns, parquet_digest = started
    try:
        trained = train(
            resources.artifacts.read(parquet_digest),
            schema,
            columns,
            from_stored(TrainingConfiguration, job.configuration),
            _ProgressReport(resources, job_id),
        )
    except JobCancelled:
        return _end(resources, job_id, "cancelled", None)
    except EdgewiseError as error:
        return _end(resources, job_id, "failed", JobError(code=error.code, detail=error.message))
    return _store_version(resources, job, columns, trained)


def fail_training_job(resources: Resources, job_id: str, detail: str) -> JobState:
    """Note that a job broke in a way nobody foresaw. Records: training_jobs.failed."""
    return _end(resources, job_id, "failed", JobError(code="internal_error", detail=detail))


def get_job_state(resources: Resources, job_id: str) -> JobState:
    """The state of a job (for the worker)."""
    with resources.database.read() as session:
        return training_jobs.get_job(session, job_id).state


class _ProgressReport:
    """Writes progress at most twice a second, and stops the training once somebody cancelled it."""

    def __init__(self, resources: Resources, job_id: str) -> None:
        self._resources = resources
        self._job_id = job_id
        self._last: tuple[str, float] = ("", 0.0)

    def __call__(self, progress: Progress) -> None:
        moment = self._resources.clock()
        stage, written = self._last
        if progress.stage == stage and moment.timestamp() - written < 0.5 and progress.step < progress.steps:
            return
        self._last = (progress.stage, moment.timestamp())
        with self._resources.database.write() as session:
            job = training_jobs.get_job(session, self._job_id, lock=True)
            if job.cancel_requested:
                raise JobCancelled
            _add_event(self._resources, session, job, "progress", progress.model_dump(mode="json"))


def _columns(
    session: Session, dataset_id: str, configuration: TrainingConfiguration
) -> tuple[tables.Dataset, FeatureSchema, TrainingColumns]:
    dataset = datasets.get_dataset(session, dataset_id)
    schema = from_stored(FeatureSchema, dataset.feature_schema)
    columns = choose_columns(
        schema, configuration.target, configuration.inputs, configuration.positive_class, configuration.monotone
    )
    return dataset, schema, columns


def _new_job(resources: Resources, actor: Actor, request: TrainingJobRequest) -> tables.TrainingJob:
    return tables.TrainingJob(
        id=resources.new_id(),
        model=request.model,
        dataset_id=request.dataset_id,
        configuration=request.configuration.model_dump(mode="json"),
        message=request.message,
        state="queued",
        cancel_requested=False,
        version=None,
        error_code=None,
        error_detail=None,
        created_at=resources.clock(),
        started_at=None,
        finished_at=None,
        created_by=actor.id,
    )


def _start(resources: Resources, job_id: str) -> tuple[tables.TrainingJob, FeatureSchema, TrainingColumns, str] | None:
    with resources.database.write() as session:
        job = training_jobs.get_job(session, job_id, lock=True)
        if job.state in FINISHED_JOB_STATES:
            return None
        job.state = move_job(job.state, "running")
        job.started_at = job.started_at or resources.clock()
        _add_event(resources, session, job, "state", {"state": "running"})
        dataset, schema, columns = _columns(
            session, job.dataset_id, from_stored(TrainingConfiguration, job.configuration)
        )
        return job, schema, columns, dataset.digest


def _store_version(
    resources: Resources, requested: tables.TrainingJob, columns: TrainingColumns, trained: TrainedVersion
) -> JobState:
    """Store the version, unless somebody cancelled the job or another worker ended it meanwhile."""
    resources.artifacts.put(trained.artifact)
    moment = resources.clock()
    with resources.database.write() as session:
        models.get_model(session, requested.model, lock=True)
        job = training_jobs.get_job(session, requested.id, lock=True)
        if job.state in FINISHED_JOB_STATES:
            return job.state
        if job.cancel_requested:
            _finish(resources, session, job, "cancelled")
            return job.state
        dataset = datasets.get_dataset(session, job.dataset_id)
        artifacts.register(session, trained.digest, "network", len(trained.artifact), moment)
        job.version = models.next_version_number(session, job.model)
        models.add_version(session, _new_version(job, job.version, dataset, columns, trained, moment))
        _finish(resources, session, job, "succeeded")
        resources.record(
            session,
            None,
            "model_versions.created",
            f"models/{job.model}/versions/{job.version}",
            {"digest": trained.digest, "dataset": dataset.digest, "job": job.id, "by": job.created_by},
        )
        return job.state


def _new_version(
    job: tables.TrainingJob,
    number: int,
    dataset: tables.Dataset,
    columns: TrainingColumns,
    trained: TrainedVersion,
    moment: datetime,
) -> tables.ModelVersion:
    return tables.ModelVersion(
        model=job.model,
        number=number,
        state="candidate",
        digest=trained.digest,
        parent=None,
        dataset_id=dataset.id,
        dataset_digest=dataset.digest,
        training_job_id=job.id,
        configuration=job.configuration,
        columns=columns.model_dump(mode="json"),
        shape=list(trained.shape),
        active_edges=trained.active_edges,
        edges_before_pruning=trained.edges_before_pruning,
        metrics=[metric.model_dump(mode="json") for metric in trained.metrics],
        split=dict(trained.split),
        symbolification=trained.symbolification,
        history=[progress.model_dump(mode="json") for progress in trained.history],
        library_versions=dict(trained.library_versions),
        contributors=[job.created_by],
        message=job.message,
        created_at=moment,
        created_by=job.created_by,
    )


def _end(resources: Resources, job_id: str, state: Literal["failed", "cancelled"], error: JobError | None) -> JobState:
    with resources.database.write() as session:
        job = training_jobs.get_job(session, job_id, lock=True)
        if job.state in FINISHED_JOB_STATES:
            return job.state
        if error is not None:
            job.error_code, job.error_detail = error.code, error.detail
            details = {"code": error.code}
            resources.record(session, None, "training_jobs.failed", f"training-jobs/{job_id}", details)
        _finish(resources, session, job, state)
    return state


def _finish(resources: Resources, session: Session, job: tables.TrainingJob, state: JobState) -> None:
    job.state = move_job(job.state, state)
    job.finished_at = resources.clock()
    _add_event(resources, session, job, "state", {"state": state, "version": job.version})


def _add_event(
    resources: Resources,
    session: Session,
    job: tables.TrainingJob,
    kind: EventKind,
    data: dict[str, Any],
) -> None:
    seq = training_jobs.next_event_seq(session, job.id)
    training_jobs.add_event(
        session, tables.JobEvent(job_id=job.id, seq=seq, kind=kind, data=data, at=resources.clock())
    )


def _describe(session: Session, rows: Sequence[tables.TrainingJob]) -> list[TrainingJob]:
    progress = training_jobs.newest_progress(session, [row.id for row in rows])
    people = users.printed_names(session, [row.created_by for row in rows])
    return [
        TrainingJob(
            id=row.id,
            model=row.model,
            dataset_id=row.dataset_id,
            configuration=from_stored(TrainingConfiguration, row.configuration),
            message=row.message,
            state=row.state,
            cancel_requested=row.cancel_requested,
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
