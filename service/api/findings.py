"""Findings: raise, resolve, verify."""

from fastapi import APIRouter

from service.api.dependencies import Caller, Identifier, Injected, ModelName, VersionNumber
from service.domain.findings import FindingRequest, ResolutionRequest, VerificationRequest
from service.domain.pages import Page
from service.operations import findings
from service.operations.findings import Finding

router = APIRouter(tags=["findings"])


@router.post("/models/{model}/versions/{number}/findings", status_code=201)
def create_finding(
    resources: Injected, actor: Caller, model: ModelName, number: VersionNumber, request: FindingRequest
) -> Finding:
    """Raise a finding about a version."""
    return findings.create_finding(resources, actor, model, number, request)


@router.get("/models/{model}/versions/{number}/findings")
def list_findings(resources: Injected, actor: Caller, model: ModelName, number: VersionNumber) -> Page[Finding]:
    """All findings about a version, newest first."""
    return Page[Finding](items=findings.list_findings(resources, actor, model, number))


@router.post("/findings/{finding_id}/resolution")
def resolve_finding(resources: Injected, actor: Caller, finding_id: Identifier, request: ResolutionRequest) -> Finding:
    """Say, as its owner, how a finding was put right."""
    return findings.resolve_finding(resources, actor, finding_id, request)


@router.post("/findings/{finding_id}/verification")
def verify_finding(resources: Injected, actor: Caller, finding_id: Identifier, request: VerificationRequest) -> Finding:
    """Close a finding that one has raised, or open it again when it was not put right."""
    return findings.verify_finding(resources, actor, finding_id, request)
