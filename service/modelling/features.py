"""What a loaded version has learned: strengths, shape functions, interactions, as documents and figures."""

from typing import Any

import kan.errors
from kan.explanation.curves import edge_curve
from kan.explanation.dependence import dependence, surface
from kan.features import NumericFeature
from kan.model import output_names
from kan.plotting.dependence import dependence_figure, surface_figure
from kan.plotting.edges import edge_figure
from kan.plotting.static import picture
from service.domain.features import PICTURE_MEDIA_TYPES, Features, FeatureStrength, Interaction, Picture, PictureFormat
from service.errors import FieldError, InvalidRequest, NotFound
from service.modelling.charts import plain
from service.modelling.networks import find_edge
from service.modelling.registry import LoadedModel


def describe_features(model: LoadedModel) -> Features:
    """All features by strength."""
    units = {one.name: one.unit for one in model.fitted.features if isinstance(one, NumericFeature)}
    return Features(
        items=tuple(
            FeatureStrength(
                feature=one.feature, unit=units.get(one.feature), deviation=one.deviation, mean_size=one.mean_size
            )
            for one in model.feature_strengths
        ),
        is_additive=len(model.fitted.network.layers) == 1,
        has_bands=model.fitted.covariance_factor is not None,
        outputs=tuple(output_names(model.fitted)),
    )


def describe_interactions(model: LoadedModel) -> tuple[Interaction, ...]:
    """All pairs that can act together, the strongest first."""
    return tuple(
        Interaction(first=one.first, second=one.second, size=one.size, h_squared=one.h_squared)
        for one in model.interactions
    )


def feature_chart(model: LoadedModel, feature: str, output: int, individual: int) -> dict[str, Any]:
    """The dependence on one feature with band and density; raises NotFound, InvalidRequest."""
    _require(model, output, feature)
    return plain(dependence_figure(dependence(model.fitted, feature, output=output, individual=individual)))


def feature_picture(
    model: LoadedModel, feature: str, output: int, individual: int, format: PictureFormat, name: str
) -> Picture:
    """The same as a file; `name` begins its name. Raises NotFound, InvalidRequest."""
    _require(model, output, feature)
    figure = dependence_figure(dependence(model.fitted, feature, output=output, individual=individual))
    place = [one.name for one in model.fitted.features].index(feature)
    return Picture(picture(figure, format), PICTURE_MEDIA_TYPES[format], f"{name}-feature-{place}.{format}")


def edge_picture(model: LoadedModel, edge: str, format: PictureFormat, name: str) -> Picture:
    """The curve of an edge with band and density as a file; raises NotFound."""
    figure = edge_figure(edge_curve(model.fitted, find_edge(model, edge)))
    return Picture(picture(figure, format), PICTURE_MEDIA_TYPES[format], f"{name}-edge-{edge}.{format}")


def interaction_chart(model: LoadedModel, first: str, second: str, output: int) -> dict[str, Any]:
    """The dependence on two features; raises NotFound, InvalidRequest."""
    _require(model, output, first, second)
    try:
        return plain(surface_figure(surface(model.fitted, first, second, output=output)))
    except kan.errors.InvalidSetting as error:
        raise InvalidRequest(FieldError("/second", "Name another feature than the first.")) from error


def _require(model: LoadedModel, output: int, *features: str) -> None:
    names = [one.name for one in model.fitted.features]
    for feature in features:
        if feature not in names:
            raise NotFound("feature", feature)
    outputs = len(output_names(model.fitted))
    if output >= outputs:
        raise InvalidRequest(FieldError("/output", f"The outputs of this version are 0 to {outputs - 1}."))
