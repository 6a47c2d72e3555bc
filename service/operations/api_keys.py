"""API keys: scoped, expiring, stored hashed, shown once."""

import secrets
from datetime import timedelta
from typing import Literal

from pydantic import Field

from service.domain.canonical import timestamp
from service.domain.documents import Document, Line
from service.domain.permissions import Actor, require
from service.errors import ActionNotAllowed, NotFound
from service.operations.resources import Resources
from service.operations.sessions import forget_key, hash_token
from service.storage import tables, users

#: A key never carries the right to review or sign.
KeyRole = Literal["client", "developer", "observer"]


class ApiKeyRequest(Document):
    """What a new key is for, what it may do, how long it lives."""

    label: Line
    role: KeyRole = "client"
    expires_in_days: int = Field(90, ge=1, le=366)
    requests_per_minute: int | None = Field(
        None, ge=1, le=1_000_000, description="Requests a minute in each process; the service's limit where null."
    )
    rows_per_day: int | None = Field(
        None, ge=1, le=2**53, description="Rows predicted a day (UTC) in all processes; the service's limit where null."
    )


class ApiKey(Document):
    """A key as it is listed."""

    id: str
    label: str
    prefix: str
    roles: tuple[str, ...]
    created_at: str
    expires_at: str
    last_used_at: str | None
    requests_per_minute: int | None
    rows_per_day: int | None


class NewApiKey(ApiKey):
    """A key just made; `key` is shown this once."""

    key: str


def create_api_key(resources: Resources, actor: Actor, request: ApiKeyRequest) -> NewApiKey:
    """Make a key that acts for the caller within one role. Records: api_keys.created.

    Raises: ActionNotAllowed when the caller lacks the role (every developer may hand out `client`).
    """
    require(actor, "create_api_key")
    if request.role != "client" and request.role not in actor.roles:
        raise ActionNotAllowed("create_api_key", (request.role,))
    key = "ew_" + secrets.token_urlsafe(32)
    moment = resources.clock()
    row = tables.ApiKey(
        id=resources.new_id(),
        user_id=actor.id,
        label=request.label,
        prefix=key[:9],
        key_hash=hash_token(key),
        roles=[request.role],
        created_at=moment,
        expires_at=moment + timedelta(days=request.expires_in_days),
        last_used_at=None,
        revoked_at=None,
        requests_per_minute=request.requests_per_minute,
        rows_per_day=request.rows_per_day,
    )
    with resources.database.write() as session:
        users.add_api_key(session, row)
        resources.record(session, actor, "api_keys.created", f"api-keys/{row.id}", {"role": request.role})
    return NewApiKey(**_describe(row).model_dump(), key=key)


def list_api_keys(resources: Resources, actor: Actor) -> tuple[ApiKey, ...]:
    """The caller's keys that still stand."""
    require(actor, "list_api_keys")
    with resources.database.read() as session:
        return tuple(_describe(row) for row in users.list_api_keys(session, actor.id))


def delete_api_key(resources: Resources, actor: Actor, key_id: str) -> None:
    """Revoke one of the caller's keys at once. Records: api_keys.deleted. Raises: NotFound."""
    require(actor, "delete_api_key")
    with resources.database.write() as session:
        row = users.get_api_key(session, key_id)
        if row is None or row.user_id != actor.id or row.revoked_at is not None:
            raise NotFound("API key", key_id)
        row.revoked_at = resources.clock()
        resources.record(session, actor, "api_keys.deleted", f"api-keys/{key_id}")
    forget_key(resources, row.key_hash)


def _describe(row: tables.ApiKey) -> ApiKey:
    return ApiKey(
        id=row.id,
        label=row.label,
        prefix=row.prefix,
        roles=tuple(row.roles),
        created_at=timestamp(row.created_at),
        expires_at=timestamp(row.expires_at),
        last_used_at=timestamp(row.last_used_at) if row.last_used_at else None,
        requests_per_minute=row.requests_per_minute,
        rows_per_day=row.rows_per_day,
    )
