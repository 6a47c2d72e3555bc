"""The audit trail: read by all who may read, verified on demand, never written from outside."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from service.domain.audit import AuditFilter, Head, Verification, verify
from service.domain.audit_checkpoints import Checkpoint, private_key_of, public_key_of, sign, signature_holds
from service.domain.audit_files import Trusted, verify_trail, write_trail
from service.domain.canonical import timestamp
from service.domain.documents import Document
from service.domain.pages import Page, PageRequest
from service.domain.permissions import Actor, require
from service.errors import InvalidAuditFile, NotFound
from service.operations.resources import SYSTEM, Resources
from service.storage import audit, audit_files, tables, users
from service.storage.database import Session


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


def list_audit_events(
    resources: Resources, actor: Actor, request: PageRequest, wanted: AuditFilter = audit.EVERYTHING
) -> Page[AuditEvent]:
    """The events that are wanted, newest first. Raises: NotFound for an actor that nobody is, InvalidRequest."""
    require(actor, "list_audit_events")
    wanted.require_possible()
    with resources.database.read() as session:
        page = audit.page(session, _by_id(session, wanted), request)
        payloads = [json.loads(row.payload) for row in page.items]
        people = users.printed_names(session, {payload["actor"] for payload in payloads})
    shown = [_describe(row, payload, people) for row, payload in zip(page.items, payloads, strict=True)]
    return Page(items=tuple(shown), next_cursor=page.next_cursor)


def stream_audit_events(resources: Resources, actor: Actor, wanted: AuditFilter) -> Iterator[str]:
    """The lines of an export, oldest event first, read as they are taken; the whole trail verifies offline.

    Raises: NotFound for an actor that nobody is, InvalidRequest, KeyRefused; all before the first line.
    """
    require(actor, "stream_audit_events")
    wanted.require_possible()
    with resources.database.read() as session:
        chosen = _by_id(session, wanted)
    signing_key(resources)
    return _lines(resources, chosen)


def _lines(resources: Resources, wanted: AuditFilter) -> Iterator[str]:
    with resources.database.read() as session:
        yield from write_trail(audit.read_links(session, wanted=wanted), _checkpoint(resources, session))


def _by_id(session: Session, wanted: AuditFilter) -> AuditFilter:
    """The same filter with the id of the person, who may be named by sign-in name. Raises: NotFound."""
    if wanted.actor is None or wanted.actor == SYSTEM:
        return wanted
    if wanted.actor in users.printed_names(session, [wanted.actor]):
        return wanted
    user = users.find_user(session, wanted.actor)
    if user is None:
        raise NotFound("user", wanted.actor)
    return wanted.model_copy(update={"actor": user.id})


def verify_audit_trail(resources: Resources, actor: Actor | None, checkpoint: Head | None = None) -> Verification:
    """Check the whole chain, and an earlier checkpoint against it; the command line needs no actor."""
    if actor is not None:
        require(actor, "verify_audit_trail")
    with resources.database.read() as session:
        return verify(audit.read_links(session), audit.read_head(session), checkpoint)


def create_checkpoint(resources: Resources) -> Checkpoint:
    """The end of the trail now, signed where the settings name a key. Raises: KeyRefused."""
    with resources.database.read() as session:
        return _checkpoint(resources, session)


def export_audit_trail(resources: Resources, path: Path) -> Checkpoint:
    """Write the whole trail to a file that verifies without the service; its checkpoint. Raises: KeyRefused."""
    with resources.database.read() as session:
        checkpoint = _checkpoint(resources, session)
        audit_files.write_lines(path, write_trail(audit.read_links(session), checkpoint))
    return checkpoint


def verify_audit_file(path: Path, trusted: Trusted) -> Verification:
    """Check an exported trail. Raises: InvalidAuditFile."""
    return verify_trail(audit_files.read_lines(path), trusted)


def read_trusted(checkpoint: Path | None, public_key: Path | None) -> Trusted:
    """What somebody kept outside, from files. Raises: InvalidAuditFile, KeyRefused."""
    key = public_key_of(audit_files.read_bytes(public_key)) if public_key else None
    if checkpoint is None:
        return Trusted(None, key)
    try:
        kept = Checkpoint.model_validate_json(audit_files.read_bytes(checkpoint))
    except ValidationError:
        raise InvalidAuditFile(1, "this is no checkpoint") from None
    if key is not None and not signature_holds(kept, key):
        raise InvalidAuditFile(1, "the checkpoint is not signed by the key")
    return Trusted(kept.head, key)


def signing_key(resources: Resources) -> Ed25519PrivateKey | None:
    """The key that the settings name. Raises: KeyRefused, FileUnreadable."""
    path = resources.settings.signing_key_file
    return private_key_of(audit_files.read_bytes(path)) if path else None


def _checkpoint(resources: Resources, session: Session) -> Checkpoint:
    return sign(audit.read_head(session), timestamp(resources.clock()), signing_key(resources))


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
