"""What a version has learned: its features, their interactions, and charts of them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from service.api.dependencies import Caller, EdgeId, Injected, ModelName, VersionNumber
from service.api.pictures import PICTURE_RESPONSES, Format, file_response
from service.api.versions import Figure
from service.domain.features import Features, Interaction
from service.domain.pages import Page
from service.operations import features

router = APIRouter(tags=["features"], prefix="/models/{model}/versions/{number}")

FeatureName = Annotated[str, Path(min_length=1, max_length=200)]
OtherFeature = Annotated[str, Query(min_length=1, max_length=200)]
OutputNumber = Annotated[int, Query(ge=0, description="The output that the dependence is of.")]
Individual = Annotated[int, Query(ge=0, le=100, description="How many curves of single reference rows are added.")]


@router.get("/features")
def list_features(resources: Injected, actor: Caller, model: ModelName, number: VersionNumber) -> Features:
    """Features by how much they move the answers, strongest first."""
    return features.list_features(resources, actor, model, number)


@router.get("/features/{feature:path}/chart")
def get_feature_chart(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    number: VersionNumber,
    feature: FeatureName,
    output: OutputNumber = 0,
    individual: Individual = 0,
) -> Figure:
    """How the output moves with a feature, with band and data density, as a plotly figure."""
    return Figure.model_validate(
        features.get_feature_chart(resources, actor, model, number, feature, output, individual)
    )


@router.get("/features/{feature:path}/picture", response_class=Response, responses=PICTURE_RESPONSES)
def get_feature_picture(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    number: VersionNumber,
    feature: FeatureName,
    format: Format,
    output: OutputNumber = 0,
    individual: Individual = 0,
) -> Response:
    """The chart of a feature as an SVG or PNG file, for reports."""
    return file_response(
        features.get_feature_picture(resources, actor, model, number, feature, output, individual, format)
    )


@router.get("/edges/{edge}/picture", response_class=Response, responses=PICTURE_RESPONSES)
def get_edge_picture(
    resources: Injected, actor: Caller, model: ModelName, number: VersionNumber, edge: EdgeId, format: Format
) -> Response:
    """The chart of an edge as an SVG or PNG file, for reports."""
    return file_response(features.get_edge_picture(resources, actor, model, number, edge, format))


@router.get("/interactions")
def list_interactions(resources: Injected, actor: Caller, model: ModelName, number: VersionNumber) -> Page[Interaction]:
    """Pairs of features that act together, strongest first; none in an additive version."""
    return Page[Interaction](items=features.list_interactions(resources, actor, model, number))


@router.get("/interactions/chart")
def get_interaction_chart(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    number: VersionNumber,
    first: OtherFeature,
    second: OtherFeature,
    output: OutputNumber = 0,
) -> Figure:
    """How the output moves with two features together, as a plotly figure."""
    return Figure.model_validate(features.get_interaction_chart(resources, actor, model, number, first, second, output))
