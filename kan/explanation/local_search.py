"""A cheap way to a goal where features do not add up: exact for their sum near a point, moved until the network agrees.

Near a point the score is taken as a sum of one curve per feature; the knapsack finds the cheapest options for it, the
network says how far they really lead, and the next point is the one found, with what was missed added to the need.
Starts are the row itself and reference rows that reach the goal. What reaches it is then made cheaper by undoing
changes and by moving two features at a time. Every number of rounds is bounded; nothing is decided by a clock.

Nothing is proved: there may be a cheaper way, or one where none was found.
"""

from collections.abc import Iterator

import numpy as np

from kan.explanation.knapsack import cheapest, held
from kan.explanation.landscape import Landscape, Point

ROUNDS = 8  # of moving the point of the sum
STARTS = 2  # reference rows to begin at
SWEEPS = 6  # over all pairs of features
CURVE, COARSE = 48, 12  # options of a feature that are tried at once, on a curve and in a pair


class Search:
    """The cheapest point found, by the features that must stay."""

    def __init__(self, landscape: Landscape, most_changes: int | None) -> None:
        """Look for the starts."""
        self.need = landscape.aim.need
        self.landscape = landscape
        self.limit = len(landscape.options) if most_changes is None else most_changes
        self.starts = [landscape.staying, *self._reference_points()]

    def cheapest(self, frozen: frozenset[int], need: float) -> Point | None:
        """Return the cheapest point found whose score is `need` while the frozen features stay; None without one."""
        self.need = need
        found = [point for start in self.starts for point in self._moved(_without(start, frozen), frozen)]
        reaching = [point for point in found if self._reaches(point)]
        if not reaching:
            climbed = [self._climbed(_without(start, frozen), frozen) for start in self.starts]
            reaching = [point for point in climbed if self._reaches(point)]
        if not reaching:
            return None
        return self._polished(min(reaching, key=self.landscape.cost), frozen)

    def highest(self) -> Point:
        """Return the point with the best score found."""
        points = [self._climbed(start, frozenset()) for start in self.starts]
        return max(points, key=self.landscape.score)

    def _reaches(self, point: Point) -> bool:
        return int((point > 0).sum()) <= self.limit and self.landscape.score(point) >= self.need

    def _moved(self, point: Point, frozen: frozenset[int]) -> Iterator[Point]:
        """Yield the points that sums of curves lead to, one from the other."""
        slack = 0.0
        for _ in range(ROUNDS):
            here = self.landscape.score(point)
            tried = [self._tried(point, feature, CURVE) for feature in range(len(point))]
            items = held(self.landscape.items(point, tried), frozen)
            selection = cheapest(items, self.need + slack - here, self.limit)
            if selection is None:
                return
            found = np.array([options[k] for options, k in zip(tried, selection.options, strict=True)], dtype=np.intp)
            if np.array_equal(found, point):
                return
            point = found
            missed = self.need - self.landscape.score(point)
            slack = slack + missed if missed > 0 else 0.0
            yield point

    def _climbed(self, start: Point, frozen: frozenset[int]) -> Point:
        """Return where the score rises to, feature by feature."""
        point, reached = start, self.landscape.score(start)
        if int((point > 0).sum()) > self.limit:
            point = np.zeros_like(start)
            reached = self.landscape.score(point)
        for _ in range(2 * len(point)):
            is_full = int((point > 0).sum()) >= self.limit
            best = point
            for feature in range(len(point)):
                if feature in frozen or (is_full and point[feature] == 0):
                    continue
                options = self._tried(point, feature, CURVE)
                curve = np.nan_to_num(self.landscape.curve(point, feature, options), nan=-np.inf)
                if curve.max() > reached:
                    best, reached = point.copy(), float(curve.max())
                    best[feature] = options[curve.argmax()]
            if best is point:
                break
            point = best
        return point

    def _polished(self, point: Point, frozen: frozenset[int]) -> Point:
        """Return a point that is cheaper by moving two features at a time, or one back."""
        for _ in range(SWEEPS):
            before = self.landscape.cost(point)
            for one in np.flatnonzero(point):
                for other in range(len(point)):
                    if other != one and point[one] > 0 and other not in frozen:
                        point = self._exchanged(point, int(one), other)
            for one in np.flatnonzero(point):
                point = self._lowered(point, int(one))
            if self.landscape.cost(point) >= before:
                break
        return point

    def _lowered(self, point: Point, feature: int) -> Point:
        """Return the point with the cheapest option of one feature that still reaches the goal."""
        costs = self.landscape.costs[feature]
        curve = self.landscape.curve(point, feature, np.arange(len(costs)))
        reaching = np.flatnonzero(curve >= self.need)
        if len(reaching):
            option = int(reaching[np.argmin(costs[reaching])])
            if costs[option] < costs[point[feature]]:
                point = point.copy()
                point[feature] = option
        return point

    def _exchanged(self, point: Point, one: int, other: int) -> Point:
        """Return the point with the cheapest options of two features that still reach the goal."""
        options = (self._tried(point, one, COARSE), self._tried(point, other, COARSE))
        costs = self.landscape.costs[one][options[0]][:, None] + self.landscape.costs[other][options[1]][None, :]
        changes = (options[0] > 0)[:, None].astype(int) + (options[1] > 0)[None, :]
        free = self.limit - int((point > 0).sum()) + int(point[one] > 0) + int(point[other] > 0)
        present = self.landscape.costs[one][point[one]] + self.landscape.costs[other][point[other]]
        worthwhile = (costs < present) & (changes <= free)
        if not worthwhile.any():
            return point
        scores = self.landscape.surface(point, one, other, options)
        costs = np.where(worthwhile & (scores >= self.need), costs, np.inf)
        row, column = np.unravel_index(int(costs.argmin()), costs.shape)
        if not np.isfinite(costs[row, column]):
            return point
        point = point.copy()
        point[one], point[other] = options[0][row], options[1][column]
        return point

    def _tried(self, point: Point, feature: int, count: int) -> Point:
        """Return some options of a feature: to stay, so many over all its values, and some at doubling distances."""
        values = self.landscape.options[feature].values
        order = np.argsort(values, kind="stable")
        place = int(np.flatnonzero(order == point[feature])[0])
        even = np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(np.intp)
        distances = 2 ** np.arange(len(order).bit_length())
        near = np.concatenate([[place], place - distances, place + distances])
        near = near[(near >= 0) & (near < len(order))]
        return np.unique(np.concatenate([[0], order[even], order[near]]))

    def _reference_points(self) -> list[Point]:
        """Return the cheapest points next to reference rows at which the goal is reached."""
        landscape, found = self.landscape, {}
        for reference in landscape.aim.model.reference.numpy():
            point = landscape.staying
            for place, one in enumerate(landscape.options):
                wanted = reference[one.position]
                if not np.isnan(wanted):
                    point[place] = int(np.nan_to_num(np.abs(one.values - wanted), nan=np.inf).argmin())
            if landscape.score(point) >= self.need:
                found[tuple(point.tolist())] = point
        return sorted(found.values(), key=landscape.cost)[:STARTS]


def _without(point: Point, frozen: frozenset[int]) -> Point:
    """Return a point in which some features stay."""
    reduced = point.copy()
    reduced[list(frozen)] = 0
    return reduced
