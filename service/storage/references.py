"""Reference populations of versions."""

from collections.abc import Sequence

from sqlalchemy import func, select

from service.errors import NotFound
from service.storage import tables
from service.storage.database import Session

_Row = tables.ReferencePopulation


def add_reference(session: Session, row: tables.ReferencePopulation) -> None:
    """Store a new revision."""
    session.add(row)
    session.flush()


def next_revision(session: Session, model: str, version: int, name: str) -> int:
    """The revision after the newest; call it while the version's row is locked."""
    newest = session.scalar(
        select(func.max(_Row.revision)).where(_Row.model == model, _Row.version == version, _Row.name == name)
    )
    return (newest or 0) + 1


def get_reference(
    session: Session, model: str, version: int, name: str, revision: int | None
) -> tables.ReferencePopulation:
    """A revision, the newest where none is named; raises NotFound."""
    query = select(_Row).where(_Row.model == model, _Row.version == version, _Row.name == name)
    if revision is not None:
        query = query.where(_Row.revision == revision)
    found = session.scalars(query.order_by(_Row.revision.desc()).limit(1)).first()
    if found is None:
        raise NotFound("reference", name if revision is None else f"{name} {revision}")
    return found


def references_of(session: Session, model: str, version: int) -> Sequence[tables.ReferencePopulation]:
    """All references of a version by name, the newest revision first."""
    query = select(_Row).where(_Row.model == model, _Row.version == version)
    return session.scalars(query.order_by(_Row.name, _Row.revision.desc())).all()
