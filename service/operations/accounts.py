"""The accounts of people and services, for those who look after them."""

from service.domain.canonical import timestamp
from service.domain.documents import Document
from service.domain.pages import Page, PageRequest
from service.domain.permissions import Actor, require
from service.operations.resources import Resources
from service.storage import users


class Account(Document):
    """A person or a service and how they can sign in; nothing that is secret."""

    name: str
    printed_name: str
    roles: tuple[str, ...]
    is_service: bool
    must_change_password: bool
    locked_until: str | None
    api_keys: int
    created_at: str


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
            api_keys=keys.get(row.id, 0),
            created_at=timestamp(row.created_at),
        )
        for row in page.items
    )
    return Page(items=accounts, next_cursor=page.next_cursor)
