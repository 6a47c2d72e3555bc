"""Suspending, resuming and retiring versions."""

from fastapi import APIRouter

from service.api.dependencies import Caller, Injected, ModelName, VersionNumber
from service.domain.pages import Page
from service.operations import suspensions
from service.operations.suspensions import ReasonRequest, Suspension

router = APIRouter(tags=["suspensions"], prefix="/models/{model}/versions/{number}")


@router.post("/suspensions", status_code=201)
def create_suspension(
    resources: Injected, actor: Caller, model: ModelName, number: VersionNumber, request: ReasonRequest
) -> Suspension:
    """Stop the use of an approved version at once."""
    return suspensions.create_suspension(resources, actor, model, number, request)


@router.get("/suspensions")
def list_suspensions(resources: Injected, actor: Caller, model: ModelName, number: VersionNumber) -> Page[Suspension]:
    """All suspensions of a version, newest first."""
    return Page[Suspension](items=suspensions.list_suspensions(resources, actor, model, number))


@router.put("/suspensions/current/resumption-request")
def request_resumption(
    resources: Injected, actor: Caller, model: ModelName, number: VersionNumber, request: ReasonRequest
) -> Suspension:
    """Ask that a suspended version be used again; another person must confirm it."""
    return suspensions.request_resumption(resources, actor, model, number, request)


@router.post("/suspensions/current/resumption")
def confirm_resumption(resources: Injected, actor: Caller, model: ModelName, number: VersionNumber) -> Suspension:
    """Let a suspended version be used again, as another person has asked for."""
    return suspensions.confirm_resumption(resources, actor, model, number)


@router.post("/retirement", status_code=204)
def retire_version(
    resources: Injected, actor: Caller, model: ModelName, number: VersionNumber, request: ReasonRequest
) -> None:
    """End the use of a version for good."""
    suspensions.retire_version(resources, actor, model, number, request)
