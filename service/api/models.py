"""The inventory and its aliases."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from service.api.dependencies import Caller, IfMatch, Injected, ModelName, RequestedPage
from service.domain.pages import Page
from service.operations import aliases, models
from service.operations.aliases import Alias, AliasMove, AliasName, AliasRequest
from service.operations.models import Model, ModelRequest

router = APIRouter(tags=["models"], prefix="/models")


@router.post("", status_code=201)
def create_model(resources: Injected, actor: Caller, request: ModelRequest, response: Response) -> Model:
    """Add a model to the inventory."""
    model = models.create_model(resources, actor, request)
    response.headers["Location"] = f"/api/v1/models/{model.name}"
    return model


@router.get("")
def list_models(resources: Injected, actor: Caller, page: RequestedPage) -> Page[Model]:
    """The inventory."""
    return models.list_models(resources, actor, page)


@router.get("/{model}")
def get_model(resources: Injected, actor: Caller, model: ModelName) -> Model:
    """One inventory entry."""
    return models.get_model(resources, actor, model)


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
