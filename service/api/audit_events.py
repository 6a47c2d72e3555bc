"""The audit trail."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from service.api.dependencies import Caller, Injected, RequestedPage
from service.domain.audit import AuditFilter, Verification
from service.domain.documents import Line, Moment
from service.domain.pages import Page
from service.operations import audit_events
from service.operations.audit_events import AuditEvent

router = APIRouter(tags=["audit"], prefix="/audit-events")

LINES = "application/jsonl"


def _wanted(
    actor: Annotated[Line | None, Query(description="Sign-in name or id of who acted, or `system`.")] = None,
    action: Annotated[Line | None, Query(description="For example `aliases.moved`, or `aliases` for all.")] = None,
    subject: Annotated[Line | None, Query(description="For example `models/credit`, with all below it.")] = None,
    since: Annotated[Moment | None, Query(description="Not before this moment.")] = None,
    until: Annotated[Moment | None, Query(description="Before this moment.")] = None,
) -> AuditFilter:
    return AuditFilter(actor=actor, action=action, subject=subject, since=since, until=until)


Wanted = Annotated[AuditFilter, Depends(_wanted)]


@router.get("")
def list_audit_events(resources: Injected, actor: Caller, page: RequestedPage, wanted: Wanted) -> Page[AuditEvent]:
    """Events by who acted, what was done, to what and when; newest first."""
    return audit_events.list_audit_events(resources, actor, page, wanted)


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {LINES: {}}, "description": "The events, one JSON text a line."}},
)
def stream_audit_events(resources: Injected, actor: Caller, wanted: Wanted) -> StreamingResponse:
    """The same events as JSON lines, oldest first, streamed; without filters the file verifies offline."""
    lines = audit_events.stream_audit_events(resources, actor, wanted)
    headers = {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
    return StreamingResponse(lines, media_type=LINES, headers=headers)


@router.get("/verification")
def verify_audit_trail(resources: Injected, actor: Caller) -> Verification:
    """Check every link of the chain."""
    return audit_events.verify_audit_trail(resources, actor)
