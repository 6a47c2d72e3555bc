"""The audit trail: read by all who may read, verified on demand, never written from outside."""

import json
from typing import Any

from service.domain.audit import Head, Verification, verify
from service.domain.documents import Document
from service.domain.pages import Page, PageRequest
from service.domain.permissions import Actor, require
from service.operations.resources import Resources
from service.storage import audit, tables, users


class AuditEvent(Document):
    """One event of the trail; people are stored by id and shown by name."""

    seq: int
    hash: str
    prev_hash: str
    at: str
    actor: str
    action: str
    subject: str
    details: dict[str, Any] | None


def list_audit_events(resources: Resources, actor: Actor, request: PageRequest) -> Page[AuditEvent]:
    """Events, newest first."""
    require(actor, "list_audit_events")
    with resources.database.read() as session:
        page = audit.page(session, request)
        payloads = [json.loads(row.payload) for row in page.items]
        people = users.printed_names(session, {payload["actor"] for payload in payloads})
    shown = [_describe(row, payload, people) for row, payload in zip(page.items, payloads, strict=True)]
    return Page(items=tuple(shown), next_cursor=page.next_cursor)


def verify_audit_trail(resources: Resources, actor: Actor | None, checkpoint: Head | None = None) -> Verification:
    """Check the whole chain, and an earlier checkpoint against it; the command line needs no actor."""
    if actor is not None:
        require(actor, "verify_audit_trail")
    with resources.database.read() as session:
        return verify(audit.read_links(session), audit.read_head(session), checkpoint)


def _describe(row: tables.AuditEvent, payload: dict[str, Any], people: dict[str, str]) -> AuditEvent:
    return AuditEvent(
        seq=row.seq,
        hash=row.hash,
        prev_hash=row.prev_hash,
        at=payload["at"],
        actor=people.get(payload["actor"], payload["actor"]),
        action=payload["action"],
        subject=payload["subject"],
        details=payload["details"],
    )
