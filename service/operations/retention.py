"""Retention: schedules and legal holds for each model, and the erasure of decision records that are old enough.

Records are deleted, and then the keys of the days on which they were made are destroyed, so that copies of the database
that hold them are unreadable too. An erased record leaves its id and its digest: whoever has a copy can still show that
it is the record that was made, and the audit trail, which never held more than the digest, verifies as before.
"""

from datetime import UTC, datetime, time

from pydantic import Field

from service.domain.canonical import digest_of_json, timestamp
from service.domain.documents import Document
from service.domain.permissions import Actor, require
from service.domain.retention import RetentionRequest, erased_before, require_erasable
from service.errors import PreconditionFailed, PreconditionRequired
from service.operations.resources import Resources
from service.storage import models, retention, tables
from service.storage.database import Session

#: Records in one transaction, so that predictions do not wait for an erasure.
BATCH = 500


class Retention(Document):
    """A model's schedule, and what could be erased now; `etag` is what a change must name in If-Match."""

    model: str
    keep_days: int | None
    legal_hold: str | None
    due: int = Field(description="Records that are old enough, a legal hold aside.")
    changed_at: str | None
    etag: str


class Erasure(Document):
    """How many decision records were erased, and before which moment they were made."""

    model: str
    erased: int
    made_before: str
    keys_destroyed: int = Field(description="Days whose key was destroyed, for copies of the records in backups.")


def get_retention(resources: Resources, actor: Actor, model: str) -> Retention:
    """How long records of a model are kept. Raises: NotFound."""
    require(actor, "get_retention")
    with resources.database.read() as session:
        models.get_model(session, model)
        return _describe(resources, session, model, retention.find_schedule(session, model))


def put_retention(
    resources: Resources, actor: Actor, model: str, request: RetentionRequest, if_match: str | None
) -> Retention:
    """Settle how long records are kept, or put them on hold. Records: retentions.put.

    Raises: NotFound, PreconditionRequired, PreconditionFailed.
    """
    require(actor, "put_retention")
    with resources.database.write() as session:
        models.get_model(session, model, lock=True)
        etag = _etag(retention.find_schedule(session, model))
        if if_match is None:
            raise PreconditionRequired(etag)
        if if_match != etag:
            raise PreconditionFailed(etag)
        found = retention.find_schedule(session, model)
        row = tables.RetentionSchedule(
            model=model,
            keep_days=request.keep_days,
            legal_hold=request.legal_hold,
            revision=found.revision + 1 if found else 1,
            changed_at=resources.clock(),
            changed_by=actor.id,
        )
        retention.put_schedule(session, row)
        held = digest_of_json(request.legal_hold) if request.legal_hold else None
        details = {"keep_days": request.keep_days, "legal_hold_digest": held}
        resources.record(session, actor, "retentions.put", f"models/{model}/retention", details)
        return _describe(resources, session, model, row)


def erase_predictions(resources: Resources, actor: Actor | None, model: str) -> Erasure:
    """Erase all decision records that the schedule does not keep; the command line needs no actor.

    Records: predictions.erased for each batch, then record_keys.destroyed.
    Raises: NotFound, OnLegalHold, NoRetentionSchedule, StorageFull.
    """
    if actor is not None:
        require(actor, "erase_predictions")
    with resources.database.read() as session:
        models.get_model(session, model)
        before = _erasable_before(resources, session, model)
    total = 0
    while erased := _erase_batch(resources, actor, model, before):
        total += erased
    keys = _destroy_keys(resources, actor, model)
    return Erasure(model=model, erased=total, made_before=timestamp(before), keys_destroyed=keys)


def erasable_models(resources: Resources) -> tuple[str, ...]:
    """The models that have a schedule and no legal hold."""
    with resources.database.read() as session:
        rows = retention.schedules(session)
    return tuple(row.model for row in rows if row.keep_days is not None and row.legal_hold is None)


def _erase_batch(resources: Resources, actor: Actor | None, model: str, before: datetime) -> int:
    with resources.database.write() as session:
        models.get_model(session, model, lock=True)
        before = min(before, _erasable_before(resources, session, model))  # a hold may have come since
        erased = retention.erase_older(session, model, before, BATCH, resources.clock())
        if erased:
            subject = f"models/{model}/predictions"
            resources.record(session, actor, "predictions.erased", subject, {"records": erased})
        return len(erased)


def _destroy_keys(resources: Resources, actor: Actor | None, model: str) -> int:
    """Destroy the keys of days of which no record is left; the event is there first, and a crash between is made up."""
    with resources.database.write() as session:
        models.get_model(session, model, lock=True)
        before = _erasable_before(resources, session, model).date()
        days = resources.record_keys.days(model, before)
        if not days or retention.count_older(session, model, datetime.combine(before, time(), UTC)):
            return 0
        details = {"days": len(days), "first": days[0].isoformat(), "last": days[-1].isoformat()}
        resources.record(session, actor, "record_keys.destroyed", f"models/{model}/record-keys", details)
    resources.record_keys.destroy(model, days)
    return len(days)


def _erasable_before(resources: Resources, session: Session, model: str) -> datetime:
    row = retention.find_schedule(session, model)
    days = require_erasable(model, row.keep_days if row else None, row.legal_hold if row else None)
    return erased_before(resources.clock(), days)


def _etag(row: tables.RetentionSchedule | None) -> str:
    return f'"r{row.revision}"' if row else '"none"'


def _describe(resources: Resources, session: Session, model: str, row: tables.RetentionSchedule | None) -> Retention:
    days = row.keep_days if row else None
    due = 0 if days is None else retention.count_older(session, model, erased_before(resources.clock(), days))
    return Retention(
        model=model,
        keep_days=days,
        legal_hold=row.legal_hold if row else None,
        due=due,
        changed_at=timestamp(row.changed_at) if row else None,
        etag=_etag(row),
    )
