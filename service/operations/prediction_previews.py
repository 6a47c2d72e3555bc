"""Previews of predictions: what a person sees while trying values; nothing is recorded, so no program gets them."""

from service.domain.permissions import Actor, require
from service.domain.predictions import (
    MOST_PREVIEWED_ROWS,
    Prediction,
    PredictionPreview,
    PredictionPreviews,
    PredictionRequest,
)
from service.errors import KeyCannotPreview, TooManyRows
from service.modelling.prediction import link_of, predict
from service.operations import explanations
from service.operations.resources import Resources
from service.storage import models


def preview_predictions(
    resources: Resources, actor: Actor, model: str, number: int, request: PredictionRequest
) -> PredictionPreviews:
    """What a version in any state would say of a few rows, by the same computation as a prediction.

    Features are measured as in a prediction with `explain=edges`, whatever the request says: under `auto` nothing is
    sampled, so that the answer is there while a slider moves. Raises: NotFound (also of a reference), KeyCannotPreview,
    TooManyRows, leaves of InvalidRow, NotAdditive, LocaleUnknown.
    """
    require(actor, "preview_predictions")
    if not actor.is_person:
        raise KeyCannotPreview
    if len(request.rows) > MOST_PREVIEWED_ROWS:
        raise TooManyRows(len(request.rows), MOST_PREVIEWED_ROWS)
    with resources.database.read() as session:
        version = models.get_version(session, model, number)
    network = resources.registry.get(version.digest)
    basis = explanations.basis_of_request(resources, network, version, explanations.Asked.of(request))
    answers = predict(network, request.rows, "edges", [""] * len(request.rows), basis)
    return PredictionPreviews(
        model=model,
        version=number,
        digest=version.digest,
        link=link_of(network),
        previews=tuple(_preview(Prediction.model_validate_json(answer.text)) for answer in answers),
    )


def _preview(answer: Prediction) -> PredictionPreview:
    return PredictionPreview(**{name: getattr(answer, name) for name in PredictionPreview.model_fields})
