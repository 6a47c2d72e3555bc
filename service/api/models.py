"""The inventory and its aliases."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from service.api.dependencies import Caller, IfMatch, Injected, ModelName, RequestedPage
from service.domain.pages import Page
from service.domain.policies import ReviewPolicy
from service.operations import aliases, models, review_policies
from service.operations.aliases import Alias, AliasMove, AliasName, AliasRequest
from service.operations.models import Model, ModelRequest
from service.operations.review_policies import ModelPolicy

router = APIRouter(tags=["models"], prefix="/models")


@router.post("", status_code=201)
def create_model(resources: Injected, actor: Caller, request: ModelRequest, response: Response) -> Model:
    """Add a model to the inventory."""
    model = models.create_model(resources, actor, request)
    response.headers["Location"] = f"/api/v1/models/{model.name}"
    return model


@router.get("")
def list_models(
    resources: Injected,
    actor: Caller,
    page: RequestedPage,
    as_of: Annotated[AwareDatetime | None, Query(description="Show the inventory as it was at this moment.")] = None,
) -> Page[Model]:
    """The inventory now, or as it was at any moment: champions and their state, findings, next reviews."""
    moment: datetime | None = as_of
    return models.list_models(resources, actor, page, moment)


@router.get("/{model}")
def get_model(resources: Injected, actor: Caller, model: ModelName) -> Model:
    """One inventory entry."""
    return models.get_model(resources, actor, model)


@router.get("/{model}/review-policy")
def get_review_policy(resources: Injected, actor: Caller, model: ModelName, response: Response) -> ModelPolicy:
    """The policy that the next review follows, with the ETag that a change must name."""
    found = review_policies.get_review_policy(resources, actor, model)
    response.headers["ETag"] = found.etag
    return found


@router.put("/{model}/review-policy")
def put_review_policy(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    request: ReviewPolicy,
    response: Response,
    if_match: IfMatch = None,
) -> ModelPolicy:
    """Settle who and what a review needs, at least as strong as the default of the risk tier."""
    settled = review_policies.put_review_policy(resources, actor, model, request, if_match)
    response.headers["ETag"] = settled.etag
    return settled


@router.get("/{model}/aliases/{alias}")
def get_alias(resources: Injected, actor: Caller, model: ModelName, alias: AliasName, response: Response) -> Alias:
    """Where an alias points, with the ETag that a move must name."""
    found = aliases.get_alias(resources, actor, model, alias)
    response.headers["ETag"] = found.etag
    return found


@router.put("/{model}/aliases/{alias}")
def move_alias(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    alias: AliasName,
    request: AliasRequest,
    response: Response,
    if_match: IfMatch = None,
) -> Alias:
    """Point an alias to an approved version."""
    moved = aliases.move_alias(resources, actor, model, alias, request, if_match)
    response.headers["ETag"] = moved.etag
    return moved


@router.post("/{model}/aliases/{alias}/rollback")
def roll_back_alias(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    alias: AliasName,
    response: Response,
    if_match: IfMatch = None,
) -> Alias:
    """Point an alias back to the last version before the present one that may still be used."""
    moved = aliases.roll_back_alias(resources, actor, model, alias, if_match)
    response.headers["ETag"] = moved.etag
    return moved


@router.get("/{model}/aliases/{alias}/history")
def list_alias_history(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    alias: AliasName,
    at: Annotated[AwareDatetime | None, Query()] = None,
) -> Page[AliasMove]:
    """Moves of an alias, newest first; with `at`, the first item is what was in force at that moment."""
    moment: datetime | None = at
    return Page[AliasMove](items=aliases.list_alias_history(resources, actor, model, alias, moment))
