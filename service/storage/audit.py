"""The audit trail: appended in the transaction of the change it records, in one chain."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from sqlalchemy import ColumnElement, Select, String, func, insert, literal, or_, select, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from service.domain.audit import AuditFilter, Head, Link, link_hash
from service.domain.canonical import canonical_json
from service.domain.pages import PageRequest
from service.storage import tables
from service.storage.database import Session
from service.storage.pages import Rows, select_page

BATCH = 1_000
EVERYTHING = AuditFilter()
_HEAD = select(tables.AuditHead.seq, tables.AuditHead.hash).with_for_update()
_APPEND = insert(tables.AuditEvent)
_MOVE = update(tables.AuditHead)


def append(session: Session, payload: object) -> Head:
    """Add one event at the end of the chain, holding the head until the transaction ends."""
    connection = session.connection()
    last, last_hash = connection.execute(_HEAD).one()
    text = canonical_json(payload)
    seq = last + 1
    digest = link_hash(seq, last_hash, text)
    connection.execute(_APPEND, {"seq": seq, "prev_hash": last_hash, "payload": text, "hash": digest})
    connection.execute(_MOVE, {"seq": seq, "hash": digest})
    return Head(seq, digest)


def read_head(session: Session) -> Head:
    """Where the chain ends now."""
    head = session.scalars(select(tables.AuditHead)).one()
    return Head(head.seq, head.hash)


def read_links(session: Session, since: int = 1, wanted: AuditFilter = EVERYTHING) -> Iterator[Link]:
    """Events in order from `since` on, a batch at a time; whoever stops early leaves no cursor open on the server."""
    query = _chosen(wanted).where(tables.AuditEvent.seq >= since).order_by(tables.AuditEvent.seq)
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


class _Field(FunctionElement[str]):
    """A field of the JSON text that an event is stored as; SQLite and PostgreSQL spell it differently."""

    type = String()
    inherit_cache = True


@compiles(_Field, "sqlite")
def _in_sqlite(element: _Field, compiler: SQLCompiler, **settings: Any) -> str:
    text, name = (compiler.process(clause, **settings) for clause in element.clauses)
    return f"json_extract({text}, '$.' || {name})"


@compiles(_Field, "postgresql")
def _in_postgresql(element: _Field, compiler: SQLCompiler, **settings: Any) -> str:
    text, name = (compiler.process(clause, **settings) for clause in element.clauses)
    return f"(CAST({text} AS JSON) ->> {name})"


def _field(name: str) -> ColumnElement[str]:
    return _Field(tables.AuditEvent.payload, literal(name))


def _chosen(wanted: AuditFilter) -> Select[tables.AuditEvent]:
    query = select(tables.AuditEvent)
    if wanted.actor is not None:
        query = query.where(_field("actor") == wanted.actor)
    for name, separator in (("action", "."), ("subject", "/")):
        value = getattr(wanted, name)
        if value is not None:
            found = _field(name)
            query = query.where(or_(found == value, found.startswith(f"{value}{separator}", autoescape=True)))
    if wanted.since is not None:
        query = query.where(_field("at") >= wanted.since)
    if wanted.until is not None:
        query = query.where(_field("at") < wanted.until)
    return query


def page(session: Session, wanted: AuditFilter, request: PageRequest) -> Rows[tables.AuditEvent]:
    """The events that are wanted, newest first."""
    return select_page(session, _chosen(wanted), tables.AuditEvent.seq, request)
