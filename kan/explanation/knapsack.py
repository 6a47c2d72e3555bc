"""The multiple-choice knapsack: one option per item, together gaining at least what is needed, at the smallest cost.

Source: H. Kellerer, U. Pferschy and D. Pisinger, "Knapsack Problems" (2004), chapter 11: dynamic programming over
Pareto fronts, where what cannot lead to the best answer is dropped by Lagrangian bounds:

    c(S) ≥ λ · need − Σ_i max_o (λ · g[i,o] − c[i,o])      for every λ ≥ 0

with the sum over the r best items where at most r may change.

Symbols: c costs, g gains, λ price of a gain, i items, o options; option 0 of every item is to stay and costs nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

PRICES = 64
LARGEST_TABLE = 4_000_000  # partial answers times options; beyond it those with the best bounds are kept
ROUNDING = 1e-9  # relative, by which the bound of a cost may be wrong
SUM_ROUNDING = 1e-13  # relative, by which sums of gains differ with their order

Numbers = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Item:
    """The options of one item: option 0 costs 0; a gain may be negative, and NaN where an option cannot be taken."""

    costs: Numbers
    gains: Numbers


@dataclass(frozen=True, eq=False)
class Selection:
    """One option per item, what they cost, and whether nothing cheaper can gain as much."""

    options: Indices
    cost: float
    is_proved: bool


@dataclass(frozen=True, eq=False)
class _Front:
    """Partial answers: no other one gains as much for less with as few changes; `parents` leads to the one before."""

    costs: Numbers
    gains: Numbers
    changes: Indices
    parents: Indices
    options: Indices

    def take(self, rows: npt.NDArray[np.bool_] | Indices) -> "_Front":
        return _Front(*(part[rows] for part in vars(self).values()))


def cheapest(items: Sequence[Item], need: float, most_changes: int | None = None) -> Selection | None:
    """Return the cheapest options whose gains sum to `need`, at most so many of them changed; None where none do.

    A sum that misses it by no more than `slack_of` counts as enough.
    """
    staying = sum(float(item.gains[0]) for item in items)
    need, limit = need - staying, len(items) if most_changes is None else min(most_changes, len(items))
    kept = [_efficient(item) for item in items]
    order = sorted(range(len(items)), key=lambda i: -float(kept[i][1].gains[-1]))
    bounds = _Bounds([kept[i][1] for i in order], limit)
    enough = need - slack_of(items, need)
    if not enough <= bounds.largest_gain(0, limit):
        return None
    counts_changes = limit < len(items)
    front, fronts, is_proved, best = _start(), [], True, bounds.first_cost(need)
    for stage, i in enumerate(order):
        front = _extended(front, kept[i][1], limit, counts_changes=counts_changes)
        left = limit - front.changes
        best = min(
            best, float((front.costs + bounds.rest_cost(stage + 1, need - front.gains, left)).min(initial=np.inf))
        )
        lower = bounds.least_cost(stage + 1, enough - front.gains, left)
        total = front.costs + lower
        promising = np.flatnonzero(total <= best * (1 + ROUNDING))
        room = LARGEST_TABLE // max(len(item.costs) for _, item in kept)
        if len(promising) > room:
            promising = np.sort(promising[np.argsort(total[promising], kind="stable")[:room]])
            is_proved = False
        front = front.take(promising)
        fronts.append(front)
    reached = np.flatnonzero(front.gains >= enough)
    if not len(reached):
        return None
    row = int(reached[np.argmin(front.costs[reached])])
    options, cost = np.zeros(len(items), dtype=np.intp), float(front.costs[row])
    for stage in reversed(range(len(order))):
        options[order[stage]] = kept[order[stage]][0][fronts[stage].options[row]]
        row = int(fronts[stage].parents[row])
    return Selection(options, cost, is_proved)


def held(items: Sequence[Item], frozen: Collection[int]) -> list[Item]:
    """Return the items, some of them with no option but to stay."""
    return [Item(item.costs[:1], item.gains[:1]) if i in frozen else item for i, item in enumerate(items)]


def slack_of(items: Sequence[Item], need: float) -> float:
    """Return what the sum of the gains may be wrong by, so that the order of the items decides nothing."""
    sizes = [float(np.abs(item.gains[np.isfinite(item.gains)]).max(initial=0.0)) for item in items]
    return SUM_ROUNDING * (abs(need) + sum(sizes))


def largest_gain(items: Sequence[Item], most_changes: int | None = None) -> Indices:
    """Return the options that gain most, at most so many of them changed."""
    kept = [_efficient(item) for item in items]
    limit = len(items) if most_changes is None else most_changes
    order = sorted(range(len(items)), key=lambda i: -float(kept[i][1].gains[-1]))[:limit]
    options = np.zeros(len(items), dtype=np.intp)
    for i in order:
        options[i] = kept[i][0][-1]
    return options


def _efficient(item: Item) -> tuple[Indices, Item]:
    """Return the options that gain more than every cheaper one, and what they gain beyond staying."""
    gains = np.where(np.isnan(item.gains), -np.inf, item.gains - item.gains[0])
    order = np.lexsort((-gains, item.costs))
    order = np.append(0, order[order != 0])
    best = np.maximum.accumulate(gains[order])
    rising = np.append(True, best[1:] > best[:-1])
    chosen = order[rising]
    return chosen, Item(item.costs[chosen], gains[chosen])


def _start() -> _Front:
    nothing, none = np.zeros(1), np.zeros(1, dtype=np.intp)
    return _Front(nothing, nothing, none, none, none)


def _extended(front: _Front, item: Item, limit: int, *, counts_changes: bool) -> _Front:
    """Return the partial answers with one item more that are not dominated."""
    parents, options = (part.ravel() for part in np.indices((len(front.costs), len(item.costs))))
    # Changes are counted only where they are limited: all else equal, they make no difference to the answer.
    changes = front.changes[parents] + (options > 0) if counts_changes else np.zeros(len(parents), dtype=np.intp)
    costs, gains = front.costs[parents] + item.costs[options], front.gains[parents] + item.gains[options]
    extended = _Front(costs, gains, changes, parents, options).take(changes <= limit)
    extended = extended.take(np.lexsort((extended.changes, -extended.gains, extended.costs)))
    kept = np.zeros(len(extended.costs), dtype=bool)
    for count in np.unique(extended.changes):
        rivals = np.where(extended.changes <= count, extended.gains, -np.inf)
        before = np.append(-np.inf, np.maximum.accumulate(rivals)[:-1])
        kept |= (extended.changes == count) & (extended.gains > before)
    return extended.take(kept)


class _Bounds:
    """What the items from some stage on can still do, for a number of changes and by the price of a gain."""

    def __init__(self, items: Sequence[Item], limit: int) -> None:
        self.prices = _prices(items)
        parts = _most_worth(items, self.prices)
        sums = [_best_sums([part[stage:] for part in parts], limit) for stage in range(len(items) + 1)]
        self.values, self.gains, self.costs = (np.stack(part) for part in zip(*sums, strict=True))
        self.largest = np.stack([_largest_sums(items[stage:], limit) for stage in range(len(items) + 1)])

    def largest_gain(self, stage: int, changes: int) -> float:
        """The most that so many changes gain."""
        return float(self.largest[stage, changes])

    def first_cost(self, need: float) -> float:
        """The cost of some answer, infinite where none was found."""
        limit = self.values.shape[1] - 1
        return float(self.rest_cost(0, np.array([need]), np.array([limit]))[0])

    def least_cost(self, stage: int, need: Numbers, changes: Indices) -> Numbers:
        """Return a lower bound of what the rest costs, infinite where no rest gains as much."""
        least = np.full(len(need), np.inf)
        for count in np.unique(changes):
            rows = np.flatnonzero((changes == count) & (need <= self.largest[stage, count]))
            least[rows] = _envelope(self.prices, -self.values[stage, count], need[rows])
        return least

    def rest_cost(self, stage: int, need: Numbers, changes: Indices) -> Numbers:
        """Return the cost of some rest that gains as much, infinite where none is known."""
        cost = np.full(len(need), np.inf)
        for count in np.unique(changes):
            rows = np.flatnonzero(changes == count)
            costs = np.append(self.costs[stage, count], np.inf)
            cost[rows] = costs[np.searchsorted(self.gains[stage, count], need[rows])]
            cost[rows[need[rows] <= 0]] = 0.0
        return cost


def _envelope(slopes: Numbers, intercepts: Numbers, x: Numbers) -> Numbers:
    """Return the largest of the lines at every x, at least 0."""
    highest = np.zeros(len(x))
    for slope, intercept in zip(slopes, intercepts, strict=True):
        np.maximum(highest, slope * x + intercept, out=highest)
    return highest


def _prices(items: Sequence[Item]) -> Numbers:
    """Return rising prices of a gain, from where the cheapest step pays to where all do."""
    ratios = np.concatenate([np.diff(item.costs) / np.diff(item.gains) for item in items] or [np.ones(0)])
    ratios = ratios[np.isfinite(ratios) & (ratios > 0)]
    if not len(ratios):
        return np.ones(1)
    return np.unique(np.quantile(ratios, np.linspace(0, 1, PRICES)) * (1 + ROUNDING))


def _most_worth(items: Sequence[Item], prices: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Return value, gain and cost of the option of every item that is worth most, per item and price."""
    values, gains, costs = (np.zeros((len(items), len(prices))) for _ in range(3))
    for i, item in enumerate(items):
        worth = prices[:, None] * item.gains - item.costs
        option = worth.argmax(axis=1)
        values[i], gains[i], costs[i] = worth[np.arange(len(prices)), option], item.gains[option], item.costs[option]
    return values, gains, costs


def _best_sums(parts: Sequence[Numbers], limit: int) -> Sequence[Numbers]:
    """Return the sums of value, gain and cost over the items worth most, per number of changes and price."""
    order = np.argsort(-parts[0], axis=0, kind="stable")[:limit]
    sums = np.zeros((3, limit + 1, parts[0].shape[1]))
    for total, part in zip(sums, parts, strict=True):
        total[1 : len(order) + 1] = np.cumsum(np.take_along_axis(part, order, axis=0), axis=0)
        total[len(order) + 1 :] = total[len(order)]
    return list(sums)


def _largest_sums(items: Sequence[Item], limit: int) -> Numbers:
    """Return the largest gain per number of changes."""
    most = np.sort([float(item.gains[-1]) for item in items])[::-1][:limit]
    return np.append(0.0, np.pad(np.cumsum(most), (0, limit - len(most)), mode="edge" if len(most) else "constant"))
