"""Revisions: which version came from which, and how."""

from collections.abc import Sequence

from sqlalchemy import select

from service.storage import tables
from service.storage.database import Session


def add_revision(session: Session, revision: tables.Revision) -> None:
    """Store how a new version came about."""
    session.add(revision)
    session.flush()


def find_revision(session: Session, model: str, version: int) -> tables.Revision | None:
    """The revision that made a version, or None for one that was trained anew."""
    return session.get(tables.Revision, (model, version))


def revisions_of(session: Session, model: str) -> Sequence[tables.Revision]:
    """All revisions of a model, oldest first."""
    query = select(tables.Revision).where(tables.Revision.model == model)
    return session.scalars(query.order_by(tables.Revision.version)).all()
