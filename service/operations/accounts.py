"""The accounts of people and services, for those who look after them; the first one is made on the command line."""

from typing import Annotated

from pydantic import Field

from service.domain.canonical import timestamp
from service.domain.documents import Document, Line
from service.domain.pages import Page, PageRequest
from service.domain.permissions import ROLES, Actor, Role, require
from service.operations.resources import Resources
from service.operations.users import create_user as add_user
from service.operations.users import one_time_password
from service.storage import users


class Account(Document):
    """A person or a service and how they can sign in; nothing that is secret."""

    name: str
    printed_name: str
    roles: tuple[str, ...]
    is_service: bool
    must_change_password: bool
    locked_until: str | None
    disabled_at: str | None
    has_password: bool
    api_keys: int
    created_at: str


class AccountRequest(Document):
    """Somebody who shall be able to sign in."""

    name: Line = Field(description="What they sign in with; it stays with everything that they do.")
    printed_name: Line = Field(description="As it stands under signatures.")
    roles: Annotated[tuple[Role, ...], Field(strict=False, min_length=1, max_length=len(ROLES))]


class NewAccount(Document):
    """An account with the password that its owner must change, which is told this once."""

    name: str
    printed_name: str
    roles: tuple[Role, ...]
    password: str


def create_user(resources: Resources, actor: Actor, request: AccountRequest) -> NewAccount:
    """Let a person sign in, with a one-time password. Records: users.created. Raises: NameTaken."""
    require(actor, "create_user")
    password = one_time_password()
    roles = frozenset(request.roles)
    made = add_user(resources, request.name, request.printed_name, roles, password, created_by=actor)
    return NewAccount(
        name=made.name,
        printed_name=made.printed_name,
        roles=tuple(role for role in ROLES if role in roles),
        password=password,
    )


def list_users(resources: Resources, actor: Actor, request: PageRequest) -> Page[Account]:
    """All accounts in the order of their names; `api_keys` counts the keys that work now."""
    require(actor, "list_users")
    moment = resources.clock()
    with resources.database.read() as session:
        page = users.page_of_users(session, request)
        keys = users.key_counts(session, [row.id for row in page.items], moment)
    accounts = tuple(
        Account(
            name=row.name,
            printed_name=row.printed_name,
            roles=tuple(row.roles),
            is_service=row.is_service,
            must_change_password=row.must_change_password,
            locked_until=timestamp(row.locked_until) if row.locked_until and row.locked_until > moment else None,
            disabled_at=timestamp(row.disabled_at) if row.disabled_at else None,
            has_password=row.password_hash is not None,
            api_keys=keys.get(row.id, 0),
            created_at=timestamp(row.created_at),
        )
        for row in page.items
    )
    return Page(items=accounts, next_cursor=page.next_cursor)
