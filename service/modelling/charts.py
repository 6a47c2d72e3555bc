"""Figures as plotly JSON: the same for the browser, a notebook and a report."""

import json
import math
from typing import Any

from plotly.graph_objects import Figure

from kan.explanation.curves import edge_curve
from kan.plotting import contributions_figure, edge_figure
from service.domain.predictions import FeatureContribution, Prediction
from service.modelling.column_kinds import number_text
from service.modelling.networks import find_edge
from service.modelling.registry import LoadedModel

#: More overlays than this hide the curve.
OVERLAYS = 3


def edge_chart(model: LoadedModel, edge: str) -> dict[str, Any]:
    """The function of an edge with its data density and the best candidates; raises NotFound."""
    place = find_edge(model, edge)
    in_force = model.fitted.network.symbolic_form(place)
    others = [one for one in model.candidates(place) if in_force is None or one.form.function != in_force.function]
    return _plain(edge_figure(edge_curve(model.fitted, place), others[:OVERLAYS]))


def contributions_chart(prediction: Prediction) -> dict[str, Any]:
    """The way from the base value to the output, feature by feature; one step where no features were asked for."""
    output = prediction.output.link
    steps = [(_label(one), one.contribution) for one in prediction.features if one.contribution != 0]
    rest = output - prediction.base_value - math.fsum(value for _, value in steps)
    if not prediction.features:
        steps = [("all features", rest)]
    return _plain(contributions_figure(prediction.base_value, steps, output))


def _label(one: FeatureContribution) -> str:
    if one.value is None:
        return f"{one.feature} missing"
    value = one.value if isinstance(one.value, str) else number_text(float(one.value))
    return f"{one.feature} = {value}"


def _plain(figure: Figure) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(figure.to_json())
    return plain
