"""Branch and bound: the largest value of a quantity over the domain, from below by points and from above by boxes.

Source: A. Land and A. Doig, "An automatic method of solving discrete programming problems" (1960); for intervals
R. Moore, "Interval Analysis" (1966). Boxes with the highest bounds are halved first, along the feature that moves most
what the bound is loose in. The number of boxes ends a search, so that it comes to the same numbers everywhere;
a clock is the last resort.
"""

import time
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from kan.certification.axes import Boxes
from kan.certification.bounds import NetworkBounds
from kan.certification.points import chosen, outputs_at, slopes_at
from kan.network import Network

HALVED_AT_ONCE = 16
TIGHT = 0.01  # share of its size by which the bound of a finished search may exceed what was found
SWEEPS = 2  # in which single features of the best point are changed
LARGEST_SCORE = 1e300  # in place of an infinite one


@dataclass(frozen=True, eq=False)
class Bounded:
    """Upper bounds over boxes, points that may be high, and by how much each feature loosens the bounds."""

    upper: Float[Tensor, " boxes"]
    points: Float[Tensor, "boxes features"]
    scores: Float[Tensor, "boxes features"]


@runtime_checkable
class Function(Protocol):
    """What is to be as large as possible."""

    def at(self, x: Float[Tensor, "rows features"]) -> Float[Tensor, " rows"]:
        """Return its value at points."""


@runtime_checkable
class Quantity(Function, Protocol):
    """What is to be as large as possible, and can be bounded."""

    def over(self, boxes: Boxes) -> Bounded:
        """Return its bounds over boxes."""


@dataclass(frozen=True, eq=False)
class Highest:
    """The largest value that was found, where, what it is proved not to exceed, and how many boxes that took."""

    value: float
    point: Float[Tensor, " features"]
    bound: float
    boxes: int
    timed_out: bool = False


@dataclass(frozen=True)
class Budget:
    """How many boxes a search may bound, and the moment (of `time.perf_counter`) at which it stops in any case."""

    boxes: int
    until: float


@dataclass(frozen=True, eq=False)
class Output:
    """An output on the link scale, or its negative."""

    network: Network
    bounds: NetworkBounds
    values: Float[Tensor, "features pieces"]
    output: int
    sign: int

    def at(self, x: Float[Tensor, "rows features"]) -> Float[Tensor, " rows"]:
        """Return the output at points."""
        return self.sign * outputs_at(self.network, x)[:, self.output]

    def over(self, boxes: Boxes) -> Bounded:
        """Return bounds of the output over boxes."""
        nodes = self.bounds.nodes(boxes)
        last = len(self.bounds.layers) - 1
        a = self.values.new_zeros(len(boxes), 1, nodes[last].lower.shape[1])
        a[:, 0, self.output] = self.sign
        upper, places = self.bounds.upper(boxes, nodes, last, a)
        sensitivities = self.bounds.sensitivities(nodes, self.output)
        looseness = sensitivities.upper - sensitivities.lower
        points = chosen(self.values, places[:, 0])
        return Bounded(upper[:, 0], points, _scores(self.bounds, boxes, looseness))


@dataclass(frozen=True, eq=False)
class Slope:
    """The slope of an output by a numeric feature, in the feature's unit, or its negative."""

    network: Network
    bounds: NetworkBounds
    values: Float[Tensor, "features pieces"]
    output: int
    source: int
    sign: int

    def at(self, x: Float[Tensor, "rows features"]) -> Float[Tensor, " rows"]:
        """Return the slope at points."""
        return self.sign * slopes_at(self.network, x, self.output)[:, self.source]

    def over(self, boxes: Boxes) -> Bounded:
        """Return bounds of the slope over boxes."""
        nodes = self.bounds.nodes(boxes)
        sensitivities = self.bounds.sensitivities(nodes, self.output)
        found, places = self.bounds.slopes(boxes, sensitivities, self.source)
        upper = found.upper if self.sign > 0 else -found.lower
        middle = (boxes.first + boxes.last) // 2
        middle[:, self.source] = places[1 if self.sign > 0 else 0]
        looseness = (sensitivities.upper - sensitivities.lower) * self._steepness()
        return Bounded(upper, chosen(self.values, middle), _scores(self.bounds, boxes, looseness))

    def _steepness(self) -> Float[Tensor, " nodes"]:
        pieces = self.bounds.layers[0][1]
        both = torch.maximum(pieces.slope_lower.abs(), pieces.slope_upper.abs())
        return both[:, self.source].amax(dim=1)


def _scores(
    bounds: NetworkBounds, boxes: Boxes, looseness: Float[Tensor, "boxes nodes"]
) -> Float[Tensor, "boxes features"]:
    """Return for every feature what it moves the nodes behind it by, weighted with how loose their slopes are."""
    axes, pieces = bounds.layers[0]
    inside = axes.inside(boxes).unsqueeze(1)
    highest = pieces.value.masked_fill(~inside, -torch.inf).amax(dim=3)
    lowest = pieces.value.masked_fill(~inside, torch.inf).amin(dim=3)
    weights = looseness.nan_to_num(nan=LARGEST_SCORE, posinf=LARGEST_SCORE).clamp(max=LARGEST_SCORE)
    return torch.einsum("bj,bji->bi", weights, highest - lowest)


@torch.no_grad()
def highest(
    quantity: Quantity,
    root: Boxes,
    values: Float[Tensor, "features pieces"],
    start: Float[Tensor, "rows features"],
    scale: float,
    budget: Budget,
) -> Highest:
    """Return the largest value of a quantity in a box, as far as the budget goes; the bound holds in any case.

    `values` are those of every piece of the features, `start` points to begin with. The search is done when the bound
    is as near as a share of `scale` or of the value.
    """
    search = _Search(quantity, root, start)
    if search.is_open(scale) and time.perf_counter() < budget.until:
        search.consider(improved(quantity, values, root.last[0] + 1, search.point).unsqueeze(0))
    while search.is_open(scale):
        if search.boxes + 2 > budget.boxes:
            return search.result()
        if time.perf_counter() >= budget.until:
            return search.result(timed_out=True)
        search.advance(budget.boxes)
    return search.result()


class _Search:
    def __init__(self, quantity: Quantity, root: Boxes, start: Float[Tensor, "rows features"]) -> None:
        self.quantity = quantity
        at_start = quantity.at(start)
        self.value, self.point = float(at_start.max()), start[at_start.argmax()]
        found = quantity.over(root)
        self.pending, self.upper, self.scores = root, found.upper, found.scores
        self.settled, self.boxes = -torch.inf, len(root)
        self.consider(found.points)

    @property
    def bound(self) -> float:
        pending = float(self.upper.max()) if len(self.upper) else -torch.inf
        return max(pending, self.settled)

    def is_open(self, scale: float) -> bool:
        return len(self.upper) > 0 and self.bound - self.value > TIGHT * max(scale, abs(self.value))

    def advance(self, limit: int) -> None:
        """Halve the boxes with the highest bounds."""
        count = min(HALVED_AT_ONCE, (limit - self.boxes) // 2)
        order = self.upper.argsort(descending=True, stable=True)
        chosen_ones, rest = order[:count], order[count:]
        boxes, upper = self.pending.take(chosen_ones), self.upper[chosen_ones]
        scores = self.scores[chosen_ones].masked_fill(~boxes.can_be_halved, -1.0)
        best = scores.max(dim=1)
        is_whole = best.values <= 0
        if bool(is_whole.any()):
            self.settled = max(self.settled, float(upper[is_whole].max()))
        boxes, upper, source = boxes.take(~is_whole), upper[~is_whole], best.indices[~is_whole]
        self.pending, self.upper, self.scores = self.pending.take(rest), self.upper[rest], self.scores[rest]
        if len(boxes):
            self._add(boxes.halved(source), upper.repeat(2))

    def _add(self, boxes: Boxes, parents: Float[Tensor, " boxes"]) -> None:
        found = self.quantity.over(boxes)
        self.boxes += len(boxes)
        self.consider(found.points)
        upper = torch.minimum(found.upper, parents)
        self.pending = self.pending.joined(boxes)
        self.upper, self.scores = torch.cat([self.upper, upper]), torch.cat([self.scores, found.scores])
        kept = self.upper > self.value
        if not bool(kept.all()):
            self.settled = max(self.settled, min(self.value, float(self.upper[~kept].max())))
        self.pending, self.upper, self.scores = self.pending.take(kept), self.upper[kept], self.scores[kept]

    def consider(self, points: Float[Tensor, "rows features"]) -> None:
        values = self.quantity.at(points)
        if float(values.max()) > self.value:
            self.value, self.point = float(values.max()), points[values.argmax()]

    def result(self, timed_out: bool = False) -> Highest:
        return Highest(self.value, self.point, max(self.bound, self.value), self.boxes, timed_out)


def improved(
    quantity: Function, values: Float[Tensor, "features pieces"], counts: Tensor, point: Float[Tensor, " features"]
) -> Float[Tensor, " features"]:
    """Return a point that is at least as high: every feature tries all of its pieces, all at once if it pays."""
    features, pieces = values.shape
    for _ in range(SWEEPS):
        rows = point.repeat(features, pieces, 1)
        rows[torch.arange(features), :, torch.arange(features)] = values
        found = quantity.at(rows.flatten(0, 1)).view(features, pieces)
        found = found.masked_fill(torch.arange(pieces) >= counts.unsqueeze(1), -torch.inf)
        best = found.max(dim=1)
        single = int(best.values.argmax())
        together = values.gather(1, best.indices.unsqueeze(1))[:, 0]
        trials = torch.stack([point, rows[single, best.indices[single]], together])
        point = trials[quantity.at(trials).argmax()]
    return point
