"""Sweeps: start many trainings at once, compare what they made, stop them."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from service.api.dependencies import Caller, IdempotencyKey, Identifier, Injected, ModelFilter, RequestedPage
from service.api.versions import Figure
from service.domain.pages import Page
from service.domain.sweeps import Size, SweepRequest
from service.operations import sweeps
from service.operations.sweeps import Sweep, SweepSummary

router = APIRouter(tags=["sweeps"], prefix="/sweeps")


@router.post("", status_code=202)
def create_sweep(
    resources: Injected,
    actor: Caller,
    request: SweepRequest,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> Sweep:
    """Queue one training for every combination of the listed values."""
    sweep = sweeps.create_sweep(resources, actor, request, idempotency_key)
    response.headers["Location"] = f"/api/v1/sweeps/{sweep.id}"
    return sweep


@router.get("")
def list_sweeps(
    resources: Injected, actor: Caller, page: RequestedPage, model: ModelFilter = None
) -> Page[SweepSummary]:
    """Sweeps, newest first."""
    return sweeps.list_sweeps(resources, actor, model, page)


@router.get("/{sweep_id}")
def get_sweep(resources: Injected, actor: Caller, sweep_id: Identifier) -> Sweep:
    """Every candidate of a sweep with its loss, edges and complexity, and which of them no other one beats."""
    return sweeps.get_sweep(resources, actor, sweep_id)


@router.get("/{sweep_id}/chart")
def get_sweep_chart(
    resources: Injected,
    actor: Caller,
    sweep_id: Identifier,
    against: Annotated[Size, Query(description="The size that the loss is drawn against.")] = "active_edges",
) -> Figure:
    """Loss of the candidates against their size, with the front, as a plotly figure."""
    return Figure.model_validate(sweeps.get_sweep_chart(resources, actor, sweep_id, against))


@router.post("/{sweep_id}/cancel")
def cancel_sweep(resources: Injected, actor: Caller, sweep_id: Identifier) -> Sweep:
    """Stop all jobs of a sweep that have not ended; the versions made so far stay."""
    return sweeps.cancel_sweep(resources, actor, sweep_id)
