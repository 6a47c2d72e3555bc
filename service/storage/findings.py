"""Findings about versions."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import and_, func, not_, select

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


def unclosed_counts(session: Session, models: Collection[str], at: datetime) -> dict[str, Counter[str]]:
    """How many findings of each severity were raised and not closed at a moment, by model."""
    is_closed = and_(tables.Finding.state == "closed", tables.Finding.verified_at <= at)
    rows = session.execute(
        select(tables.Finding.model, tables.Finding.severity, func.count())
        .where(tables.Finding.model.in_(set(models)), tables.Finding.raised_at <= at, not_(is_closed))
        .group_by(tables.Finding.model, tables.Finding.severity)
    )
    counts: dict[str, Counter[str]] = {}
    for model, severity, count in rows:
        counts.setdefault(model, Counter())[severity] = count
    return counts


def findings_of(session: Session, model: str, number: int) -> Sequence[tables.Finding]:
    """All findings about a version, newest first."""
    query = select(tables.Finding).where(tables.Finding.model == model, tables.Finding.version == number)
    return session.scalars(query.order_by(tables.Finding.id.desc())).all()
