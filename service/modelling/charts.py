"""Figures as plotly JSON: the same for the browser, a notebook and a report."""

import json
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from plotly.graph_objects import Figure

from kan.explanation.curves import edge_curve, node_names
from kan.network import EdgeId
from kan.plotting.candidates import CandidatePoint, candidates_figure
from kan.plotting.contributions import contributions_figure
from kan.plotting.edges import edge_figure
from kan.plotting.flow import flow_figure
from kan.plotting.static import picture
from service.domain.features import PICTURE_MEDIA_TYPES, Picture, PictureFormat
from service.domain.predictions import ChartKind, FeatureContribution, Prediction
from service.domain.sweeps import Size, SweepCandidate
from service.errors import NotFound
from service.modelling.column_kinds import number_text
from service.modelling.networks import find_edge
from service.modelling.registry import LoadedModel

#: More overlays than this hide the curve.
OVERLAYS = 3
SIZES: Mapping[Size, str] = MappingProxyType(
    {"active_edges": "active edges", "complexity": "complexity of the formula"}
)


def edge_chart(model: LoadedModel, edge: str) -> dict[str, Any]:
    """The function of an edge with its data density and the best candidates; raises NotFound."""
    place = find_edge(model, edge)
    in_force = model.fitted.network.symbolic_form(place)
    others = [one for one in model.candidates(place) if in_force is None or one.form.function != in_force.function]
    return plain(edge_figure(edge_curve(model.fitted, place), others[:OVERLAYS]))


def prediction_chart(model: LoadedModel, prediction: Prediction, kind: ChartKind) -> dict[str, Any]:
    """A decision record as a figure; raises NotFound for the flow of one that was explained without edges."""
    return plain(_drawn(model, prediction, kind))


def prediction_picture(model: LoadedModel, prediction: Prediction, kind: ChartKind, format: PictureFormat) -> Picture:
    """A decision record as a file; raises NotFound for the flow of one that was explained without edges."""
    content = picture(_drawn(model, prediction, kind), format)
    return Picture(content, PICTURE_MEDIA_TYPES[format], f"prediction-{prediction.id}-{kind}.{format}")


def _drawn(model: LoadedModel, prediction: Prediction, kind: ChartKind) -> Figure:
    if kind == "waterfall":
        return _waterfall(prediction)
    if not prediction.edges:
        raise NotFound("contributions of edges of prediction", prediction.id)
    shares = {EdgeId.parse(one.edge): one.contribution for one in prediction.edges}
    return flow_figure(shares, node_names(model.fitted))


def _waterfall(prediction: Prediction) -> Figure:
    """The way from the base value to the output, feature by feature; one step where no features were asked for."""
    output = prediction.output.link
    steps = [(_label(one), one.contribution) for one in prediction.features if one.contribution != 0]
    rest = output - prediction.base_value - math.fsum(value for _, value in steps)
    if not prediction.features:
        steps = [("all features", rest)]
    return contributions_figure(prediction.base_value, steps, output)


def sweep_chart(candidates: Sequence[SweepCandidate], size: Size) -> dict[str, Any]:
    """The held-out loss of the candidates that are versions against their size."""
    points = [
        CandidatePoint(float(getattr(one, size)), one.loss, one.on_front, f"version {one.version}")
        for one in candidates
        if one.loss is not None and getattr(one, size) is not None
    ]
    return plain(candidates_figure(points, SIZES[size], "held-out loss"))


def _label(one: FeatureContribution) -> str:
    if one.value is None:
        return f"{one.feature} missing"
    value = one.value if isinstance(one.value, str) else number_text(float(one.value))
    return f"{one.feature} = {value}"


def plain(figure: Figure) -> dict[str, Any]:
    """A figure as JSON that holds plain lists and texts."""
    plain: dict[str, Any] = json.loads(figure.to_json())
    return plain
