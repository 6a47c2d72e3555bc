"""Every edge as a curve or a table of values, with the data behind it, and how much each edge moves the
answers.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from kan.edges import edge_domain, edge_inputs
from kan.errors import InvalidSetting
from kan.explanation.edge_flow import edge_flow, trace_reference
from kan.explanation.uncertainty import edge_deviation
from kan.features import CategoricalFeature, Feature
from kan.layer import Form
from kan.model import FittedModel, output_names
from kan.network import EdgeId

MARGIN = 0.1  # of the domain's length, shown on both sides as extrapolation
BINS = 20
UNSEEN = "unseen"
NO_VALUE = "missing"


@dataclass(frozen=True)
class EdgeCurve:
    """The function of one edge over its domain and a margin, and the reference rows per interval of its
    input.

    `x` is in the unit of the source, `y` = φ(x) in the unit of the target node, as served. `density_edges`
    are the borders of the intervals counted in `density_counts`. A table edge has one point and one count per
    category: `x` are codes, `categories` their labels, the last for categories never seen, and
    `density_edges` is empty. `missing_value` is φ where the input is missing, None if it never was. `deviation` is the
    standard deviation of `y` less its mean over the reference rows, empty where it is not known.
    """

    edge: EdgeId
    source: str
    target: str
    unit: str | None
    form: Form
    x: tuple[float, ...]
    y: tuple[float, ...]
    domain: tuple[float, float]
    density_edges: tuple[float, ...]
    density_counts: tuple[int, ...]
    categories: tuple[str, ...] = ()
    missing_value: float | None = None
    deviation: tuple[float, ...] = ()


def node_names(model: FittedModel) -> list[list[str]]:
    """Return the names of all nodes, layer by layer: features, `h1.0` … for hidden ones, the target or the
    classes.
    """
    shape = model.network.shape
    hidden = [[f"h{layer}.{node}" for node in range(shape[layer])] for layer in range(1, len(shape) - 1)]
    return [[feature.name for feature in model.features], *hidden, list(output_names(model))]


@torch.no_grad()
def edge_curve(model: FittedModel, edge: EdgeId, points: int = 200) -> EdgeCurve:
    """Return the curve of one edge at `points` places; raises `InvalidEdge`, `InvalidSetting`."""
    if points < 2:
        raise InvalidSetting("points", points, "a whole number of at least 2")
    model.network.require(edge)
    feature = model.features[edge.source] if edge.layer == 0 else None
    if isinstance(feature, CategoricalFeature):
        return _table_curve(model, edge, feature)
    lower, upper = edge_domain(model, edge)
    margin = MARGIN * (upper - lower)
    x = torch.linspace(lower - margin, upper + margin, points, dtype=torch.float64)
    counts, borders = torch.histogram(edge_inputs(model, edge).clamp(lower, upper), BINS, range=(lower, upper))
    names = node_names(model)
    return EdgeCurve(
        edge=edge,
        source=names[edge.layer][edge.source],
        target=names[edge.layer + 1][edge.target],
        unit=feature.unit if feature else None,
        form=model.network.form(edge),
        x=_plain(x),
        y=_plain(model.network.edge_activation(edge, x)),
        domain=(lower, upper),
        density_edges=_plain(borders),
        density_counts=tuple(int(count) for count in counts),
        missing_value=_missing_value(model, edge, feature),
        deviation=_deviation(model, edge, x),
    )


def _table_curve(model: FittedModel, edge: EdgeId, feature: CategoricalFeature) -> EdgeCurve:
    codes = torch.arange(len(feature.categories) + 1, dtype=torch.float64)
    counts = torch.bincount(edge_inputs(model, edge).long(), minlength=len(codes))
    return EdgeCurve(
        edge=edge,
        source=feature.name,
        target=node_names(model)[1][edge.target],
        unit=None,
        form=model.network.form(edge),
        x=_plain(codes),
        y=_plain(model.network.edge_activation(edge, codes)),
        domain=(0.0, float(len(feature.categories) - 1)),
        density_edges=(),
        density_counts=tuple(int(count) for count in counts),
        categories=(*(category or NO_VALUE for category in feature.categories), UNSEEN),
        deviation=_deviation(model, edge, codes),
    )


def _deviation(model: FittedModel, edge: EdgeId, x: Float[Tensor, " points"]) -> tuple[float, ...]:
    return () if model.covariance_factor is None else _plain(edge_deviation(model, edge, x))


def _missing_value(model: FittedModel, edge: EdgeId, feature: Feature | None) -> float | None:
    if feature is None or isinstance(feature, CategoricalFeature) or not feature.has_missing:
        return None
    return float(model.network.edge_activation(edge, torch.full((1,), torch.nan, dtype=torch.float64)))


def _plain(values: Float[Tensor, " values"]) -> tuple[float, ...]:
    return tuple(values.tolist())


def edge_spreads(model: FittedModel) -> dict[EdgeId, float]:
    """Return per edge the standard deviation of its contribution over the reference rows, on the link scale.

    With several outputs it is the root mean square over them. Pruned edges have 0.
    """
    background = trace_reference(model.network, model.reference)
    shape = model.network.shape
    squares = [torch.zeros(shape[layer + 1], shape[layer], dtype=torch.float64) for layer in range(len(shape) - 1)]
    for output in range(shape[-1]):
        flow = edge_flow(model.network, model.reference, background, output=output)
        for layer, contributions in enumerate(flow.contributions):
            squares[layer] += contributions.var(dim=0, correction=0) / shape[-1]
    spreads = [square.sqrt() for square in squares]
    return {edge: float(spreads[edge.layer][edge.target, edge.source]) for edge in model.network.edges()}
