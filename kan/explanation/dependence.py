"""Shape functions and partial dependence: how the output moves with one feature, or with two, all else as it is.

Partial dependence (J. Friedman, "Greedy Function Approximation", 2001, section 8.2) is the mean output over the
reference rows with some features set to a value. The features enter through the first layer, whose edges are functions
of one of them: only their terms are exchanged in the nodes behind it, and the rest of the network is computed anew. In
an additive model the dependence on a feature is its shape function, the same for every row.

All curves are on the link scale and centred: their mean over the reference rows is 0. Symbols: S the features that are
set, x a point, r a reference row, z[r] the nodes behind the first layer, φ its edges.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from kan.errors import InvalidSetting, UnknownFeature
from kan.explanation.curves import BINS, NO_VALUE, UNSEEN, node_names
from kan.explanation.uncertainty import deviation_of
from kan.features import CategoricalFeature, Feature, NumericFeature
from kan.model import FittedModel
from kan.network import Network
from kan.sampling import evenly
from kan.training.normal_equations import link_jacobian
from kan.training.parameters import Parameters

POINTS, SURFACE_POINTS = 100, 24
BAND_ROWS = 64  # reference rows over which the derivative of a mean is averaged, with hidden layers
CHUNK_ROWS = 2**15
CHUNK_NUMBERS = 2**21  # of one Jacobian: 16 MiB


@dataclass(frozen=True)
class Dependence:
    """How one output depends on one feature, with the reference rows per interval of it.

    `x` is in the feature's unit, or codes of `categories`, the last for categories never seen. `deviation` is the
    standard deviation of `y`, empty where it is not known; `individual` holds one centred curve per row that was asked
    for. `missing_value` and `missing_deviation` are those of a missing number.
    """

    feature: str
    unit: str | None
    output: str
    is_additive: bool
    x: tuple[float, ...]
    y: tuple[float, ...]
    deviation: tuple[float, ...]
    density_edges: tuple[float, ...]
    density_counts: tuple[int, ...]
    categories: tuple[str, ...] = ()
    missing_value: float | None = None
    missing_deviation: float | None = None
    individual: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Surface:
    """How one output depends on two features together: `z[k][i]` at the k-th point of the second, i-th of the first."""

    features: tuple[str, str]
    units: tuple[str | None, str | None]
    output: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    z: tuple[tuple[float, ...], ...]
    categories: tuple[tuple[str, ...], tuple[str, ...]]


def feature_position(model: FittedModel, name: str) -> int:
    """Return where a feature stands among the inputs; raises UnknownFeature."""
    names = [feature.name for feature in model.features]
    if name not in names:
        raise UnknownFeature(name, names)
    return names.index(name)


@torch.no_grad()
def dependence(
    model: FittedModel, feature: str, *, output: int = 0, points: int = POINTS, individual: int = 0
) -> Dependence:
    """Return the centred dependence of one output on a feature, over the feature's domain.

    `individual` asks for that many curves of single reference rows. Raises UnknownFeature, InvalidSetting.
    """
    _check_output(model, output)
    position = feature_position(model, feature)
    kind = model.features[position]
    x = axis(kind, points)
    places = torch.cat([x, x.new_full((1,), torch.nan)]) if _has_gaps(kind) else x
    column = model.reference[:, position]
    everywhere = torch.cat([places, column]).unsqueeze(1)
    background = _background(model, len(model.reference))
    values = partial_dependence(model.network, background, [position], everywhere)[:, output]
    centred = (values - values[len(places) :].mean())[: len(places)]
    deviation = _deviation(model, position, everywhere, len(places), output)
    counts, borders = _density(kind, column)
    rows = evenly(model.reference, max(1, -(-len(model.reference) // individual))) if individual else column[:0]
    return Dependence(
        feature=kind.name,
        unit=kind.unit if isinstance(kind, NumericFeature) else None,
        output=node_names(model)[-1][output],
        is_additive=len(model.network.layers) == 1,
        x=tuple(x.tolist()),
        y=tuple(centred[: len(x)].tolist()),
        deviation=tuple(deviation[: len(x)].tolist()),
        density_edges=tuple(borders.tolist()),
        density_counts=tuple(int(count) for count in counts),
        categories=labels(kind),
        missing_value=float(centred[-1]) if len(places) > len(x) else None,
        missing_deviation=float(deviation[-1]) if len(places) > len(x) and len(deviation) else None,
        individual=tuple(_individual(model.network, row, position, x, output) for row in rows[:individual]),
    )


@torch.no_grad()
def surface(model: FittedModel, first: str, second: str, *, output: int = 0, points: int = SURFACE_POINTS) -> Surface:
    """Return the centred dependence of one output on two features; raises UnknownFeature, InvalidSetting."""
    _check_output(model, output)
    places = [feature_position(model, name) for name in (first, second)]
    if places[0] == places[1]:
        raise InvalidSetting("second", second, "another feature than the first")
    kinds = [model.features[place] for place in places]
    x, y = (axis(kind, points) for kind in kinds)
    mesh = torch.cartesian_prod(y, x).flip(1)
    everywhere = torch.cat([mesh, model.reference[:, places]])
    values = partial_dependence(model.network, _background(model, BAND_ROWS), places, everywhere)[:, output]
    centred = (values - values[len(mesh) :].mean())[: len(mesh)].reshape(len(y), len(x))
    units = [kind.unit if isinstance(kind, NumericFeature) else None for kind in kinds]
    return Surface(
        features=(first, second),
        units=(units[0], units[1]),
        output=node_names(model)[-1][output],
        x=tuple(x.tolist()),
        y=tuple(y.tolist()),
        z=tuple(tuple(row) for row in centred.tolist()),
        categories=(labels(kinds[0]), labels(kinds[1])),
    )


@torch.no_grad()
def partial_dependence(
    network: Network,
    background: Float[Tensor, "reference features"],
    positions: Sequence[int],
    values: Float[Tensor, "points set"],
) -> Float[Tensor, "points outputs"]:
    """Return the mean outputs over the background with the features at `positions` set to each of the values."""
    first, chosen = network.layer(0), list(positions)
    activations = first.activations(background)
    others = first.node_values(activations) - activations[:, :, chosen].sum(dim=2)
    rows = background[:1].repeat(len(values), 1)
    rows[:, chosen] = values
    terms = first.activations(rows)[:, :, chosen].sum(dim=2)
    if len(network.layers) == 1:
        return terms + others.mean(dim=0)
    size = max(1, CHUNK_ROWS // len(background))
    return torch.cat([_behind_first(network, one.unsqueeze(1) + others).mean(dim=1) for one in terms.split(size)])


def axis(feature: Feature, points: int) -> Float[Tensor, " points"]:
    """Return points over the domain of a feature, or the codes of its categories; raises InvalidSetting."""
    if points < 2:
        raise InvalidSetting("points", points, "a whole number of at least 2")
    if isinstance(feature, CategoricalFeature):
        return torch.arange(len(feature.categories) + 1, dtype=torch.float64)
    return torch.linspace(feature.lower, feature.upper, points, dtype=torch.float64)


def labels(feature: Feature) -> tuple[str, ...]:
    """Return the names of the categories and of those never seen; none of a number."""
    if not isinstance(feature, CategoricalFeature):
        return ()
    return (*(category or NO_VALUE for category in feature.categories), UNSEEN)


def _behind_first(network: Network, nodes: Float[Tensor, "points rows nodes"]) -> Float[Tensor, "points rows outputs"]:
    """Return what the layers after the first make of its nodes."""
    values = nodes.flatten(0, 1)
    for position in range(1, len(network.layers)):
        layer = network.layer(position)
        values = layer.combine(layer.features(values), values)
    return values.reshape(*nodes.shape[:2], -1)


def _individual(
    network: Network, row: Float[Tensor, " features"], position: int, x: Float[Tensor, " points"], output: int
) -> tuple[float, ...]:
    curve = partial_dependence(network, row.unsqueeze(0), [position], x.unsqueeze(1))[:, output]
    return tuple((curve - curve.mean()).tolist())


def _deviation(
    model: FittedModel, position: int, values: Float[Tensor, "points 1"], shown: int, output: int
) -> Float[Tensor, " shown"]:
    """Return the standard deviation of the first `shown` values, centred over the others; nothing if not known."""
    if model.covariance_factor is None:
        return values.new_zeros(0)
    background, parameters = _background(model, BAND_ROWS), Parameters(model.network)
    reference = values[shown:] if len(background) == 1 else evenly(values[shown:], BAND_ROWS)
    size = max(1, CHUNK_NUMBERS // (len(background) * parameters.size * model.network.shape[-1]))
    means = []
    for part in torch.cat([values[:shown], reference]).split(size):
        rows = background.repeat(len(part), 1)
        rows[:, position] = part[:, 0].repeat_interleave(len(background))
        jacobian = link_jacobian(model.network, parameters, rows)[:, output]
        means.append(jacobian.reshape(len(part), len(background), -1).mean(dim=1))
    derivatives = torch.cat(means)
    return deviation_of(model, derivatives[:shown] - derivatives[shown:].mean(dim=0))


def _background(model: FittedModel, most: int) -> Float[Tensor, "rows features"]:
    """Return the rows over which the other features are averaged: one is enough for an additive model."""
    return evenly(model.reference, 1 if len(model.network.layers) == 1 else most)


def _density(feature: Feature, column: Float[Tensor, " rows"]) -> tuple[Tensor, Tensor]:
    """Return the reference rows per interval of the domain and its borders, or per category and none."""
    if isinstance(feature, CategoricalFeature):
        return torch.bincount(column.long(), minlength=len(feature.categories) + 1), column[:0]
    inside = column[~column.isnan()].clamp(feature.lower, feature.upper)
    counts, borders = torch.histogram(inside, BINS, range=(feature.lower, feature.upper))
    return counts, borders


def _has_gaps(feature: Feature) -> bool:
    return isinstance(feature, NumericFeature) and feature.has_missing


def _check_output(model: FittedModel, output: int) -> None:
    last = model.network.shape[-1] - 1
    if not 0 <= output <= last:
        raise InvalidSetting("output", output, f"a whole number from 0 to {last}")
