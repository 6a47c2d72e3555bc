"""Predictions: explained, recorded, and only then answered; looked up and replayed later."""

import asyncio
import json
from typing import Any

from service.domain.canonical import timestamp
from service.domain.documents import Document
from service.domain.features import Picture, PictureFormat
from service.domain.pages import Page, PageRequest
from service.domain.permissions import Actor, require
from service.domain.predictions import (
    ChartKind,
    Link,
    Prediction,
    PredictionRequest,
    Predictions,
    PredictionSearch,
    StoredPrediction,
)
from service.errors import AnswerLate, NotFound, ServiceBusy
from service.modelling import charts
from service.modelling.registry import LoadedModel
from service.operations.decision_records import opened_row, prediction_of
from service.operations.prediction_plans import Target
from service.operations.prediction_works import Answer, PredictionWork
from service.operations.resources import Resources
from service.storage import predictions, tables, users


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

    Raises: NotFound (also of a reference), NoChampion, VersionNotApproved, ApprovalExpired, TooManyRows, QuotaSpent,
    leaves of InvalidRow, NotAdditive, LocaleUnknown, IdempotencyKeyReused, ServiceBusy, ServiceStopping, AnswerLate.
    """
    require(actor, "create_predictions")
    return _wait(PredictionWork(resources, actor, Target(model), request, key)).document()


def create_version_predictions(
    resources: Resources, actor: Actor, model: str, number: int, request: PredictionRequest, key: str | None = None
) -> Predictions:
    """Predict with an approved version. Records: predictions.created. Raises: as create_predictions."""
    require(actor, "create_version_predictions")
    return _wait(PredictionWork(resources, actor, Target(model, number), request, key)).document()


def create_trial_predictions(
    resources: Resources, actor: Actor, model: str, number: int, request: PredictionRequest, key: str | None = None
) -> Predictions:
    """Predict with a version in any state, to review it; the record says that it is a trial.

    Records: predictions.created. Raises: as create_predictions, but for VersionNotApproved.
    """
    require(actor, "create_trial_predictions")
    return _wait(PredictionWork(resources, actor, Target(model, number, trial=True), request, key)).document()


async def answer_predictions(
    resources: Resources, actor: Actor, action: str, target: Target, request: PredictionRequest, key: str | None
) -> bytes:
    """What `create_predictions` and its siblings do, named by `action`, without a thread: the JSON of the answer.

    Records: predictions.created. Raises: as create_predictions.
    """
    require(actor, action)
    work = PredictionWork(resources, actor, target, request, key)
    if work.plan is None:
        await asyncio.to_thread(work.prepare)
    seconds = resources.settings.prediction_timeout_seconds
    if not await work.lane.finished(work, seconds):
        raise _late(work, seconds)
    answer: Answer = work.done.result()
    return answer.content


def _wait(work: PredictionWork) -> Answer:
    work.prepare()
    work.lane.put(work)
    seconds = work.resources.settings.prediction_timeout_seconds
    try:
        answer: Answer = work.done.result(seconds)
    except TimeoutError:
        raise _late(work, seconds) from None
    return answer


def _late(work: PredictionWork, seconds: float) -> ServiceBusy | AnswerLate:
    """Give the work up: where it was not being stored yet, it never is."""
    return ServiceBusy() if work.done.cancel() or work.done.cancelled() else AnswerLate(seconds)


def list_predictions(
    resources: Resources, actor: Actor, search: PredictionSearch, request: PageRequest
) -> Page[PredictionSummary]:
    """The decision records that are meant, newest first."""
    require(actor, "list_predictions")
    with resources.database.read() as session:
        page = predictions.page(session, search, request)
        people = users.printed_names(session, [row.created_by for row in page.items])
    return Page(items=tuple(_summary(resources, row, people) for row in page.items), next_cursor=page.next_cursor)


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
        row=json.loads(opened_row(resources, row)),
        prediction=prediction_of(resources, row),
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
    return resources.registry.get(row.digest), prediction_of(resources, row)


def _summary(resources: Resources, row: tables.Prediction, people: dict[str, str]) -> PredictionSummary:
    output = prediction_of(resources, row).output
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
