"""Revisions of a version, and versions beside each other."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from service.api.dependencies import Caller, IdempotencyKey, Injected, ModelName, VersionNumber
from service.domain.comparisons import Lineage, VersionComparison
from service.domain.revisions import PreviewRequest, RevisionPreview, RevisionRequest
from service.operations import comparisons, revisions
from service.operations.training_jobs import TrainingJob

router = APIRouter(tags=["revisions"], prefix="/models/{model}")


@router.post("/versions/{number}/revisions", status_code=202)
def create_revision(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    number: VersionNumber,
    request: RevisionRequest,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> TrainingJob:
    """Queue changes of a version; a worker makes the version that follows."""
    job = revisions.create_revision(resources, actor, model, number, request, idempotency_key)
    response.headers["Location"] = f"/api/v1/training-jobs/{job.id}"
    return job


@router.post("/versions/{number}/revision-preview")
def preview_revision(
    resources: Injected, actor: Caller, model: ModelName, number: VersionNumber, request: PreviewRequest
) -> RevisionPreview:
    """What changes would do, by a short refit on some of the rows; nothing is kept."""
    return revisions.preview_revision(resources, actor, model, number, request)


@router.get("/versions/{number}/compare/{other}")
def compare_versions(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    number: VersionNumber,
    other: Annotated[int, Path(ge=1, le=2**31 - 1)],
) -> VersionComparison:
    """What differs between two versions: settings, measures, edges, answers."""
    return comparisons.compare_versions(resources, actor, model, number, other)


@router.get("/lineage")
def get_lineage(resources: Injected, actor: Caller, model: ModelName) -> Lineage:
    """All versions of a model and which came from which."""
    return comparisons.get_lineage(resources, actor, model)
