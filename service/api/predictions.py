"""Predictions with explanations, and the records that are kept of them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse

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
from service.domain.documents import Line, Moment
from service.domain.pages import Page
from service.domain.permissions import Actor
from service.domain.predictions import (
    ChartKind,
    PredictionPreviews,
    PredictionRequest,
    Predictions,
    PredictionSearch,
    Replay,
    StoredPrediction,
)
from service.operations import prediction_exports, prediction_previews, predictions, replays
from service.operations.prediction_exports import ExportFormat
from service.operations.prediction_plans import Target
from service.operations.predictions import PredictionSummary
from service.operations.resources import Resources

Kind = Annotated[ChartKind, Query(description="What is drawn: features as steps, or edges as a flow.")]

EXPORT_MEDIA_TYPES: dict[ExportFormat, str] = {
    "jsonl": "application/jsonl",
    "parquet": "application/vnd.apache.parquet",
}

router = APIRouter(tags=["predictions"])


async def _search(
    model: ModelFilter = None,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    caller: Annotated[Line | None, Query(description="Sign-in name of the caller, or of the key's owner.")] = None,
    outcome: Annotated[Line | None, Query(description="The outcome that a record speaks of.")] = None,
    since: Annotated[Moment | None, Query(description="Records from this moment on.")] = None,
    until: Annotated[Moment | None, Query(description="Records before this moment.")] = None,
) -> PredictionSearch:
    return PredictionSearch(model=model, version=version, caller=caller, outcome=outcome, since=since, until=until)


@router.post("/models/{model}/predictions", response_model=Predictions)
async def create_predictions(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    request: PredictionRequest,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Predict with the champion; the answer is stored before it is sent."""
    return await _answer(resources, actor, "create_predictions", Target(model), request, idempotency_key)


@router.post("/models/{model}/versions/{number}/predictions", response_model=Predictions)
async def create_version_predictions(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    number: VersionNumber,
    request: PredictionRequest,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Predict with an approved version."""
    target = Target(model, number)
    return await _answer(resources, actor, "create_version_predictions", target, request, idempotency_key)


@router.post("/models/{model}/versions/{number}/trial-predictions", response_model=Predictions)
async def create_trial_predictions(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    number: VersionNumber,
    request: PredictionRequest,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Try a version in any state, for its review; the record says that it is a trial."""
    target = Target(model, number, trial=True)
    return await _answer(resources, actor, "create_trial_predictions", target, request, idempotency_key)


async def _answer(
    resources: Resources, actor: Actor, action: str, target: Target, request: PredictionRequest, key: str | None
) -> Response:
    answer = await predictions.answer_predictions(resources, actor, action, target, request, key)
    return Response(answer, media_type="application/json")


@router.post("/models/{model}/versions/{number}/prediction-preview")
def preview_predictions(
    resources: Injected, actor: Caller, model: ModelName, number: VersionNumber, request: PredictionRequest
) -> PredictionPreviews:
    """See what a version would say of at most 20 rows, while one tries values; nothing is recorded."""
    return prediction_previews.preview_predictions(resources, actor, model, number, request)


@router.get("/predictions")
def list_predictions(
    resources: Injected, actor: Caller, page: RequestedPage, search: Annotated[PredictionSearch, Depends(_search)]
) -> Page[PredictionSummary]:
    """Decision records by model, version, caller, outcome and time, newest first."""
    return predictions.list_predictions(resources, actor, search, page)


@router.get(
    "/predictions/export",
    response_class=StreamingResponse,
    responses={200: {"content": {kind: {} for kind in EXPORT_MEDIA_TYPES.values()}, "description": "The records."}},
)
def export_predictions(
    resources: Injected,
    actor: Caller,
    search: Annotated[PredictionSearch, Depends(_search)],
    format: Annotated[ExportFormat, Query(description="JSON lines, or a Parquet file.")] = "jsonl",
) -> StreamingResponse:
    """The same records with rows and contributions, oldest first, streamed; the audit trail says who took them."""
    parts = prediction_exports.export_predictions(resources, actor, search, format)
    headers = {"Content-Disposition": f'attachment; filename="predictions.{format}"'}
    return StreamingResponse(parts, media_type=EXPORT_MEDIA_TYPES[format], headers=headers)


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
    return replays.replay_prediction(resources, actor, prediction_id)
