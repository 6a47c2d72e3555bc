"""Suspending a version at once, resuming it by two people, retiring it for good."""

from typing import Annotated

from pydantic import Field

from service.domain.canonical import digest_of_json, timestamp
from service.domain.documents import Document, Text
from service.domain.lifecycle import move_version, resume_version
from service.domain.permissions import Actor, require
from service.domain.reviews import require_independence
from service.errors import ResumptionNotRequested, SamePersonTwice, VersionInUse
from service.operations.resources import Resources
from service.operations.versions import contributors_of
from service.storage import models, suspensions, tables, users
from service.storage.database import Session


class ReasonRequest(Document):
    """Why this is done."""

    reason: Annotated[Text, Field(min_length=1)]


class Suspension(Document):
    """A time in which a version was not to be used, and who began and ended it."""

    id: str
    reason: str
    suspended_at: str
    suspended_by: str
    resumption_reason: str | None
    resumption_requested_at: str | None
    resumption_requested_by: str | None
    resumed_at: str | None
    resumed_by: str | None


def create_suspension(
    resources: Resources, actor: Actor, model: str, number: int, request: ReasonRequest
) -> Suspension:
    """Stop the use of an approved version at once. Records: suspensions.created. Raises: NotFound, WrongState."""
    require(actor, "create_suspension")
    with resources.database.write() as session:
        version = models.get_version(session, model, number, lock=True)
        models.set_version_state(session, version, move_version(version.state, "suspended"))
        row = tables.Suspension(
            id=resources.new_id(),
            model=model,
            version=number,
            reason=request.reason,
            suspended_at=resources.clock(),
            suspended_by=actor.id,
            resumption_reason=None,
            resumption_requested_at=None,
            resumption_requested_by=None,
            resumed_at=None,
            resumed_by=None,
        )
        suspensions.add_suspension(session, row)
        _record(resources, session, actor, "suspensions.created", version, row)
        return _describe(session, [row])[0]


def list_suspensions(resources: Resources, actor: Actor, model: str, number: int) -> tuple[Suspension, ...]:
    """All suspensions of a version, newest first. Raises: NotFound."""
    require(actor, "list_suspensions")
    with resources.database.read() as session:
        models.get_version(session, model, number)
        return _describe(session, list(suspensions.suspensions_of(session, model, number)))


def request_resumption(
    resources: Resources, actor: Actor, model: str, number: int, request: ReasonRequest
) -> Suspension:
    """Ask that a suspended version be used again; a newer request takes the place of an older one.

    Records: resumptions.requested. Raises: NotFound, WrongState.
    """
    require(actor, "request_resumption")
    with resources.database.write() as session:
        version = models.get_version(session, model, number, lock=True)
        resume_version(version.state)
        row = suspensions.get_open_suspension(session, model, number)
        row.resumption_reason, row.resumption_requested_by = request.reason, actor.id
        row.resumption_requested_at = resources.clock()
        _record(resources, session, actor, "resumptions.requested", version, row)
        return _describe(session, [row])[0]


def confirm_resumption(resources: Resources, actor: Actor, model: str, number: int) -> Suspension:
    """Let a suspended version be used again, as another person has asked for.

    Records: resumptions.confirmed. Raises: NotFound, WrongState, ResumptionNotRequested, SamePersonTwice,
    ContributorCannotSign, KeyCannotSign.
    """
    require(actor, "confirm_resumption")
    with resources.database.write() as session:
        version = models.get_version(session, model, number, lock=True)
        require_independence(actor, contributors_of(session, version), model, number)
        state = resume_version(version.state)
        row = suspensions.get_open_suspension(session, model, number)
        if row.resumption_requested_by is None:
            raise ResumptionNotRequested(model, number)
        if row.resumption_requested_by == actor.id:
            raise SamePersonTwice
        row.resumed_at, row.resumed_by = resources.clock(), actor.id
        models.set_version_state(session, version, state)
        _record(resources, session, actor, "resumptions.confirmed", version, row)
        return _describe(session, [row])[0]


def retire_version(resources: Resources, actor: Actor, model: str, number: int, request: ReasonRequest) -> None:
    """End the use of a version for good. Records: versions.retired. Raises: NotFound, WrongState, VersionInUse."""
    require(actor, "retire_version")
    with resources.database.write() as session:
        models.get_model(session, model, lock=True)
        version = models.get_version(session, model, number, lock=True)
        state = move_version(version.state, "retired")
        pointing = [row.alias for row in models.aliases_of(session, [model]) if row.version == number]
        if pointing:
            raise VersionInUse(model, number, tuple(pointing))
        version.retirement_reason = request.reason
        models.set_version_state(session, version, state)
        details = {"reason_digest": digest_of_json(request.reason), "digest": version.digest}
        resources.record(session, actor, "versions.retired", _subject(version), details)


def _subject(version: tables.ModelVersion) -> str:
    return f"models/{version.model}/versions/{version.number}"


def _record(
    resources: Resources,
    session: Session,
    actor: Actor,
    action: str,
    version: tables.ModelVersion,
    row: tables.Suspension,
) -> None:
    reason = digest_of_json(row.resumption_reason or row.reason)
    details = {"suspension": row.id, "reason_digest": reason, "digest": version.digest}
    resources.record(session, actor, action, _subject(version), details)


def _describe(session: Session, rows: list[tables.Suspension]) -> tuple[Suspension, ...]:
    acting = {person for row in rows for person in (row.suspended_by, row.resumption_requested_by, row.resumed_by)}
    people = users.printed_names(session, {person for person in acting if person is not None})
    return tuple(
        Suspension(
            id=row.id,
            reason=row.reason,
            suspended_at=timestamp(row.suspended_at),
            suspended_by=people[row.suspended_by],
            resumption_reason=row.resumption_reason,
            resumption_requested_at=timestamp(row.resumption_requested_at) if row.resumption_requested_at else None,
            resumption_requested_by=people[row.resumption_requested_by] if row.resumption_requested_by else None,
            resumed_at=timestamp(row.resumed_at) if row.resumed_at else None,
            resumed_by=people[row.resumed_by] if row.resumed_by else None,
        )
        for row in rows
    )
