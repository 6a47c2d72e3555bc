"""The accounts of people and services."""

from fastapi import APIRouter

from service.api.dependencies import Caller, Injected, RequestedPage
from service.domain.pages import Page
from service.operations import accounts
from service.operations.accounts import Account

router = APIRouter(tags=["users"], prefix="/users")


@router.get("")
def list_users(resources: Injected, actor: Caller, page: RequestedPage) -> Page[Account]:
    """People and services, in the order of their names."""
    return accounts.list_users(resources, actor, page)
