"""Predictions with explanations, and the records that are kept of them."""

from fastapi import APIRouter

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
from service.api.versions import Figure
from service.domain.pages import Page
from service.domain.predictions import PredictionRequest, Predictions, Replay, StoredPrediction
from service.operations import predictions
from service.operations.predictions import PredictionSummary

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
def get_prediction_chart(resources: Injected, actor: Caller, prediction_id: Identifier) -> Figure:
    """The waterfall of a decision record as a plotly figure."""
    return Figure.model_validate(predictions.get_prediction_chart(resources, actor, prediction_id))


@router.post("/predictions/{prediction_id}/replay")
def replay_prediction(resources: Injected, actor: Caller, prediction_id: Identifier) -> Replay:
    """Compute the record again from the stored artifact and compare the bits."""
    return predictions.replay_prediction(resources, actor, prediction_id)
