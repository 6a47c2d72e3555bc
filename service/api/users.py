"""The accounts of people and services."""

from fastapi import APIRouter

from service.api.dependencies import Caller, Injected, RequestedPage
from service.domain.pages import Page
from service.operations import accounts
from service.operations.accounts import Account, AccountRequest, NewAccount

router = APIRouter(tags=["users"], prefix="/users")


@router.post("", status_code=201)
def create_user(resources: Injected, actor: Caller, request: AccountRequest) -> NewAccount:
    """Let a person sign in; the answer has their one-time password, which is told this once."""
    return accounts.create_user(resources, actor, request)


@router.get("")
def list_users(resources: Injected, actor: Caller, page: RequestedPage) -> Page[Account]:
    """People and services, in the order of their names."""
    return accounts.list_users(resources, actor, page)
