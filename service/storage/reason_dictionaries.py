"""Reason dictionaries of models."""

from sqlalchemy import select

from service.errors import NotFound
from service.storage import tables
from service.storage.database import Session

_Row = tables.ReasonDictionary


def add_dictionary(session: Session, row: tables.ReasonDictionary) -> None:
    """Store a new revision."""
    session.add(row)
    session.flush()


def find_newest(session: Session, model: str) -> tables.ReasonDictionary | None:
    """The newest revision, or None."""
    return session.scalars(select(_Row).where(_Row.model == model).order_by(_Row.revision.desc()).limit(1)).first()


def get_dictionary(session: Session, model: str, revision: int) -> tables.ReasonDictionary:
    """One revision; raises NotFound."""
    found = session.get(_Row, (model, revision))
    if found is None:
        raise NotFound("reason dictionary", f"{model} {revision}")
    return found
