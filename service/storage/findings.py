"""Findings about versions."""

from collections.abc import Sequence

from sqlalchemy import select

from service.errors import NotFound
from service.storage import tables
from service.storage.database import Session


def add_finding(session: Session, finding: tables.Finding) -> None:
    """Store a new finding."""
    session.add(finding)
    session.flush()


def get_finding(session: Session, finding_id: str) -> tables.Finding:
    """The finding, held until the transaction ends; raises NotFound."""
    finding = session.get(tables.Finding, finding_id, with_for_update=True)
    if finding is None:
        raise NotFound("finding", finding_id)
    return finding


def findings_of(session: Session, model: str, number: int) -> Sequence[tables.Finding]:
    """All findings about a version, newest first."""
    query = select(tables.Finding).where(tables.Finding.model == model, tables.Finding.version == number)
    return session.scalars(query.order_by(tables.Finding.id.desc())).all()
