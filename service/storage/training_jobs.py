"""Training jobs and their progress streams."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select

from service.domain.lifecycle import JobKind, JobState
from service.domain.pages import PageRequest
from service.errors import NotFound
from service.storage import tables
from service.storage.database import Session
from service.storage.pages import Rows, select_page


def add_job(session: Session, job: tables.TrainingJob) -> None:
    """Store a new job."""
    session.add(job)
    session.flush()


def get_job(session: Session, job_id: str, *, lock: bool = False) -> tables.TrainingJob:
    """The job; raises NotFound. `lock` holds it until the transaction ends."""
    job = session.get(tables.TrainingJob, job_id, with_for_update=lock)
    if job is None:
        raise NotFound("training job", job_id)
    return job


def ids_in(session: Session, job_ids: Sequence[str], states: Collection[JobState]) -> Sequence[str]:
    """Those of some jobs that are in one of these states."""
    wanted = tables.TrainingJob.id.in_(job_ids), tables.TrainingJob.state.in_(states)
    return session.scalars(select(tables.TrainingJob.id).where(*wanted)).all()


def page(session: Session, model: str | None, request: PageRequest) -> Rows[tables.TrainingJob]:
    """Jobs, newest first; of one model when it is named."""
    query = select(tables.TrainingJob)
    if model is not None:
        query = query.where(tables.TrainingJob.model == model)
    return select_page(session, query, tables.TrainingJob.id, request)


def add_event(session: Session, event: tables.JobEvent) -> None:
    """Append an event whose `seq` was taken while the job's row was locked."""
    session.add(event)
    session.flush()


def next_event_seq(session: Session, job_id: str) -> int:
    """The position after the newest event; call it while the job's row is locked."""
    newest = session.scalar(select(func.max(tables.JobEvent.seq)).where(tables.JobEvent.job_id == job_id))
    return (newest or 0) + 1


def events_after(session: Session, job_id: str, seq: int) -> Sequence[tables.JobEvent]:
    """Events after a position, in order."""
    query = select(tables.JobEvent).where(tables.JobEvent.job_id == job_id, tables.JobEvent.seq > seq)
    return session.scalars(query.order_by(tables.JobEvent.seq)).all()


def newest_progress(session: Session, job_ids: Sequence[str]) -> dict[str, tables.JobEvent]:
    """The latest progress event of each job that has one."""
    newest = (
        select(tables.JobEvent.job_id, func.max(tables.JobEvent.seq).label("seq"))
        .where(tables.JobEvent.job_id.in_(job_ids), tables.JobEvent.kind == "progress")
        .group_by(tables.JobEvent.job_id)
        .subquery()
    )
    query = select(tables.JobEvent).join(
        newest, (tables.JobEvent.job_id == newest.c.job_id) & (tables.JobEvent.seq == newest.c.seq)
    )
    return {event.job_id: event for event in session.scalars(query)}


def counts_by_state(session: Session, states: Sequence[JobState]) -> dict[tuple[JobKind, JobState], int]:
    """How many jobs of each kind are in each of these states."""
    query = (
        select(tables.TrainingJob.kind, tables.TrainingJob.state, func.count())
        .where(tables.TrainingJob.state.in_(states))
        .group_by(tables.TrainingJob.kind, tables.TrainingJob.state)
    )
    return {(kind, state): count for kind, state, count in session.execute(query).all()}
