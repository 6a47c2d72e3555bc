"""Jobs that score whole tables: what they read and what came out."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select

from service.errors import NotFound
from service.storage import tables
from service.storage.database import Session


def add_scoring_job(session: Session, row: tables.ScoringJob) -> None:
    """Store what a new job, whose row is there, shall score."""
    session.add(row)
    session.flush()


def get_scoring_job(session: Session, job_id: str) -> tables.ScoringJob:
    """What a job scores; raises NotFound."""
    row = session.get(tables.ScoringJob, job_id)
    if row is None:
        raise NotFound("scoring job", job_id)
    return row


def finished_before(session: Session, moment: datetime, model: str | None, most: int) -> Sequence[tables.ScoringJob]:
    """Jobs that ended before a moment and whose files are still there; at most so many.

    Jobs of models on legal hold are left out. The rows are locked until the transaction ends.
    """
    job, scored, schedule = tables.TrainingJob, tables.ScoringJob, tables.RetentionSchedule
    query = (
        select(scored)
        .join(job, job.id == scored.job_id)
        .outerjoin(schedule, schedule.model == scored.model)
        .where(job.finished_at < moment, scored.erased_at.is_(None), schedule.legal_hold.is_(None))
    )
    if model is not None:
        query = query.where(scored.model == model)
    return session.scalars(query.order_by(scored.job_id).limit(most).with_for_update(of=scored)).all()


def is_needed(session: Session, digest: str, job_id: str) -> bool:
    """Whether a dataset, an artifact or another job whose files are kept has this digest."""
    scored = tables.ScoringJob
    same = or_(scored.source_digest == digest, scored.result_digest == digest)
    others = select(scored.job_id).where(same, scored.erased_at.is_(None), scored.job_id != job_id)
    found = (others, select(tables.Dataset.id).where(tables.Dataset.digest == digest))
    return session.get(tables.Artifact, digest) is not None or any(
        session.scalars(query.limit(1)).first() is not None for query in found
    )
