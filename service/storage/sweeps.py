"""Sweeps and the jobs that are their candidates."""

from collections import Counter
from collections.abc import Collection, Sequence

from sqlalchemy import func, select

from service.domain.lifecycle import JobState
from service.domain.pages import PageRequest
from service.errors import NotFound
from service.storage import tables
from service.storage.database import Session
from service.storage.pages import Rows, select_page


def add_sweep(session: Session, sweep: tables.Sweep, job_ids: Sequence[str]) -> None:
    """Store a new sweep with its jobs, which are stored already, in the order of their combinations."""
    session.add(sweep)
    session.flush()
    session.add_all(
        tables.SweepCandidate(sweep_id=sweep.id, position=position, job_id=job_id)
        for position, job_id in enumerate(job_ids)
    )
    session.flush()


def get_sweep(session: Session, sweep_id: str) -> tables.Sweep:
    """The sweep; raises NotFound."""
    sweep = session.get(tables.Sweep, sweep_id)
    if sweep is None:
        raise NotFound("sweep", sweep_id)
    return sweep


def page(session: Session, model: str | None, request: PageRequest) -> Rows[tables.Sweep]:
    """Sweeps, newest first; of one model when it is named."""
    query = select(tables.Sweep)
    if model is not None:
        query = query.where(tables.Sweep.model == model)
    return select_page(session, query, tables.Sweep.id, request)


def jobs_of(session: Session, sweep_id: str, *, lock: bool = False) -> Sequence[tables.TrainingJob]:
    """The jobs of a sweep in the order of their combinations; `lock` holds them until the transaction ends."""
    query = (
        select(tables.TrainingJob)
        .join(tables.SweepCandidate, tables.SweepCandidate.job_id == tables.TrainingJob.id)
        .where(tables.SweepCandidate.sweep_id == sweep_id)
        .order_by(tables.SweepCandidate.position)
    )
    return session.scalars(query.with_for_update(of=tables.TrainingJob) if lock else query).all()


def versions_of(session: Session, job_ids: Collection[str]) -> dict[str, tables.ModelVersion]:
    """The versions that these jobs have made, by job."""
    query = select(tables.ModelVersion).where(tables.ModelVersion.training_job_id.in_(job_ids))
    return {version.training_job_id: version for version in session.scalars(query)}


def state_counts(session: Session, sweep_ids: Collection[str]) -> dict[str, Counter[JobState]]:
    """How many jobs of each sweep are in each state."""
    candidate, job = tables.SweepCandidate, tables.TrainingJob
    query = (
        select(candidate.sweep_id, job.state, func.count())
        .join(job, job.id == candidate.job_id)
        .where(candidate.sweep_id.in_(sweep_ids))
        .group_by(candidate.sweep_id, job.state)
    )
    counts: dict[str, Counter[JobState]] = {sweep_id: Counter() for sweep_id in sweep_ids}
    for sweep_id, state, count in session.execute(query):
        counts[sweep_id][state] = count
    return counts
