"""What a model does at points: outputs, slopes, and rows as people write them."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from kan.certification.axes import Axes
from kan.features import CategoricalFeature, Feature
from kan.network import Network

CHUNK_ROWS = 8192
UNSEEN = "unseen"  # how a category that training never saw is written

Row = dict[str, float | str | None]


@torch.no_grad()
def outputs_at(network: Network, x: Float[Tensor, "rows features"]) -> Float[Tensor, "rows outputs"]:
    """Return the outputs on the link scale."""
    return torch.cat([network(chunk) for chunk in x.split(CHUNK_ROWS)])


@torch.no_grad()
def slopes_at(network: Network, x: Float[Tensor, "rows features"], output: int) -> Float[Tensor, "rows features"]:
    """Return the slopes of an output by every feature; 0 for categories and where the value is missing."""
    found = []
    for chunk in x.split(CHUNK_ROWS):
        nodes = network.trace(chunk).inputs
        last = len(network.layers) - 1
        slopes = network.layer(last).derivatives(nodes[last])[:, output]
        for position in range(last - 1, -1, -1):
            slopes = torch.einsum("rj,rji->ri", slopes, network.layer(position).derivatives(nodes[position]))
        found.append(slopes)
    return torch.cat(found)


def values_of(axes: Axes, features: Sequence[Feature]) -> Float[Tensor, "features pieces"]:
    """Return a value of every piece of every feature: near the middle of numbers, a code, or NaN for missing."""
    values = torch.zeros_like(axes.lower)
    for source, feature in enumerate(features):
        if isinstance(feature, CategoricalFeature):
            values[source] = torch.arange(values.shape[1]).clamp(max=len(feature.categories))
            continue
        count = int(axes.numbers[source])
        inside = feature.centre + feature.half_width * axes.middle[source, :count]
        values[source, :count] = inside.clamp(feature.lower, feature.upper)
        values[source, count:] = torch.nan if feature.has_missing else feature.lower
    return values


def chosen(
    values: Float[Tensor, "features pieces"], places: Int[Tensor, "rows features"]
) -> Float[Tensor, "rows features"]:
    """Return rows of the values at given pieces."""
    return values.gather(1, places.T).T


def as_row(features: Sequence[Feature], x: Float[Tensor, " features"]) -> Row:
    """Return an encoded row with names and values as they are in a table."""
    row: Row = {}
    for feature, value in zip(features, x.tolist(), strict=True):
        if isinstance(feature, CategoricalFeature):
            code = int(value)
            row[feature.name] = feature.categories[code] if code < len(feature.categories) else unseen_label(feature)
        else:
            row[feature.name] = None if value != value else value
    return row


def unseen_label(feature: CategoricalFeature) -> str:
    """Return a text that is none of the categories."""
    label = UNSEEN
    while label in feature.categories:
        label += "_"
    return label
