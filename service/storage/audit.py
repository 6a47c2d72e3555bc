"""The audit trail: appended in the transaction of the change it records, in one chain."""

from collections.abc import Iterator
from contextlib import closing

from sqlalchemy import func, select

from service.domain.audit import Head, Link, link_hash
from service.domain.canonical import canonical_json
from service.domain.pages import PageRequest
from service.storage import tables
from service.storage.database import Session
from service.storage.pages import Rows, select_page

BATCH = 1_000


def append(session: Session, payload: object) -> Head:
    """Add one event at the end of the chain, holding the head until the transaction ends."""
    head = session.scalars(select(tables.AuditHead).with_for_update()).one()
    text = canonical_json(payload)
    seq = head.seq + 1
    digest = link_hash(seq, head.hash, text)
    session.add(tables.AuditEvent(seq=seq, prev_hash=head.hash, payload=text, hash=digest))
    head.seq, head.hash = seq, digest
    session.flush()
    return Head(seq, digest)


def read_head(session: Session) -> Head:
    """Where the chain ends now."""
    head = session.scalars(select(tables.AuditHead)).one()
    return Head(head.seq, head.hash)


def read_links(session: Session, since: int = 1) -> Iterator[Link]:
    """Events in order from `since` on, a batch at a time; whoever stops early leaves no cursor open on the server."""
    query = select(tables.AuditEvent).where(tables.AuditEvent.seq >= since).order_by(tables.AuditEvent.seq)
    query = query.execution_options(yield_per=BATCH)
    with closing(session.scalars(query)) as events:
        for event in events:
            yield Link(event.seq, event.prev_hash, event.payload, event.hash)


def find_creation(session: Session, model: str, number: int) -> int:
    """Where the trail says that a version was made."""
    said = f'"subject":"models/{model}/versions/{number}"'
    query = select(func.min(tables.AuditEvent.seq)).where(
        tables.AuditEvent.payload.contains('"action":"model_versions.created"', autoescape=True),
        tables.AuditEvent.payload.contains(said, autoescape=True),
    )
    return session.scalars(query).one() or 1


def page(session: Session, request: PageRequest) -> Rows[tables.AuditEvent]:
    """Events, newest first."""
    return select_page(session, select(tables.AuditEvent), tables.AuditEvent.seq, request)
