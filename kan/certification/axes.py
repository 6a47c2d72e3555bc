"""The inputs of a layer, cut into small pieces: numbers between knots, then the missing value, or one per category.

A box is a range of pieces for every feature, so that numbers, gaps and categories are bisected alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from kan.enclosures import Pieces
from kan.features import CategoricalFeature, Feature
from kan.layer import Layer
from kan.ranges import Range
from kan.symbolic import intervals
from kan.symbolic.intervals import Interval

FEATURE_PIECES, NODE_PIECES = 64, 192  # even ones; knots add to them


@dataclass(frozen=True, eq=False)
class Axes:
    """Pieces of every input of a layer on the u scale, padded to the longest; the first `numbers` hold numbers.

    A missing value or a category is a piece of no length.
    """

    lower: Float[Tensor, "inputs pieces"]
    upper: Float[Tensor, "inputs pieces"]
    numbers: Int[Tensor, " inputs"]
    counts: Int[Tensor, " inputs"]

    @property
    def middle(self) -> Float[Tensor, "inputs pieces"]:
        """A point near the middle of every piece."""
        return self.lower / 2 + self.upper / 2

    def pieces(self, source: int) -> Pieces:
        """Return the pieces of an input that hold numbers."""
        count = int(self.numbers[source])
        return Pieces(self.lower[source, :count], self.upper[source, :count])

    def whole(self) -> "Boxes":
        """Return the box of everything."""
        last = (self.counts - 1).unsqueeze(0)
        return Boxes(torch.zeros_like(last), last)

    def inside(self, boxes: "Boxes") -> Bool[Tensor, "boxes inputs pieces"]:
        """Return which pieces lie in which box."""
        places = torch.arange(self.lower.shape[1])
        return (places >= boxes.first.unsqueeze(2)) & (places <= boxes.last.unsqueeze(2))

    def is_number(self) -> Bool[Tensor, "inputs pieces"]:
        """Return which pieces hold numbers."""
        return torch.arange(self.lower.shape[1]) < self.numbers.unsqueeze(1)


@dataclass(frozen=True, eq=False)
class Boxes:
    """First and last piece of every feature."""

    first: Int[Tensor, "boxes inputs"]
    last: Int[Tensor, "boxes inputs"]

    def __len__(self) -> int:
        """Return the number of boxes."""
        return len(self.first)

    def take(self, chosen: Tensor) -> "Boxes":
        """Return some of the boxes."""
        return Boxes(self.first[chosen], self.last[chosen])

    def joined(self, other: "Boxes") -> "Boxes":
        """Return all boxes of both."""
        return Boxes(torch.cat([self.first, other.first]), torch.cat([self.last, other.last]))

    def halved(self, source: Int[Tensor, " boxes"]) -> "Boxes":
        """Return the lower halves of all boxes along one input each, then the upper halves."""
        place = source.unsqueeze(1)
        first, last = self.first.gather(1, place), self.last.gather(1, place)
        middle = (first + last) // 2
        lower = Boxes(self.first, self.last.scatter(1, place, middle))
        return lower.joined(Boxes(self.first.scatter(1, place, middle + 1), self.last))

    @property
    def can_be_halved(self) -> Bool[Tensor, "boxes inputs"]:
        """Along which inputs a box has several pieces."""
        return self.first < self.last


def feature_axes(layer: Layer, features: Sequence[Feature]) -> Axes:
    """Return the pieces of the features' domains."""
    cut, numbers = [], []
    for source, feature in enumerate(features):
        if isinstance(feature, CategoricalFeature):
            cut.append(_points(len(feature.categories) + 1))
            numbers.append(0)
            continue
        pieces = _cut(layer, source, (feature.lower, feature.upper), FEATURE_PIECES)
        numbers.append(len(pieces.lower))
        missing = _points(1) if feature.has_missing else _points(0)
        cut.append(Pieces(torch.cat([pieces.lower, missing.lower]), torch.cat([pieces.upper, missing.upper])))
    return _padded(cut, numbers)


def node_axes(layer: Layer, ranges: Sequence[Range]) -> Axes:
    """Return the pieces of the proved ranges of hidden nodes."""
    cut = [_cut(layer, source, one, NODE_PIECES) for source, one in enumerate(ranges)]
    return _padded(cut, [len(one.lower) for one in cut])


def _points(count: int) -> Pieces:
    nothing = torch.zeros(count, dtype=torch.float64)
    return Pieces(nothing, nothing)


def _cut(layer: Layer, source: int, values: Range, count: int) -> Pieces:
    """Cut values of an input, in its unit, into even pieces and at the knots."""
    one, ends = layer.inputs[source], torch.tensor(values, dtype=torch.float64)
    unit = intervals.subtract(Interval(ends, ends), intervals.constant(one.centre, ends))
    if one.half_width != 1:
        unit = intervals.divide(unit, intervals.constant(one.half_width, ends))
    first, last = float(unit.lower[0]), float(unit.upper[1])
    knots = layer.knots[layer.numeric.index(source)].clamp(first, last)
    breaks = torch.cat([torch.linspace(first, last, count + 1, dtype=torch.float64), knots]).unique()
    return Pieces(breaks[:-1], breaks[1:]) if len(breaks) > 1 else Pieces(breaks, breaks)


def _padded(cut: Sequence[Pieces], numbers: Sequence[int]) -> Axes:
    counts = [len(one.lower) for one in cut]
    lower, upper = (torch.zeros(len(cut), max(counts), dtype=torch.float64) for _ in range(2))
    for source, one in enumerate(cut):
        lower[source, : counts[source]], upper[source, : counts[source]] = one.lower, one.upper
    return Axes(lower, upper, torch.tensor(numbers), torch.tensor(counts))
