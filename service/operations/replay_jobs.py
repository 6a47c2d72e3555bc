"""Bulk replay as a job: the decision records of a model that a filter finds, computed again by a worker."""

from collections.abc import Callable
from typing import Any

from pydantic import Field

from service.domain.documents import Document, from_stored
from service.domain.lifecycle import FINISHED_JOB_STATES
from service.domain.permissions import Actor, require
from service.domain.predictions import PredictionSearch, ReplayRequest
from service.domain.training_configuration import Progress
from service.errors import NotFound, WrongState
from service.operations import idempotency
from service.operations.prediction_exports import recorded_search
from service.operations.replays import Replays, compute_replays
from service.operations.resources import Resources
from service.operations.training_jobs import TrainingJob, described_job, new_job, queue_job, stop_job
from service.storage import models, predictions, replay_jobs, tables, training_jobs
from service.storage.database import Session

#: More ids of different records are counted, not listed.
MOST_IDS = 1_000


class ReplayResult(Document):
    """What came out of a job that succeeded."""

    replayed: int
    identical: int
    different: int
    different_ids: tuple[str, ...] = Field(description=f"The first {MOST_IDS:,} records that do not come out again.")


class ReplayJob(Document):
    """A bulk replay as it is shown."""

    job: TrainingJob
    search: PredictionSearch
    result: ReplayResult | None


def create_replay_job(
    resources: Resources, actor: Actor, model: str, request: ReplayRequest, key: str | None = None
) -> ReplayJob:
    """Queue the replay of the records of a model that are meant.

    Records: replay_jobs.created. Raises: NotFound of a model without versions, IdempotencyKeyReused.
    """
    require(actor, "create_replay_job")
    wanted = PredictionSearch(model=model, **request.model_dump())
    with resources.database.write() as session:
        claim = idempotency.claim(resources, session, actor, key, "create_replay_job", wanted)
        if claim.earlier:
            return _described(session, claim.earlier[0])
        models.get_model(session, model)
        versions = models.versions_of(session, model)
        if not versions:
            raise NotFound("version", f"{model} 1")
        job = new_job(
            resources,
            actor,
            model=model,
            dataset_id=versions[-1].dataset_id,
            configuration=versions[-1].configuration,
            message="Replay of decision records",
            priority=0,
            kind="replay",
        )
        queue_job(resources, session, job)
        asked = wanted.model_dump(mode="json", exclude_none=True)
        row = tables.ReplayJob(job_id=job.id, search=asked, replayed=None, different=None, different_ids=None)
        replay_jobs.add_replay_job(session, row)
        claim.settle([job.id])
        details = {"search": recorded_search(session, wanted)}
        resources.record(session, actor, "replay_jobs.created", f"training-jobs/{job.id}", details)
        return _described(session, job.id)


def get_replay_job(resources: Resources, actor: Actor, job_id: str) -> ReplayJob:
    """One job. Raises: NotFound."""
    require(actor, "get_replay_job")
    with resources.database.read() as session:
        return _described(session, job_id)


def cancel_replay_job(resources: Resources, actor: Actor, job_id: str) -> ReplayJob:
    """Ask a job to stop. Records: replay_jobs.cancelled. Raises: NotFound, WrongState when it has ended already."""
    require(actor, "cancel_replay_job")
    with resources.database.write() as session:
        replay_jobs.get_replay_job(session, job_id)
        job = training_jobs.get_job(session, job_id, lock=True)
        if job.state in FINISHED_JOB_STATES:
            raise WrongState("replay job", job.state, ("queued", "running"))
        stop_job(resources, session, job)
        resources.record(session, actor, "replay_jobs.cancelled", f"training-jobs/{job_id}")
        return _described(session, job_id)


def perform_replays(resources: Resources, job_id: str, report: Callable[[Progress], None]) -> Replays:
    """Replay what a job asks for; an attempt that follows another one begins anew.

    Raises: as compute_replays, and what `report` raises.
    """
    with resources.database.read() as session:
        search = from_stored(PredictionSearch, replay_jobs.get_replay_job(session, job_id).search)
        total = predictions.count(session, search)

    def tell(done: int) -> None:
        report(Progress(stage="replay", step=done, steps=max(total, done)))

    tell(0)
    return compute_replays(resources, search, tell)


def set_result(session: Session, job_id: str, found: Replays) -> dict[str, Any]:
    """Say what came out of a job; what the audit trail says of it."""
    row = replay_jobs.get_replay_job(session, job_id)
    row.replayed, row.different = found.replayed, len(found.different)
    row.different_ids = list(found.different[:MOST_IDS])
    session.flush()
    return {"replayed": row.replayed, "different": row.different, "different_ids": row.different_ids}


def _described(session: Session, job_id: str) -> ReplayJob:
    row = replay_jobs.get_replay_job(session, job_id)
    result = None
    if row.replayed is not None:
        different = row.different or 0
        result = ReplayResult(
            replayed=row.replayed,
            identical=row.replayed - different,
            different=different,
            different_ids=tuple(row.different_ids or ()),
        )
    search = from_stored(PredictionSearch, row.search)
    return ReplayJob(job=described_job(session, job_id), search=search, result=result)
