"""API keys of the caller."""

from fastapi import APIRouter

from service.api.dependencies import Caller, Identifier, Injected
from service.domain.pages import Page
from service.operations import api_keys
from service.operations.api_keys import ApiKey, ApiKeyRequest, NewApiKey

router = APIRouter(tags=["API keys"], prefix="/api-keys")


@router.post("", status_code=201)
def create_api_key(resources: Injected, actor: Caller, request: ApiKeyRequest) -> NewApiKey:
    """Make a key; it is shown this once."""
    return api_keys.create_api_key(resources, actor, request)


@router.get("")
def list_api_keys(resources: Injected, actor: Caller) -> Page[ApiKey]:
    """The caller's keys."""
    return Page[ApiKey](items=api_keys.list_api_keys(resources, actor))


@router.delete("/{key_id}", status_code=204)
def delete_api_key(resources: Injected, actor: Caller, key_id: Identifier) -> None:
    """Revoke a key at once."""
    api_keys.delete_api_key(resources, actor, key_id)
