"""Times until a target, some of them only bounds: what never got there took longer than it was given."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.jobs import Result


@dataclass(frozen=True, order=True)
class Duration:
    """A time or a ratio of times; where it was not reached, the true one is larger."""

    value: float
    was_reached: bool = True

    def __str__(self) -> str:
        """Return three significant digits, behind a ">" where this is a bound."""
        if math.isnan(self.value):
            return "–"
        return f"{'' if self.was_reached else '> '}{self.value:.3g}"


def until(result: Result) -> Duration:
    """Return the time until the target; a job that failed never gets there."""
    return Duration(result.seconds, bool(result.figures.get("reached", False)))


def median(durations: Sequence[Duration]) -> Duration:
    """Return the median of an odd number of times, the upper one of an even number."""
    return sorted(durations, key=lambda one: (not one.was_reached, one.value))[len(durations) // 2]


def ratio(peer: Sequence[Duration], ours: Sequence[Duration]) -> Duration:
    """Return the median over the seeds of peer / ours; NaN where we missed the target, for then it says nothing."""
    ratios = [
        Duration(theirs.value / own.value, theirs.was_reached) if own.was_reached else Duration(math.nan, False)
        for theirs, own in zip(peer, ours, strict=True)
    ]
    return median(ratios)


def median_ratio(peer: Sequence[Result], ours: Sequence[Result]) -> float:
    """Return the median of the ratios of fitting times, pair by pair."""
    return statistics.median(theirs.seconds / own.seconds for theirs, own in zip(peer, ours, strict=True))
