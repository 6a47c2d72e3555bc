"""Replay jobs: decision records computed again by a worker, and compared bit by bit."""

from fastapi import APIRouter, Response

from service.api.dependencies import Caller, IdempotencyKey, Identifier, Injected, ModelName
from service.domain.predictions import ReplayRequest
from service.operations import replay_jobs
from service.operations.replay_jobs import ReplayJob

router = APIRouter(tags=["replay jobs"])


@router.post("/models/{model}/replay-jobs", status_code=202)
def create_replay_job(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    request: ReplayRequest,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> ReplayJob:
    """Queue the replay of all decision records of a model, or of those by version, caller, outcome and time."""
    found = replay_jobs.create_replay_job(resources, actor, model, request, idempotency_key)
    response.headers["Location"] = f"/api/v1/replay-jobs/{found.job.id}"
    return found


@router.get("/replay-jobs/{job_id}")
def get_replay_job(resources: Injected, actor: Caller, job_id: Identifier) -> ReplayJob:
    """One job with its progress, how many records came out identical, and which did not."""
    return replay_jobs.get_replay_job(resources, actor, job_id)


@router.post("/replay-jobs/{job_id}/cancel")
def cancel_replay_job(resources: Injected, actor: Caller, job_id: Identifier) -> ReplayJob:
    """Stop a replay job."""
    return replay_jobs.cancel_replay_job(resources, actor, job_id)
