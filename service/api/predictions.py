"""Predictions with explanations, and the records that are kept of them."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from service.api.dependencies import (
    Caller,
    IdempotencyKey,
    Identifier,
    Injected,
    ModelFilter,
    ModelName,
    RequestedPage,
    VersionNumber,
)
from service.api.pictures import PICTURE_RESPONSES, Format, file_response
from service.api.versions import Figure
from service.domain.pages import Page
from service.domain.predictions import ChartKind, PredictionRequest, Predictions, Replay, StoredPrediction
from service.operations import predictions
from service.operations.predictions import PredictionSummary

Kind = Annotated[ChartKind, Query(description="What is drawn: features as steps, or edges as a flow.")]

router = APIRouter(tags=["predictions"])


@router.post("/models/{model}/predictions")
def create_predictions(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    request: PredictionRequest,
    idempotency_key: IdempotencyKey = None,
) -> Predictions:
    """Predict with the champion; the answer is stored before it is sent."""
    return predictions.create_predictions(resources, actor, model, request, idempotency_key)


@router.post("/models/{model}/versions/{number}/predictions")
def create_version_predictions(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    number: VersionNumber,
    request: PredictionRequest,
    idempotency_key: IdempotencyKey = None,
) -> Predictions:
    """Predict with an approved version."""
    return predictions.create_version_predictions(resources, actor, model, number, request, idempotency_key)


@router.post("/models/{model}/versions/{number}/trial-predictions")
def create_trial_predictions(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    number: VersionNumber,
    request: PredictionRequest,
    idempotency_key: IdempotencyKey = None,
) -> Predictions:
    """Try a version in any state, for its review; the record says that it is a trial."""
    return predictions.create_trial_predictions(resources, actor, model, number, request, idempotency_key)


@router.get("/predictions")
def list_predictions(
    resources: Injected,
    actor: Caller,
    page: RequestedPage,
    model: ModelFilter = None,
) -> Page[PredictionSummary]:
    """Decision records, newest first."""
    return predictions.list_predictions(resources, actor, model, page)


@router.get("/predictions/{prediction_id}")
def get_prediction(resources: Injected, actor: Caller, prediction_id: Identifier) -> StoredPrediction:
    """One decision record."""
    return predictions.get_prediction(resources, actor, prediction_id)


@router.get("/predictions/{prediction_id}/chart")
def get_prediction_chart(
    resources: Injected, actor: Caller, prediction_id: Identifier, kind: Kind = "waterfall"
) -> Figure:
    """A decision record as a plotly figure: the way to the output by features, or the flow through the edges."""
    return Figure.model_validate(predictions.get_prediction_chart(resources, actor, prediction_id, kind))


@router.get("/predictions/{prediction_id}/picture", response_class=Response, responses=PICTURE_RESPONSES)
def get_prediction_picture(
    resources: Injected, actor: Caller, prediction_id: Identifier, format: Format, kind: Kind = "waterfall"
) -> Response:
    """The chart of a decision record as an SVG or PNG file, for reports."""
    return file_response(predictions.get_prediction_picture(resources, actor, prediction_id, kind, format))


@router.post("/predictions/{prediction_id}/replay")
def replay_prediction(resources: Injected, actor: Caller, prediction_id: Identifier) -> Replay:
    """Compute the record again from the stored artifact and compare the bits."""
    return predictions.replay_prediction(resources, actor, prediction_id)
