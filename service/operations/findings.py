"""Findings: raised by who inspects, resolved by the owner, verified by who raised them."""

from collections.abc import Sequence

from service.domain.canonical import timestamp
from service.domain.documents import Document
from service.domain.findings import (
    FindingRequest,
    ResolutionRequest,
    Severity,
    VerificationRequest,
    require_owner,
    require_raiser,
)
from service.domain.lifecycle import FindingState, move_finding
from service.domain.permissions import Actor, require
from service.errors import NotFound, SamePersonTwice
from service.operations.resources import Resources
from service.storage import findings, models, tables, users
from service.storage.database import Session


class Finding(Document):
    """A finding and how far it is."""

    id: str
    model: str
    version: int
    severity: Severity
    state: FindingState
    title: str
    description: str
    owner: str
    due_on: str
    raised_at: str
    raised_by: str
    resolution: str | None
    resolved_at: str | None
    verification: str | None
    verified_at: str | None
    may_resolve: bool
    may_verify: bool


def create_finding(resources: Resources, actor: Actor, model: str, number: int, request: FindingRequest) -> Finding:
    """Raise a finding about a version. Records: findings.created. Raises: NotFound, SamePersonTwice."""
    require(actor, "create_finding")
    with resources.database.write() as session:
        models.get_version(session, model, number)
        owner = users.find_user(session, request.owner)
        if owner is None:
            raise NotFound("user", request.owner)
        if owner.id == actor.id:
            raise SamePersonTwice
        row = tables.Finding(
            id=resources.new_id(),
            model=model,
            version=number,
            severity=request.severity,
            state="open",
            title=request.title,
            description=request.description,
            due_on=request.due_on,
            owner=owner.id,
            raised_at=resources.clock(),
            raised_by=actor.id,
            resolution=None,
            resolved_at=None,
            verification=None,
            verified_at=None,
        )
        findings.add_finding(session, row)
        _record(resources, session, actor, "findings.created", row)
        return _describe(session, actor, [row])[0]


def list_findings(resources: Resources, actor: Actor, model: str, number: int) -> tuple[Finding, ...]:
    """All findings about a version, newest first. Raises: NotFound."""
    require(actor, "list_findings")
    with resources.database.read() as session:
        models.get_version(session, model, number)
        return _describe(session, actor, findings.findings_of(session, model, number))


def resolve_finding(resources: Resources, actor: Actor, finding_id: str, request: ResolutionRequest) -> Finding:
    """Say how a finding was put right. Records: findings.resolved. Raises: NotFound, OnlyOwnerResolves, WrongState."""
    require(actor, "resolve_finding")
    with resources.database.write() as session:
        row = findings.get_finding(session, finding_id)
        require_owner(actor, row.owner)
        row.state = move_finding(row.state, "resolved")
        row.resolution, row.resolved_at = request.resolution, resources.clock()
        _record(resources, session, actor, "findings.resolved", row)
        return _describe(session, actor, [row])[0]


def verify_finding(resources: Resources, actor: Actor, finding_id: str, request: VerificationRequest) -> Finding:
    """Close a finding that was put right, or open it again. Records: findings.verified.

    Raises: NotFound, OnlyRaiserVerifies, WrongState.
    """
    require(actor, "verify_finding")
    with resources.database.write() as session:
        row = findings.get_finding(session, finding_id)
        require_raiser(actor, row.raised_by)
        row.state = move_finding(row.state, "closed" if request.is_resolved else "open")
        row.verification, row.verified_at = request.comment, resources.clock()
        _record(resources, session, actor, "findings.verified", row)
        return _describe(session, actor, [row])[0]


def _record(resources: Resources, session: Session, actor: Actor, action: str, row: tables.Finding) -> None:
    details = {"version": f"{row.model}/{row.version}", "severity": row.severity, "state": row.state}
    resources.record(session, actor, action, f"findings/{row.id}", details)


def _describe(session: Session, actor: Actor, rows: Sequence[tables.Finding]) -> tuple[Finding, ...]:
    people = users.printed_names(session, {person for row in rows for person in (row.owner, row.raised_by)})
    return tuple(
        Finding(
            id=row.id,
            model=row.model,
            version=row.version,
            severity=row.severity,
            state=row.state,
            title=row.title,
            description=row.description,
            owner=people[row.owner],
            due_on=row.due_on,
            raised_at=timestamp(row.raised_at),
            raised_by=people[row.raised_by],
            resolution=row.resolution,
            resolved_at=timestamp(row.resolved_at) if row.resolved_at else None,
            verification=row.verification,
            verified_at=timestamp(row.verified_at) if row.verified_at else None,
            may_resolve=row.state == "open" and actor.id == row.owner and actor.may("resolve_finding"),
            may_verify=row.state == "resolved" and actor.id == row.raised_by and actor.may("verify_finding"),
        )
        for row in rows
    )
