"""The audit trail."""

from fastapi import APIRouter

from service.api.dependencies import Caller, Injected, RequestedPage
from service.domain.audit import Verification
from service.domain.pages import Page
from service.operations import audit_events
from service.operations.audit_events import AuditEvent

router = APIRouter(tags=["audit"], prefix="/audit-events")


@router.get("")
def list_audit_events(resources: Injected, actor: Caller, page: RequestedPage) -> Page[AuditEvent]:
    """Events, newest first."""
    return audit_events.list_audit_events(resources, actor, page)


@router.get("/verification")
def verify_audit_trail(resources: Injected, actor: Caller) -> Verification:
    """Check every link of the chain."""
    return audit_events.verify_audit_trail(resources, actor)
