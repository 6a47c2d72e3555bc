"""Predictions: explained, recorded, and only then answered; looked up and replayed later."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from service.domain.canonical import canonical_json, digest_of, timestamp
from service.domain.documents import Document, from_stored
from service.domain.features import Picture, PictureFormat
from service.domain.pages import Page, PageRequest
from service.domain.permissions import Actor, require
from service.domain.predictions import (
    ChartKind,
    Explain,
    Link,
    Prediction,
    PredictionRequest,
    Predictions,
    Replay,
    StoredPrediction,
    Value,
)
from service.errors import NoChampion, NotFound, TooManyRows
from service.modelling import charts
from service.modelling.prediction import link_of, predict
from service.modelling.registry import LoadedModel
from service.operations import explanations, idempotency
from service.operations.resources import Resources
from service.operations.versions import require_usable
from service.storage import models, predictions, tables, users
from service.storage.database import Session


class PredictionSummary(Document):
    """A decision record as it is listed."""

    id: str
    model: str
    version: int
    trial: bool
    link: Link
    output_link: float
    output_response: float
    outcome: str | None
    created_at: str
    created_by: str


def create_predictions(
    resources: Resources, actor: Actor, model: str, request: PredictionRequest, key: str | None = None
) -> Predictions:
    """Predict with the model's champion. Records: predictions.created.

    Raises: NotFound (also of a reference), NoChampion, VersionNotApproved, ApprovalExpired, TooManyRows,
    leaves of InvalidRow, NotAdditive, LocaleUnknown, IdempotencyKeyReused.
    """
    require(actor, "create_predictions")
    with resources.database.read() as session:
        models.get_model(session, model)
        alias = models.find_alias(session, model, "champion")
        if alias is None:
            raise NoChampion(model)
        version = require_usable(resources, models.get_version(session, model, alias.version))
    return _predict(resources, actor, version, request, _Repetition(key, f"{model}/champion"), trial=False)


def create_version_predictions(
    resources: Resources, actor: Actor, model: str, number: int, request: PredictionRequest, key: str | None = None
) -> Predictions:
    """Predict with an approved version. Records: predictions.created. Raises: as create_predictions."""
    require(actor, "create_version_predictions")
    with resources.database.read() as session:
        version = require_usable(resources, models.get_version(session, model, number))
    return _predict(resources, actor, version, request, _Repetition(key, f"{model}/{number}"), trial=False)


def create_trial_predictions(
    resources: Resources, actor: Actor, model: str, number: int, request: PredictionRequest, key: str | None = None
) -> Predictions:
    """Predict with a version in any state, to review it; the record says that it is a trial.

    Records: predictions.created. Raises: as create_predictions, but for VersionNotApproved.
    """
    require(actor, "create_trial_predictions")
    with resources.database.read() as session:
        version = models.get_version(session, model, number)
    return _predict(resources, actor, version, request, _Repetition(key, f"{model}/{number}/trial"), trial=True)


def list_predictions(
    resources: Resources, actor: Actor, model: str | None, request: PageRequest
) -> Page[PredictionSummary]:
    """Decision records, newest first; of one model when it is named."""
    require(actor, "list_predictions")
    with resources.database.read() as session:
        page = predictions.page(session, model, request)
        people = users.printed_names(session, [row.created_by for row in page.items])
    return Page(items=tuple(_summary(row, people) for row in page.items), next_cursor=page.next_cursor)


def get_prediction(resources: Resources, actor: Actor, prediction_id: str) -> StoredPrediction:
    """A decision record; a client sees its own only. Raises: NotFound."""
    require(actor, "get_prediction")
    with resources.database.read() as session:
        row = predictions.get_prediction(session, prediction_id)
        if actor.roles == {"client"} and row.created_by != actor.id:
            raise NotFound("prediction", prediction_id)
        people = users.printed_names(session, [row.created_by])
    return StoredPrediction(
        model=row.model,
        version=row.version,
        digest=row.digest,
        link=row.link,
        trial=row.trial,
        row=json.loads(row.row),
        prediction=_prediction(row),
        record_digest=row.record_digest,
        created_at=timestamp(row.created_at),
        created_by=people[row.created_by],
    )


def get_prediction_chart(resources: Resources, actor: Actor, prediction_id: str, kind: ChartKind) -> dict[str, Any]:
    """A decision record as a plotly figure. Raises: NotFound, ArtifactCorrupted."""
    require(actor, "get_prediction_chart")
    return charts.prediction_chart(*_record_and_model(resources, prediction_id), kind)


def get_prediction_picture(
    resources: Resources, actor: Actor, prediction_id: str, kind: ChartKind, format: PictureFormat
) -> Picture:
    """A decision record as a picture for reports. Raises: NotFound, ArtifactCorrupted."""
    require(actor, "get_prediction_picture")
    return charts.prediction_picture(*_record_and_model(resources, prediction_id), kind, format)


def _record_and_model(resources: Resources, prediction_id: str) -> tuple[LoadedModel, Prediction]:
    with resources.database.read() as session:
        row = predictions.get_prediction(session, prediction_id)
    return resources.registry.get(row.digest), _prediction(row)


def replay_prediction(resources: Resources, actor: Actor, prediction_id: str) -> Replay:
    """Compute a decision record again from the stored artifact and compare the bits.

    Records: predictions.replayed. Raises: NotFound, ArtifactCorrupted.
    """
    require(actor, "replay_prediction")
    with resources.database.read() as session:
        row = predictions.get_prediction(session, prediction_id)
        stored = _prediction(row)
        dictionary = explanations.stored_dictionary(session, row.model, stored)
    network = resources.registry.get(row.digest)
    basis = explanations.basis_of_record(resources, network, stored, dictionary)
    again = predict(network, [json.loads(row.row)], row.explain, [row.id], basis)[0]
    digest = digest_of(canonical_json(again.model_dump(mode="json")).encode())
    identical = digest == row.record_digest
    with resources.database.write() as session:
        details = {"identical": identical, "digest": digest}
        resources.record(session, actor, "predictions.replayed", f"predictions/{row.id}", details)
    return Replay(id=row.id, identical=identical, stored_digest=row.record_digest, replayed_digest=digest)


@dataclass(frozen=True)
class _Repetition:
    """How a repeated call is recognised: its key, and what was asked, however that was answered then."""

    key: str | None
    target: str

    @property
    def operation(self) -> str:
        return f"predictions/{self.target}"


def _predict(
    resources: Resources,
    actor: Actor,
    version: tables.ModelVersion,
    request: PredictionRequest,
    repetition: _Repetition,
    *,
    trial: bool,
) -> Predictions:
    limit = _most_rows(resources, version, trial=trial)
    if len(request.rows) > limit:
        raise TooManyRows(len(request.rows), limit)
    network = resources.registry.get(version.digest)
    basis = explanations.basis_of_request(resources, network, version, request)
    ids = [resources.new_id() for _ in request.rows]
    answers = predict(network, request.rows, request.explain, ids, basis)
    link = link_of(network)
    with resources.database.write() as session:
        claim = idempotency.claim(resources, session, actor, repetition.key, repetition.operation, request)
        if claim.earlier:
            earlier = predictions.get_predictions(session, claim.earlier)
            return _answer(earlier, [_prediction(record) for record in earlier])
        if not trial:  # it may have been suspended while the answer was computed
            require_usable(resources, models.get_version(session, version.model, version.number, lock=True))
        records = [
            _record(resources, actor, version, link, request.explain, row, answer, trial=trial)
            for row, answer in zip(request.rows, answers, strict=True)
        ]
        predictions.add_predictions(session, records)
        claim.settle(ids)
        _record_event(resources, session, actor, version, records)
    return _answer(records, answers)


def _most_rows(resources: Resources, version: tables.ModelVersion, *, trial: bool) -> int:
    allowed = resources.settings.maximum_prediction_rows
    return allowed if trial else min(allowed, version.maximum_rows or allowed)


def _answer(records: Sequence[tables.Prediction], answers: Sequence[Prediction]) -> Predictions:
    """What is sent is what was stored, also at a repetition after the champion has moved."""
    first = records[0]
    return Predictions(
        model=first.model,
        version=first.version,
        digest=first.digest,
        link=first.link,
        trial=first.trial,
        predictions=tuple(answers),
    )


def _record(
    resources: Resources,
    actor: Actor,
    version: tables.ModelVersion,
    link: Link,
    explain: Explain,
    row: dict[str, Value],
    answer: Prediction,
    *,
    trial: bool,
) -> tables.Prediction:
    text = canonical_json(answer.model_dump(mode="json"))
    return tables.Prediction(
        id=answer.id,
        model=version.model,
        version=version.number,
        digest=version.digest,
        link=link,
        trial=trial,
        explain=explain,
        row=canonical_json(row),
        record=text,
        record_digest=digest_of(text.encode()),
        created_at=resources.clock(),
        created_by=actor.id,
        api_key_id=actor.api_key_id,
    )


def _record_event(
    resources: Resources,
    session: Session,
    actor: Actor,
    version: tables.ModelVersion,
    records: Sequence[tables.Prediction],
) -> None:
    subject = f"models/{version.model}/versions/{version.number}"
    digests = {record.id: record.record_digest for record in records}
    resources.record(session, actor, "predictions.created", subject, {"records": digests})


def _prediction(row: tables.Prediction) -> Prediction:
    return from_stored(Prediction, json.loads(row.record))


def _summary(row: tables.Prediction, people: dict[str, str]) -> PredictionSummary:
    output = _prediction(row).output
    return PredictionSummary(
        id=row.id,
        model=row.model,
        version=row.version,
        trial=row.trial,
        link=row.link,
        output_link=output.link,
        output_response=output.response,
        outcome=output.outcome,
        created_at=timestamp(row.created_at),
        created_by=people[row.created_by],
    )
