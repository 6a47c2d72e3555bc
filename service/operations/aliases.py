"""Aliases: gated, atomic pointers to approved versions, with their history."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from service.domain.aliases import Move, earlier_versions
from service.domain.canonical import timestamp
from service.domain.documents import Document
from service.domain.permissions import Actor, require
from service.errors import NothingToRollBackTo, PreconditionFailed, PreconditionRequired
from service.operations.reason_dictionaries import require_reasons
from service.operations.resources import Resources
from service.operations.versions import is_usable, require_usable
from service.storage import models, tables, users
from service.storage.database import Session

AliasName = Literal["champion", "challenger"]
NOWHERE = '"none"'


class AliasRequest(Document):
    """Where the alias shall point."""

    version: int = Field(ge=1, le=2**31 - 1)


class Alias(Document):
    """Where an alias points; `etag` is what a change must name in If-Match."""

    model: str
    alias: AliasName
    version: int | None
    etag: str
    moved_at: str | None
    moved_by: str | None


class AliasMove(Document):
    """One move of an alias."""

    version: int
    previous_version: int | None
    rolled_back: bool
    moved_at: str
    moved_by: str


def get_alias(resources: Resources, actor: Actor, model: str, alias: AliasName) -> Alias:
    """Where an alias points. Raises: NotFound for the model; an alias that points nowhere is an answer."""
    require(actor, "get_alias")
    with resources.database.read() as session:
        models.get_model(session, model)
        row = models.find_alias(session, model, alias)
        people = users.printed_names(session, [row.moved_by] if row else [])
    return _describe(model, alias, row, people)


def move_alias(
    resources: Resources,
    actor: Actor,
    model: str,
    alias: AliasName,
    request: AliasRequest,
    if_match: str | None,
) -> Alias:
    """Point an alias to an approved version. Records: aliases.moved.

    Raises: NotFound, VersionNotApproved, ApprovalExpired, PreconditionRequired, PreconditionFailed; ReasonsMissing for
    a champion whose decisions need reasons that the dictionary does not have.
    """
    require(actor, "move_alias")
    with resources.database.write() as session:
        models.get_model(session, model, lock=True)
        version = models.get_version(session, model, request.version, lock=True)
        current = models.find_alias(session, model, alias, lock=True)
        _require_seen(current, if_match)
        return _point(resources, session, actor, current, alias, version, rolled_back=False)


def roll_back_alias(resources: Resources, actor: Actor, model: str, alias: AliasName, if_match: str | None) -> Alias:
    """Point an alias to the last version before the present one that may still be used. Records: aliases.rolled_back.

    Raises: NotFound, NothingToRollBackTo, PreconditionRequired, PreconditionFailed, ReasonsMissing.
    """
    require(actor, "roll_back_alias")
    with resources.database.write() as session:
        models.get_model(session, model, lock=True)
        current = models.find_alias(session, model, alias, lock=True)
        _require_seen(current, if_match)
        moves = [Move(row.version, row.rolled_back) for row in models.alias_history(session, model, alias)]
        for number in earlier_versions(reversed(moves)):
            version = models.get_version(session, model, number, lock=True)
            if is_usable(resources, version):
                return _point(resources, session, actor, current, alias, version, rolled_back=True)
        raise NothingToRollBackTo(model, alias)


def list_alias_history(
    resources: Resources, actor: Actor, model: str, alias: AliasName, at: datetime | None
) -> tuple[AliasMove, ...]:
    """Moves of an alias, newest first; with `at`, the first item is what was in force then. Raises: NotFound."""
    require(actor, "list_alias_history")
    with resources.database.read() as session:
        models.get_model(session, model)
        rows = models.alias_history(session, model, alias, at)
        people = users.printed_names(session, [row.moved_by for row in rows])
    return tuple(
        AliasMove(
            version=row.version,
            previous_version=row.previous_version,
            rolled_back=row.rolled_back,
            moved_at=timestamp(row.moved_at),
            moved_by=people[row.moved_by],
        )
        for row in rows
    )


def _require_seen(current: tables.Alias | None, if_match: str | None) -> None:
    etag = _etag(current)
    if if_match is None:
        raise PreconditionRequired(etag)
    if if_match != etag:
        raise PreconditionFailed(etag)


def _point(
    resources: Resources,
    session: Session,
    actor: Actor,
    current: tables.Alias | None,
    alias: AliasName,
    version: tables.ModelVersion,
    *,
    rolled_back: bool,
) -> Alias:
    require_usable(resources, version)
    if alias == "champion":
        require_reasons(resources, session, version)
    model = version.model
    moved = {"version": version.number, "moved_at": resources.clock(), "moved_by": actor.id}
    revision = current.revision + 1 if current else 1
    previous = current.version if current else None
    row = tables.Alias(model=model, alias=alias, revision=revision, **moved)
    event = tables.AliasEvent(
        model=model, alias=alias, revision=revision, previous_version=previous, rolled_back=rolled_back, **moved
    )
    models.put_alias(session, row, event)
    action = "aliases.rolled_back" if rolled_back else "aliases.moved"
    details = {"version": version.number, "previous": previous, "digest": version.digest}
    resources.record(session, actor, action, f"models/{model}/aliases/{alias}", details)
    return _describe(model, alias, row, {actor.id: actor.printed_name})


def _etag(row: tables.Alias | None) -> str:
    return f'"r{row.revision}"' if row else NOWHERE


def _describe(model: str, alias: AliasName, row: tables.Alias | None, people: dict[str, str]) -> Alias:
    return Alias(
        model=model,
        alias=alias,
        version=row.version if row else None,
        etag=_etag(row),
        moved_at=timestamp(row.moved_at) if row else None,
        moved_by=people[row.moved_by] if row else None,
    )
