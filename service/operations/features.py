"""What a version has learned, as a whole: features, interactions, and their charts."""

from typing import Any

from service.domain.features import Features, Interaction, Picture, PictureFormat
from service.domain.permissions import Actor, require
from service.modelling import features
from service.modelling.registry import LoadedModel
from service.operations.resources import Resources
from service.storage import models


def list_features(resources: Resources, actor: Actor, model: str, number: int) -> Features:
    """Features by how much they move the answers. Raises: NotFound, ArtifactCorrupted."""
    require(actor, "list_features")
    return features.describe_features(_loaded(resources, model, number))


def get_feature_chart(
    resources: Resources, actor: Actor, model: str, number: int, feature: str, output: int, individual: int
) -> dict[str, Any]:
    """The plotly figure of a feature. Raises: NotFound, InvalidRequest, ArtifactCorrupted."""
    require(actor, "get_feature_chart")
    return features.feature_chart(_loaded(resources, model, number), feature, output, individual)


def get_feature_picture(
    resources: Resources,
    actor: Actor,
    model: str,
    number: int,
    feature: str,
    output: int,
    individual: int,
    format: PictureFormat,
) -> Picture:
    """The chart of a feature as a file. Raises: NotFound, InvalidRequest, ArtifactCorrupted."""
    require(actor, "get_feature_picture")
    loaded = _loaded(resources, model, number)
    return features.feature_picture(loaded, feature, output, individual, format, f"{model}-{number}")


def get_edge_picture(
    resources: Resources, actor: Actor, model: str, number: int, edge: str, format: PictureFormat
) -> Picture:
    """The chart of an edge as a file. Raises: NotFound, ArtifactCorrupted."""
    require(actor, "get_edge_picture")
    return features.edge_picture(_loaded(resources, model, number), edge, format, f"{model}-{number}")


def list_interactions(resources: Resources, actor: Actor, model: str, number: int) -> tuple[Interaction, ...]:
    """Pairs of features that act together. Raises: NotFound, ArtifactCorrupted."""
    require(actor, "list_interactions")
    return features.describe_interactions(_loaded(resources, model, number))


def get_interaction_chart(
    resources: Resources, actor: Actor, model: str, number: int, first: str, second: str, output: int
) -> dict[str, Any]:
    """The plotly figure of two features. Raises: NotFound, InvalidRequest, ArtifactCorrupted."""
    require(actor, "get_interaction_chart")
    return features.interaction_chart(_loaded(resources, model, number), first, second, output)


def _loaded(resources: Resources, model: str, number: int) -> LoadedModel:
    with resources.database.read() as session:
        digest = models.get_version(session, model, number).digest
    return resources.registry.get(digest)
