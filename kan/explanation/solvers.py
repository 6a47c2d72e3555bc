"""Two ways to the cheapest change, and alternatives to it; every answer is scored by the network before it is given.

Alternatives follow E. Lawler, "A Procedure for Computing the K Best Solutions to Discrete Optimization Problems"
(1972): whatever does not change all the features of an answer leaves at least one of them as it is, and these cases are
solved each for itself.
"""

import heapq
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float
from torch import Tensor

from kan.explanation.knapsack import cheapest, held, largest_gain
from kan.explanation.landscape import Landscape, Point
from kan.explanation.local_search import Search
from kan.features import CategoricalFeature, Feature

MOST_SOLUTIONS = 40  # for one set of alternatives
RETRIES = 12  # where only rounding separates a score from the goal
FINEST_MARGIN = 1e-12  # relative, the first of these
PROVED_MARGIN = 1e-9  # relative, up to which a proof ignores it

Method = Literal["exact", "search"]
Value = float | str | None  # a number, a category, or nothing where it is missing


@dataclass(frozen=True)
class Change:
    """One feature that changes; `step` is the distance between the values that were tried, None for a category."""

    feature: str
    before: Value
    after: Value
    unit: str | None
    cost: float
    step: float | None


@dataclass(frozen=True, eq=False)
class Counterfactual:
    """A changed row: its encoded numbers, what the network says of it, and the value that the goal speaks of."""

    row: Float[Tensor, " features"]
    changes: tuple[Change, ...]
    cost: float
    links: Float[Tensor, " outputs"]
    value: float


def scored(landscape: Landscape, point: Point) -> Counterfactual:
    """Return what the network itself says of a point; raises OutputUndefined."""
    model, row = landscape.aim.model, landscape.changed(point)
    links = model.predict_link(row)
    changes = tuple(_change(landscape, place, int(point[place])) for place in np.flatnonzero(point).tolist())
    return Counterfactual(row[0], changes, landscape.cost(point), links[0], landscape.aim.value(links))


def _change(landscape: Landscape, place: int, option: int) -> Change:
    one = landscape.options[place]
    feature = landscape.aim.model.features[one.position]
    before, after = (_decoded(feature, float(one.values[at])) for at in (0, option))
    unit = None if isinstance(feature, CategoricalFeature) else feature.unit
    return Change(feature.name, before, after, unit, float(one.costs[option]), one.step)


def _decoded(feature: Feature, value: float) -> Value:
    if not isinstance(feature, CategoricalFeature):
        return None if math.isnan(value) else value
    return feature.categories[int(value)] or None if value < len(feature.categories) else None


class Solver:
    """Finds the cheapest change while some features stay."""

    method: ClassVar[Method]

    def __init__(self, landscape: Landscape, most_changes: int | None) -> None:
        """Prepare what all solutions share."""
        self.landscape, self.most_changes = landscape, most_changes
        self.is_optimal = True

    @property
    def candidates(self) -> int:
        """How many candidates were considered so far."""
        raise NotImplementedError

    def closest(self) -> Counterfactual:
        """Return what comes nearest to the goal."""
        raise NotImplementedError

    def solve(self, frozen: frozenset[int]) -> tuple[Counterfactual, frozenset[int]] | None:
        """Return the cheapest change that reaches the goal, and the places of what it changes."""
        aim, margin = self.landscape.aim, 0.0
        size = 1 + abs(aim.need)
        for _ in range(RETRIES):
            point = self._cheapest(frozen, aim.need + margin)
            if point is None:
                return None
            found = scored(self.landscape, point)
            if aim.is_reached(found.value):
                self.is_optimal &= margin <= PROVED_MARGIN * size
                return found, frozenset(np.flatnonzero(point).tolist())
            margin = max(10 * margin, FINEST_MARGIN * size)
        return None

    def _cheapest(self, frozen: frozenset[int], need: float) -> Point | None:
        """Return the cheapest point that scores as much."""
        raise NotImplementedError


class ExactSolver(Solver):
    """Scores are sums of one function per feature: a knapsack."""

    method = "exact"

    def __init__(self, landscape: Landscape, most_changes: int | None) -> None:
        """Tabulate the functions."""
        super().__init__(landscape, most_changes)
        stay = landscape.staying
        self.start, self.items = landscape.score(stay), landscape.items(stay, landscape.all_options)

    @property
    def candidates(self) -> int:
        """The values that were combined."""
        return sum(len(item.costs) - 1 for item in self.items)

    def closest(self) -> Counterfactual:
        """Return the row with the best score of the grid."""
        return scored(self.landscape, largest_gain(self.items, self.most_changes))

    def _cheapest(self, frozen: frozenset[int], need: float) -> Point | None:
        selection = cheapest(held(self.items, frozen), need - self.start, self.most_changes)
        if selection is None:
            return None
        self.is_optimal &= selection.is_proved
        return selection.options


class SearchSolver(Solver):
    """Features act together: a local search, which proves nothing."""

    method = "search"

    def __init__(self, landscape: Landscape, most_changes: int | None) -> None:
        """Find the starts."""
        super().__init__(landscape, most_changes)
        self.search, self.is_optimal = Search(landscape, most_changes), False

    @property
    def candidates(self) -> int:
        """The rows that were scored."""
        return self.landscape.scored

    def closest(self) -> Counterfactual:
        """Return the row with the best score found."""
        return scored(self.landscape, self.search.highest())

    def _cheapest(self, frozen: frozenset[int], need: float) -> Point | None:
        return self.search.cheapest(frozen, need)


def distinct(solver: Solver, count: int) -> Iterator[Counterfactual]:
    """Yield the cheapest answers of which none changes all the features that one before it changes."""
    order = itertools.count()
    queue: list[tuple[float, int, frozenset[int], Counterfactual, frozenset[int]]] = []
    tried: set[frozenset[int]] = set()
    accepted: list[frozenset[int]] = []

    def branch(frozen: frozenset[int]) -> None:
        if frozen in tried:
            return
        if len(tried) == MOST_SOLUTIONS:
            solver.is_optimal = False
            return
        tried.add(frozen)
        solution = solver.solve(frozen)
        if solution is not None:
            heapq.heappush(queue, (solution[0].cost, next(order), frozen, *solution))

    branch(frozenset())
    while queue:
        _, _, frozen, found, changed = heapq.heappop(queue)
        known = next((one for one in accepted if one <= changed), None)
        if known is None:
            yield found
            accepted.append(changed)
            if len(accepted) == count:
                return
        for place in sorted(known or changed):
            branch(frozen | {place})
