"""Reason dictionaries: revisions of a model's reason codes, and the gate that wants them complete."""

from service.domain.canonical import digest_of_json, timestamp
from service.domain.permissions import Actor, require
from service.domain.reasons import (
    NO_DICTIONARY,
    ReasonCoverage,
    ReasonDictionary,
    ReasonDictionaryRequest,
    ReasonEntry,
    check_entries,
    unmapped_features,
)
from service.errors import PreconditionFailed, PreconditionRequired, ReasonsMissing
from service.modelling.reasons import scored_features
from service.operations.explanations import entries_of
from service.operations.resources import Resources
from service.storage import models, reason_dictionaries, tables, users
from service.storage.database import Session


def put_reason_dictionary(
    resources: Resources, actor: Actor, model: str, request: ReasonDictionaryRequest, if_match: str | None
) -> ReasonDictionary:
    """Replace a model's dictionary by its next revision; decisions made before keep theirs.

    Records: reason_dictionaries.put. Raises: NotFound, InvalidReasonDictionary, ReasonTextInsufficient,
    PreconditionRequired, PreconditionFailed, ReasonsMissing where the champion would lose reasons that it needs.
    """
    require(actor, "put_reason_dictionary")
    check_entries(request.entries)
    entries = [entry.model_dump(mode="json") for entry in request.entries]
    with resources.database.write() as session:
        models.get_model(session, model, lock=True)
        current = reason_dictionaries.find_newest(session, model)
        if if_match is None:
            raise PreconditionRequired(_etag(current))
        if if_match != _etag(current):
            raise PreconditionFailed(_etag(current))
        champion = models.find_alias(session, model, "champion")
        if champion is not None:
            version = models.get_version(session, model, champion.version)
            _require_mapped(resources, session, version, request.entries)
        row = tables.ReasonDictionary(
            model=model,
            revision=current.revision + 1 if current else 1,
            entries=entries,
            digest=digest_of_json(entries),
            created_at=resources.clock(),
            created_by=actor.id,
        )
        reason_dictionaries.add_dictionary(session, row)
        details = {"revision": row.revision, "digest": row.digest}
        resources.record(session, actor, "reason_dictionaries.put", f"models/{model}/reason-dictionary", details)
    return _describe(model, row, {actor.id: actor.printed_name})


def get_reason_dictionary(resources: Resources, actor: Actor, model: str, revision: int | None) -> ReasonDictionary:
    """A revision, the newest where none is named; a model without a dictionary is an answer. Raises: NotFound."""
    require(actor, "get_reason_dictionary")
    with resources.database.read() as session:
        models.get_model(session, model)
        row = (
            reason_dictionaries.find_newest(session, model)
            if revision is None
            else reason_dictionaries.get_dictionary(session, model, revision)
        )
        people = users.printed_names(session, [row.created_by] if row else [])
    return _describe(model, row, people)


def get_reason_coverage(resources: Resources, actor: Actor, model: str, number: int) -> ReasonCoverage:
    """Which scored features of a version the newest dictionary has no words for. Raises: NotFound."""
    require(actor, "get_reason_coverage")
    with resources.database.read() as session:
        version = models.get_version(session, model, number)
        needs_reasons = models.get_model(session, model).adverse_action
        row = reason_dictionaries.find_newest(session, model)
    scored = scored_features(resources.registry.get(version.digest))
    return ReasonCoverage(
        model=model,
        version=number,
        dictionary=row.revision if row else None,
        scored=scored,
        unmapped=unmapped_features(entries_of(row), scored),
        required=needs_reasons,
    )


def require_reasons(resources: Resources, session: Session, version: tables.ModelVersion) -> None:
    """Raise ReasonsMissing where decisions of the model need reasons and a scored feature has none."""
    entries = entries_of(reason_dictionaries.find_newest(session, version.model))
    _require_mapped(resources, session, version, entries)


def missing_reasons(resources: Resources, session: Session, version: tables.ModelVersion) -> tuple[str, ...]:
    """Scored features that the newest dictionary lacks words for."""
    entries = entries_of(reason_dictionaries.find_newest(session, version.model))
    unmapped = unmapped_features(entries, scored_features(resources.registry.get(version.digest)))
    return tuple(dict.fromkeys(one.feature for one in unmapped))


def _require_mapped(
    resources: Resources, session: Session, version: tables.ModelVersion, entries: tuple[ReasonEntry, ...]
) -> None:
    if not models.get_model(session, version.model).adverse_action:
        return
    scored = scored_features(resources.registry.get(version.digest))
    unmapped = unmapped_features(entries, scored)
    if unmapped:
        raise ReasonsMissing(version.model, version.number, tuple(dict.fromkeys(one.feature for one in unmapped)))


def _etag(row: tables.ReasonDictionary | None) -> str:
    return f'"r{row.revision}"' if row else NO_DICTIONARY


def _describe(model: str, row: tables.ReasonDictionary | None, people: dict[str, str]) -> ReasonDictionary:
    return ReasonDictionary(
        model=model,
        revision=row.revision if row else None,
        entries=entries_of(row),
        digest=row.digest if row else None,
        etag=_etag(row),
        created_at=timestamp(row.created_at) if row else None,
        created_by=people[row.created_by] if row else None,
    )
