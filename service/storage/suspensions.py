"""Suspensions of versions."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import not_, or_, select

from service.errors import NotFound
from service.storage import tables
from service.storage.database import Session


def add_suspension(session: Session, suspension: tables.Suspension) -> None:
    """Store a new suspension."""
    session.add(suspension)
    session.flush()


def suspensions_of(session: Session, model: str, number: int) -> Sequence[tables.Suspension]:
    """All suspensions of a version, newest first."""
    query = select(tables.Suspension).where(tables.Suspension.model == model, tables.Suspension.version == number)
    return session.scalars(query.order_by(tables.Suspension.id.desc())).all()


def suspended_at(session: Session, models: Collection[str], at: datetime) -> frozenset[tuple[str, int]]:
    """Which versions of these models were suspended at a moment, those retired since included."""
    is_over = tables.Suspension.resumed_at <= at
    query = select(tables.Suspension).where(
        tables.Suspension.model.in_(set(models)), tables.Suspension.suspended_at <= at
    )
    rows = session.scalars(query.where(or_(tables.Suspension.resumed_at.is_(None), not_(is_over))))
    return frozenset((row.model, row.version) for row in rows)


def get_open_suspension(session: Session, model: str, number: int) -> tables.Suspension:
    """The suspension that is not over; raises NotFound."""
    for suspension in suspensions_of(session, model, number):
        if suspension.resumed_at is None:
            return suspension
    raise NotFound("open suspension of version", f"{model} {number}")
