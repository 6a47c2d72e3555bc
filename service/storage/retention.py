"""Retention schedules, and what stays of decision records that were erased."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select

from service.storage import tables
from service.storage.database import Session


def find_schedule(session: Session, model: str) -> tables.RetentionSchedule | None:
    """The schedule of a model, or None where none was ever settled."""
    return session.get(tables.RetentionSchedule, model)


def schedules(session: Session) -> Sequence[tables.RetentionSchedule]:
    """All schedules, by model."""
    return session.scalars(select(tables.RetentionSchedule).order_by(tables.RetentionSchedule.model)).all()


def put_schedule(session: Session, schedule: tables.RetentionSchedule) -> None:
    """Settle a schedule, in the place of an earlier one."""
    session.merge(schedule)
    session.flush()


def count_older(session: Session, model: str, moment: datetime) -> int:
    """How many decision records of a model are older than a moment."""
    older = (tables.Prediction.model == model, tables.Prediction.created_at < moment)
    return session.scalars(select(func.count()).select_from(tables.Prediction).where(*older)).one()


def erase_older(session: Session, model: str, moment: datetime, most: int, now: datetime) -> dict[str, str]:
    """Erase the oldest records that are older than a moment, at most so many; their digests by id stay."""
    columns = (tables.Prediction.id, tables.Prediction.version, tables.Prediction.record_digest)
    query = select(*columns, tables.Prediction.created_at).where(
        tables.Prediction.model == model, tables.Prediction.created_at < moment
    )
    rows = session.execute(query.order_by(tables.Prediction.id).limit(most)).all()
    session.add_all(
        tables.ErasedPrediction(
            id=row.id,
            model=model,
            version=row.version,
            record_digest=row.record_digest,
            created_at=row.created_at,
            erased_at=now,
        )
        for row in rows
    )
    session.execute(delete(tables.Prediction).where(tables.Prediction.id.in_([row.id for row in rows])))
    session.flush()
    return {row.id: row.record_digest for row in rows}
