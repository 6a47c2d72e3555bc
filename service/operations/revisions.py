"""Revisions: a developer changes a version; a job makes the version that follows."""

from dataclasses import dataclass

from service.domain.documents import from_stored
from service.domain.feature_schema import TrainingColumns
from service.domain.lifecycle import REVISED_STATES
from service.domain.permissions import Actor, require
from service.domain.revisions import PreviewRequest, RevisionPreview, RevisionRequest, revised_configuration
from service.domain.training_configuration import TrainingConfiguration
from service.errors import WrongState
from service.modelling.changes import require_possible
from service.modelling.revision_previews import preview
from service.operations import idempotency
from service.operations.resources import Resources
from service.operations.training_jobs import (
    TrainingJob,
    describe_jobs,
    described_job,
    new_job,
    queue_job,
    record_job,
    training_columns,
)
from service.storage import datasets, models, tables
from service.storage.database import Session


def create_revision(
    resources: Resources, actor: Actor, model: str, number: int, request: RevisionRequest, key: str | None = None
) -> TrainingJob:
    """Check changes against their version and queue them: row, event and queue entry in one transaction.

    Records: training_jobs.created; the job records revisions.created. Raises: NotFound, WrongState of a retired
    version, leaves of InvalidRevision and InvalidTraining, IdempotencyKeyReused, ArtifactCorrupted.
    """
    require(actor, "create_revision")
    parent = _parent(resources, model, number)
    require_possible(resources.registry.get(parent.digest).fitted, parent.columns, request.changes)
    with resources.database.write() as session:
        claim = idempotency.claim(resources, session, actor, key, f"create_revision {model} {number}", request)
        if claim.earlier:
            return described_job(session, claim.earlier[0])
        version = _revisable(session, model, number)
        configuration = revised_configuration(parent.configuration, request.changes)
        training_columns(session, version.dataset_id, configuration)
        job = new_job(
            resources,
            actor,
            model=model,
            dataset_id=version.dataset_id,
            configuration=configuration.model_dump(mode="json"),
            message=request.message,
            priority=0,
            kind="revise",
            parent=number,
            changes=[change.model_dump(mode="json") for change in request.changes],
        )
        queue_job(resources, session, job)
        claim.settle([job.id])
        record_job(resources, session, actor, job)
        return describe_jobs(session, [job])[0]


def preview_revision(
    resources: Resources, actor: Actor, model: str, number: int, request: PreviewRequest
) -> RevisionPreview:
    """What changes would do, by a short refit on some rows; nothing is kept.

    Raises: NotFound, WrongState of a retired version, leaves of InvalidRevision, TrainingFailed, ArtifactCorrupted.
    """
    require(actor, "preview_revision")
    parent = _parent(resources, model, number)
    return preview(
        resources.artifacts.read(parent.parquet_digest),
        parent.columns,
        parent.configuration,
        resources.registry.get(parent.digest),
        request.changes,
    )


@dataclass(frozen=True)
class _Parent:
    digest: str
    parquet_digest: str
    columns: TrainingColumns
    configuration: TrainingConfiguration


def _parent(resources: Resources, model: str, number: int) -> _Parent:
    with resources.database.read() as session:
        version = _revisable(session, model, number)
        return _Parent(
            version.digest,
            datasets.get_dataset(session, version.dataset_id).digest,
            from_stored(TrainingColumns, version.columns),
            from_stored(TrainingConfiguration, version.configuration),
        )


def _revisable(session: Session, model: str, number: int) -> tables.ModelVersion:
    version = models.get_version(session, model, number)
    if version.state not in REVISED_STATES:
        raise WrongState("version", version.state, tuple(sorted(REVISED_STATES)))
    return version
