"""What a worker does with a training job: begin an attempt, train, store the version, or say why there is none.

An attempt has a number. Who was taken for dead and comes back holds an old one: it writes nothing any more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from service.domain.canonical import digest_of_json
from service.domain.challengers import ChallengerReport
from service.domain.documents import from_stored
from service.domain.feature_schema import FeatureSchema, TrainingColumns
from service.domain.lifecycle import FINISHED_JOB_STATES, EndedJobState, JobState, move_job
from service.domain.revisions import read_changes
from service.domain.traces import Span
from service.domain.training_configuration import Progress, TrainingConfiguration
from service.errors import (
    ArtifactCorrupted,
    EdgewiseError,
    JobBroke,
    JobCancelled,
    JobTakenOver,
    Unavailable,
    WorkerLost,
)
from service.modelling.revisions import revise
from service.modelling.trained_versions import TrainedVersion
from service.modelling.training import train
from service.operations.challengers import compare_with_challengers
from service.operations.damages import note_damage
from service.operations.replay_jobs import perform_replays, set_result
from service.operations.replays import Replays
from service.operations.resources import Resources
from service.operations.scoring_jobs import ComputedScores, compute_scores
from service.operations.training_jobs import add_event, finish, training_columns
from service.operations.versions import require_usable
from service.storage import artifacts, challengers, datasets, models, revisions, scoring_jobs, tables, training_jobs
from service.storage.database import Session

#: A job whose process died this often is not tried again.
MAXIMUM_CRASHES = 3
#: So often a job may be begun in all, hosts that were lost included.
MAXIMUM_ATTEMPTS = 50
PROGRESS_SECONDS = 0.5


def begin_attempt(resources: Resources, job_id: str, worker: str) -> int | None:
    """Take a job for a worker and return the number of the attempt, None where the job has ended.

    Records: training_jobs.failed for a job that was begun too often.
    """
    with resources.database.write() as session:
        job = training_jobs.get_job(session, job_id, lock=True)
        if job.state in FINISHED_JOB_STATES:
            return None
        if job.cancel_requested:
            finish(resources, session, job, "cancelled")
            return None
        if job.attempt >= MAXIMUM_ATTEMPTS:
            _fail(resources, session, job, WorkerLost(job.attempt))
            return None
        job.attempt += 1
        job.worker = worker
        job.state = move_job(job.state, "running")
        job.started_at = job.started_at or resources.clock()
        add_event(resources, session, job, "state", {"state": "running", "attempt": job.attempt})
        return job.attempt


def run_attempt(resources: Resources, job_id: str, attempt: int) -> JobState:
    """Do what the job asks for; safe to repeat, and goes on from what earlier attempts have kept.

    Records: model_versions.created and, for a revision, revisions.created; or challengers.measured; or
    scoring_jobs.scored; or predictions.replayed_in_bulk; or training_jobs.failed with the reason. Raises: a leaf of
    Unavailable, where none can be recorded now.
    """
    try:
        with resources.tracer.span("job", {"edgewise.job": job_id, "edgewise.attempt": attempt}) as span:
            state = _perform(resources, job_id, attempt, span)
    except JobTakenOver:
        return get_job_state(resources, job_id)
    except JobCancelled:
        return end_training_job(resources, job_id, "cancelled")
    except Unavailable:
        raise
    except EdgewiseError as error:
        if isinstance(error, ArtifactCorrupted):
            note_damage(resources, error)
        return end_training_job(resources, job_id, "failed", error, attempt)
    resources.checkpoints.of_job(job_id).remove()
    return state


def _perform(resources: Resources, job_id: str, attempt: int, span: Span) -> JobState:
    with resources.database.read() as session:
        kind = training_jobs.get_job(session, job_id).kind
    span.note({"edgewise.kind": kind}, f"job {kind}")
    report = _ProgressReport(resources, job_id, attempt)
    if kind == "challenge":
        compared = compare_with_challengers(resources, job_id, report)
        return _store(resources, job_id, attempt, partial(_put_report, resources, compared))
    if kind == "score":
        scores = compute_scores(resources, job_id, attempt, report)
        return _store(resources, job_id, attempt, partial(_put_scores, resources, scores))
    if kind == "replay":
        replays = perform_replays(resources, job_id, report)
        return _store(resources, job_id, attempt, partial(_put_replays, resources, replays))
    work = _work(resources, job_id, attempt)
    return _store_version(resources, work, _compute(resources, work, report), attempt)


def run_training_job(resources: Resources, job_id: str, worker: str = "") -> JobState:
    """Begin an attempt and run it in this process."""
    attempt = begin_attempt(resources, job_id, worker)
    return get_job_state(resources, job_id) if attempt is None else run_attempt(resources, job_id, attempt)


def note_crash(resources: Resources, job_id: str, attempt: int, error: EdgewiseError) -> JobState:
    """Note that the process of an attempt died; the third time fails the job.

    Records: training_jobs.failed.
    """
    with resources.database.write() as session:
        job = training_jobs.get_job(session, job_id, lock=True)
        if job.state in FINISHED_JOB_STATES or job.attempt != attempt:
            return job.state
        job.crashes += 1
        if job.crashes < MAXIMUM_CRASHES:
            return job.state
        _fail(resources, session, job, error)
    resources.checkpoints.of_job(job_id).remove()
    return job.state


def end_training_job(
    resources: Resources,
    job_id: str,
    state: EndedJobState,
    error: EdgewiseError | None = None,
    attempt: int | None = None,
) -> JobState:
    """End a job without a version, unless it has ended or another attempt has begun. Records: training_jobs.failed."""
    with resources.database.write() as session:
        job = training_jobs.get_job(session, job_id, lock=True)
        if job.state in FINISHED_JOB_STATES or attempt not in (None, job.attempt):
            return job.state
        if error is not None:
            _fail(resources, session, job, error)
        else:
            finish(resources, session, job, state)
    resources.checkpoints.of_job(job_id).remove()
    return job.state


def end_with_unforeseen_error(resources: Resources, job_id: str, attempt: int, kind: str) -> JobState:
    """End a job that broke in a way nobody foresaw. Records: training_jobs.failed."""
    return end_training_job(resources, job_id, "failed", JobBroke(kind), attempt)


def get_job_state(resources: Resources, job_id: str) -> JobState:
    """The state of a job. Raises: NotFound."""
    with resources.database.read() as session:
        return training_jobs.get_job(session, job_id).state


def cancel_is_requested(resources: Resources, job_id: str) -> bool:
    """Whether somebody wants a job to stop. Raises: NotFound."""
    with resources.database.read() as session:
        return training_jobs.get_job(session, job_id).cancel_requested


class _ProgressReport:
    """Writes progress at most twice a second, and stops the training once it is cancelled or taken over."""

    def __init__(self, resources: Resources, job_id: str, attempt: int) -> None:
        self._resources = resources
        self._job_id = job_id
        self._attempt = attempt
        self._last: tuple[str, float] = ("", 0.0)

    def __call__(self, progress: Progress) -> None:
        moment = self._resources.clock()
        stage, written = self._last
        elapsed = abs(moment.timestamp() - written)  # clocks can be set back
        if progress.stage == stage and elapsed < PROGRESS_SECONDS and progress.step < progress.steps:
            return
        self._last = (progress.stage, moment.timestamp())
        with self._resources.database.write() as session:
            job = training_jobs.get_job(session, self._job_id, lock=True)
            _require_attempt(job, self._attempt)
            if job.cancel_requested:
                raise JobCancelled
            add_event(self._resources, session, job, "progress", progress.model_dump(mode="json"))


def _require_attempt(job: tables.TrainingJob, attempt: int) -> None:
    """Raise JobTakenOver where the job has ended or another attempt has begun."""
    if job.attempt != attempt or job.state in FINISHED_JOB_STATES:
        raise JobTakenOver(job.id, attempt)


@dataclass(frozen=True)
class _Work:
    """What an attempt needs; `parent_digest` is there where a version is revised."""

    job: tables.TrainingJob
    attempt: int
    schema: FeatureSchema
    columns: TrainingColumns
    parquet_digest: str
    parent_digest: str | None


def _work(resources: Resources, job_id: str, attempt: int) -> _Work:
    with resources.database.read() as session:
        job = training_jobs.get_job(session, job_id)
        _require_attempt(job, attempt)
        dataset, schema, columns = training_columns(
            session, job.dataset_id, from_stored(TrainingConfiguration, job.configuration)
        )
        parent = None if job.parent is None else models.get_version(session, job.model, job.parent).digest
        return _Work(job, attempt, schema, columns, dataset.digest, parent)


def _compute(resources: Resources, work: _Work, report: Callable[[Progress], None]) -> TrainedVersion:
    """Train anew, or make the changes of the parent."""
    job, parquet = work.job, resources.artifacts.read(work.parquet_digest)
    configuration = from_stored(TrainingConfiguration, job.configuration)
    if work.parent_digest is None:
        files = resources.checkpoints.of_job(job.id, work.attempt)
        return train(parquet, work.schema, work.columns, configuration, report, files)
    parent = resources.registry.get(work.parent_digest)
    return revise(parquet, work.columns, configuration, parent, read_changes(job.changes or []), report)


def _store_version(resources: Resources, work: _Work, trained: TrainedVersion, attempt: int) -> JobState:
    """Store the version, unless somebody cancelled the job or another worker took it over meanwhile."""
    resources.artifacts.put(trained.artifact)
    moment = resources.clock()
    with resources.database.write() as session:
        models.get_model(session, work.job.model, lock=True)
        job = training_jobs.get_job(session, work.job.id, lock=True)
        _require_attempt(job, attempt)
        if job.cancel_requested:
            finish(resources, session, job, "cancelled")
            return job.state
        dataset = datasets.get_dataset(session, job.dataset_id)
        artifacts.register(session, trained.digest, "network", len(trained.artifact), moment)
        job.version = models.next_version_number(session, job.model)
        models.add_version(session, _new_version(job, job.version, dataset, work.columns, trained, moment))
        if work.parent_digest is not None:
            _store_revision(resources, session, job, work.parent_digest, trained.digest, moment)
        finish(resources, session, job, "succeeded")
        resources.record(
            session,
            None,
            "model_versions.created",
            f"models/{job.model}/versions/{job.version}",
            {"digest": trained.digest, "dataset": dataset.digest, "job": job.id, "by": job.created_by},
        )
        return job.state


def _store_revision(
    resources: Resources, session: Session, job: tables.TrainingJob, parent_digest: str, digest: str, moment: datetime
) -> None:
    """Store how the version of a job came about, whose row is there. Records: revisions.created."""
    assert job.version is not None  # numbered a moment ago  # noqa: S101
    assert job.parent is not None  # a job that revises has one, which the database demands  # noqa: S101
    row = tables.Revision(
        model=job.model,
        version=job.version,
        parent=job.parent,
        changes=job.changes or [],
        parent_digest=parent_digest,
        digest=digest,
        created_at=moment,
        created_by=job.created_by,
    )
    revisions.add_revision(session, row)
    subject = f"models/{job.model}/versions/{job.version}"
    details = {"parent": job.parent, "parent_digest": parent_digest, "digest": digest, "changes": row.changes}
    resources.record(session, None, "revisions.created", subject, {**details, "by": job.created_by})


def _store(
    resources: Resources, job_id: str, attempt: int, put: Callable[[Session, tables.TrainingJob], None]
) -> JobState:
    """Let `put` store what came out, unless somebody cancelled the job or another worker took it over meanwhile."""
    with resources.database.write() as session:
        job = training_jobs.get_job(session, job_id, lock=True)
        _require_attempt(job, attempt)
        if job.cancel_requested:
            finish(resources, session, job, "cancelled")
        else:
            put(session, job)
        return job.state


def _put_report(resources: Resources, found: ChallengerReport, session: Session, job: tables.TrainingJob) -> None:
    challengers.set_report(session, job.id, found)
    finish(resources, session, job, "succeeded")
    details = {"report": digest_of_json(found.model_dump(mode="json")), "verdict": found.verdict}
    resources.record(session, None, "challengers.measured", f"training-jobs/{job.id}", details)


def _put_scores(resources: Resources, found: ComputedScores, session: Session, job: tables.TrainingJob) -> None:
    """Say what came out, unless somebody suspended the version meanwhile."""
    row = scoring_jobs.get_scoring_job(session, job.id)
    require_usable(resources, models.get_version(session, row.model, row.version, lock=True))
    row.rows, row.refused = found.rows, found.refused
    row.result_digest, row.result_bytes = found.digest, found.size
    finish(resources, session, job, "succeeded")
    details = {"result": found.digest, "rows": found.rows, "refused": found.refused, "source": row.source_digest}
    resources.record(session, None, "scoring_jobs.scored", f"training-jobs/{job.id}", details)


def _put_replays(resources: Resources, found: Replays, session: Session, job: tables.TrainingJob) -> None:
    details = set_result(session, job.id, found)
    finish(resources, session, job, "succeeded")
    resources.record(session, None, "predictions.replayed_in_bulk", f"training-jobs/{job.id}", details)


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
        parent=job.parent,
        dataset_id=dataset.id,
        dataset_digest=dataset.digest,
        training_job_id=job.id,
        configuration=job.configuration,
        columns=columns.model_dump(mode="json"),
        shape=list(trained.shape),
        active_edges=trained.active_edges,
        edges_before_pruning=trained.edges_before_pruning,
        complexity=trained.complexity,
        metrics=[metric.model_dump(mode="json") for metric in trained.metrics],
        calibration=None
        if trained.calibration is None
        else [one.model_dump(mode="json") for one in trained.calibration],
        split=dict(trained.split),
        symbolification=trained.symbolification,
        history=[progress.model_dump(mode="json") for progress in trained.history],
        library_versions=dict(trained.library_versions),
        contributors=[job.created_by],
        message=job.message,
        default_reference=None,
        default_reference_revision=None,
        conditions=None,
        expires_at=None,
        maximum_rows=None,
        retirement_reason=None,
        created_at=moment,
        created_by=job.created_by,
    )


def _fail(resources: Resources, session: Session, job: tables.TrainingJob, error: EdgewiseError) -> None:
    job.error_code, job.error_detail = error.code, error.message
    resources.record(session, None, "training_jobs.failed", f"training-jobs/{job.id}", {"code": error.code})
    finish(resources, session, job, "failed")
