"""Scoring jobs: a whole table answered by a version in a worker, with progress, and a file to fetch.

The rows are no decision records: the audit trail names the digests of the table, the version and the result, and the
same three give the same bytes again.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import Field

from service.domain.canonical import timestamp
from service.domain.documents import Document, Identifier
from service.domain.lifecycle import FINISHED_JOB_STATES
from service.domain.permissions import Actor, require
from service.domain.predictions import Explain, PredictionRequest
from service.domain.training_configuration import Progress
from service.errors import FieldError, InvalidRequest, NotFound, ScoresErased, WrongState
from service.modelling.arrow_streams import arrow_stream
from service.modelling.scoring import Scoring, score_table
from service.modelling.scoring_sources import most_rows, open_source, require_columns
from service.operations import explanations, idempotency
from service.operations.rate_limits import spend_rows
from service.operations.resources import Resources
from service.operations.training_jobs import TrainingJob, describe_jobs, new_job, queue_job, stop_job
from service.operations.versions import require_usable
from service.storage import datasets, models, scoring_jobs, tables, training_jobs
from service.storage.database import Session

ResultFormat = Literal["parquet", "arrow"]
RESULT_MEDIA_TYPES: dict[ResultFormat, str] = {
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}


class ScoringJobRequest(Document):
    """What to score besides an uploaded file: a dataset, or null where a file comes with the request."""

    dataset_id: Identifier | None = None
    version: int | None = Field(None, ge=1, le=2**31 - 1, description="The champion where none is named.")
    explain: Explain = "features"


class ScoringResult(Document):
    """What came out of a job that succeeded."""

    digest: str
    bytes: int
    rows: int
    refused: int = Field(description="Rows that could not be answered; their column `error` says why.")
    erased_at: str | None = Field(description="When the file was erased; its digest stays.")


class ScoringJob(Document):
    """A scoring job as it is shown."""

    job: TrainingJob
    version: int
    explain: Explain
    source_digest: str
    result: ScoringResult | None


@dataclass(frozen=True)
class ResultFile:
    """A result to send: a file as it is, or parts of a stream; whoever has sent it closes it."""

    name: str
    media_type: str
    content: Path | Iterator[bytes]
    close: Callable[[], None]


@dataclass(frozen=True)
class ComputedScores:
    """A result that is stored and not yet known to anybody."""

    digest: str
    size: int
    rows: int
    refused: int


def create_scoring_job(
    resources: Resources,
    actor: Actor,
    model: str,
    request: ScoringJobRequest,
    file: BinaryIO | None,
    key: str | None = None,
) -> ScoringJob:
    """Queue the scoring of a dataset or of an uploaded CSV or Parquet file.

    Records: scoring_jobs.created. Raises: NotFound, NoChampion, VersionNotApproved, ApprovalExpired, UnknownColumn,
    ScoringColumnRefused, InvalidRequest unless there is a dataset or a file, QuotaSpent, IdempotencyKeyReused.
    """
    require(actor, "create_scoring_job")
    if (file is None) == (request.dataset_id is None):
        raise InvalidRequest(FieldError("/file", "Send either a file or a 'dataset_id'."))
    with resources.database.read() as session:
        version = require_usable(resources, _version(session, model, request.version))
    source, rows = _stored_source(resources, version, request.dataset_id, file)
    spend_rows(resources, actor, rows)
    with resources.database.write() as session:
        operation = f"scoring_jobs/{model}/{source}"
        claim = idempotency.claim(resources, session, actor, key, operation, request)
        if claim.earlier:
            return _described(session, claim.earlier[0])
        job = new_job(
            resources,
            actor,
            model=model,
            dataset_id=request.dataset_id or version.dataset_id,
            configuration=version.configuration,
            message=f"Scores of version {version.number}",
            priority=0,
            kind="score",
        )
        queue_job(resources, session, job)
        scoring_jobs.add_scoring_job(session, _new_row(job.id, version, source, request))
        claim.settle([job.id])
        details = {"digest": version.digest, "source": source, **request.model_dump(mode="json")}
        resources.record(session, actor, "scoring_jobs.created", f"training-jobs/{job.id}", details)
        return _described(session, job.id)


def get_scoring_job(resources: Resources, actor: Actor, job_id: str) -> ScoringJob:
    """One job; a client sees its own only. Raises: NotFound."""
    require(actor, "get_scoring_job")
    with resources.database.read() as session:
        _require_visible(session, actor, job_id)
        return _described(session, job_id)


def get_scoring_result(resources: Resources, actor: Actor, job_id: str, format: ResultFormat) -> ResultFile:
    """The file of a job that succeeded. Raises: NotFound, WrongState before that, ScoresErased, ArtifactCorrupted."""
    require(actor, "get_scoring_result")
    with resources.database.read() as session:
        job = _require_visible(session, actor, job_id)
        row = scoring_jobs.get_scoring_job(session, job_id)
    digest = row.result_digest
    if digest is not None and row.erased_at is not None:
        raise ScoresErased(job_id, row.erased_at)
    if digest is None:
        raise WrongState("scoring job", job.state, ("succeeded",))
    name = f"{job.model}-scores-{job_id}.{format}"
    with ExitStack() as opened:
        path = opened.enter_context(resources.artifacts.verified_file(digest))
        content = path if format == "parquet" else arrow_stream(path)
        return ResultFile(name, RESULT_MEDIA_TYPES[format], content, opened.pop_all().close)


def cancel_scoring_job(resources: Resources, actor: Actor, job_id: str) -> ScoringJob:
    """Ask a job to stop; a client stops its own only.

    Records: scoring_jobs.cancelled. Raises: NotFound, WrongState when it has ended already.
    """
    require(actor, "cancel_scoring_job")
    with resources.database.write() as session:
        scoring_jobs.get_scoring_job(session, job_id)
        job = training_jobs.get_job(session, job_id, lock=True)
        _require_visible(session, actor, job_id)
        if job.state in FINISHED_JOB_STATES:
            raise WrongState("scoring job", job.state, ("queued", "running"))
        stop_job(resources, session, job)
        resources.record(session, actor, "scoring_jobs.cancelled", f"training-jobs/{job_id}")
        return _described(session, job_id)


def compute_scores(
    resources: Resources, job_id: str, attempt: int, report: Callable[[Progress], None]
) -> ComputedScores:
    """Compute what a job asks for and store the file, going on from the blocks that an earlier attempt has kept.

    Raises: VersionNotApproved, ApprovalExpired, ArtifactCorrupted, IdentityViolated, leaves of InvalidDataset,
    StorageFull, and what `report` raises.
    """
    with resources.database.read() as session:
        asked = scoring_jobs.get_scoring_job(session, job_id)
        version = require_usable(resources, models.get_version(session, asked.model, asked.version))
    model = resources.registry.get(version.digest)
    # As of a request that names no reference: the version's default one.
    asked_for = explanations.Asked.of(PredictionRequest(rows=({},), explain=asked.explain))
    basis = explanations.basis_of_request(resources, model, version, asked_for)
    settings = resources.settings
    artifacts = resources.artifacts
    with artifacts.workspace() as directory, artifacts.verified_file(asked.source_digest) as path:
        source = open_source(path, directory, model.fitted.features, settings.maximum_columns)
        scored = score_table(
            Scoring(model, basis, asked.explain),
            source,
            resources.checkpoints.of_job(job_id, attempt),
            directory / "scores.parquet",
            report,
            settings.scoring_threads or os.cpu_count() or 1,
        )
        size = scored.path.stat().st_size
        return ComputedScores(resources.artifacts.put_file(scored.path), size, scored.rows, scored.refused)


def _stored_source(
    resources: Resources, version: tables.ModelVersion, dataset_id: str | None, file: BinaryIO | None
) -> tuple[str, int]:
    """The digest of the table, which is among the artifacts, and how many rows it may have.

    Raises: NotFound, leaves of InvalidDataset.
    """
    features = resources.registry.get(version.digest).fitted.features
    maximum_columns = resources.settings.maximum_columns
    if file is None:
        with resources.database.read() as session:
            digest = datasets.get_dataset(session, dataset_id or "").digest
        with resources.artifacts.verified_file(digest) as path:
            with path.open("rb") as stored:
                require_columns(stored, features, maximum_columns)
            return digest, most_rows(path)
    require_columns(file, features, maximum_columns)
    with resources.artifacts.workspace() as directory:
        path = directory / "upload"
        file.seek(0)
        with path.open("wb") as copy:
            shutil.copyfileobj(file, copy)
        rows = most_rows(path)
        return resources.artifacts.put_file(path), rows


def _version(session: Session, model: str, number: int | None) -> tables.ModelVersion:
    if number is not None:
        return models.get_version(session, model, number)
    return models.get_champion(session, model)


def _new_row(job_id: str, version: tables.ModelVersion, source: str, request: ScoringJobRequest) -> tables.ScoringJob:
    return tables.ScoringJob(
        job_id=job_id,
        model=version.model,
        version=version.number,
        source_digest=source,
        explain=request.explain,
        rows=None,
        refused=None,
        result_digest=None,
        result_bytes=None,
        erased_at=None,
    )


def _require_visible(session: Session, actor: Actor, job_id: str) -> tables.TrainingJob:
    scoring_jobs.get_scoring_job(session, job_id)
    job = training_jobs.get_job(session, job_id)
    if actor.roles == {"client"} and job.created_by != actor.id:
        raise NotFound("scoring job", job_id)
    return job


def _described(session: Session, job_id: str) -> ScoringJob:
    row = scoring_jobs.get_scoring_job(session, job_id)
    result = None
    if row.result_digest is not None:
        result = ScoringResult(
            digest=row.result_digest,
            bytes=row.result_bytes or 0,
            rows=row.rows or 0,
            refused=row.refused or 0,
            erased_at=timestamp(row.erased_at) if row.erased_at else None,
        )
    return ScoringJob(
        job=describe_jobs(session, [training_jobs.get_job(session, job_id)])[0],
        version=row.version,
        explain=row.explain,
        source_digest=row.source_digest,
        result=result,
    )
