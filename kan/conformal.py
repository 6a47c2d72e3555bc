"""Split-conformal prediction: intervals and sets of outcomes that hold the truth as often as they say.

From rows that took no part in the fit, n scores of how badly an answer misses are kept; the ⌈(n + 1)·coverage⌉-th of
them bounds the score of a new row with that probability, whatever the model (V. Vovk et al., "Algorithmic Learning in a
Random World", 2005).

    numbers     |y − μ| / √V(μ), the residual in units of the family's deviation (J. Lei et al., 2018, section 5.2)
    classes     1 − p(y), one group of scores per class, so that every class is covered as often (M. Sadinle et al.,
                "Least Ambiguous Set-Valued Classifiers with Bounded Error Levels", 2019)

Symbols: y what was observed, μ the response, V its variance function, p the probability of a class.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from kan.errors import CalibrationTooSmall, InvalidSetting, NoRows
from kan.losses import FamilyName

MOST_SCORES = 2000  # per group; of more rows every so-manieth is kept, rounded towards caution
ROUNDING = 9  # digits of a rank

DEVIATIONS: Mapping[str, Callable[[Tensor], Tensor]] = MappingProxyType(
    {"gaussian": torch.ones_like, "poisson": torch.sqrt, "gamma": torch.abs}
)


@dataclass(frozen=True)
class Calibration:
    """Ascending scores of the calibration rows: one group for numbers, one per class for classes."""

    scores: tuple[tuple[float, ...], ...]
    rows: tuple[int, ...]

    def threshold(self, group: int, coverage: float) -> float:
        """Return the largest score that a new row of the group may have; infinite where the rows are too few."""
        if not 0 < coverage < 1:
            raise InvalidSetting("coverage", coverage, "a number above 0 and below 1")
        scores = self.scores[group]
        rank = math.ceil(round((len(scores) + 1) * coverage, ROUNDING))
        return scores[rank - 1] if rank <= len(scores) else math.inf


def calibrated_numbers(
    observed: Float[Tensor, " rows"], expected: Float[Tensor, " rows"], family: FamilyName
) -> Calibration:
    """Return the scores of observed numbers around expected ones; raises NoRows."""
    return _calibration([(observed - expected).abs() / DEVIATIONS[family](expected)])


def calibrated_classes(codes: Int[Tensor, " rows"], probabilities: Float[Tensor, "rows classes"]) -> Calibration:
    """Return the scores of observed classes, told by their codes; raises NoRows where there is no row at all."""
    missed = 1 - probabilities
    return _calibration([missed[codes == code, code] for code in range(probabilities.shape[1])])


def intervals(
    calibration: Calibration, expected: Float[Tensor, " rows"], family: FamilyName, coverage: float
) -> Float[Tensor, "rows 2"]:
    """Return the least and the largest number per row; counts and amounts stay at 0 or above.

    Raises InvalidSetting, and CalibrationTooSmall where no finite interval has the coverage.
    """
    threshold = calibration.threshold(0, coverage)
    if not math.isfinite(threshold):
        raise CalibrationTooSmall(calibration.rows[0], coverage, fewest_rows(coverage))
    reach = threshold * DEVIATIONS[family](expected)
    lower = expected - reach
    return torch.stack([lower if family == "gaussian" else lower.clamp(min=0), expected + reach], dim=1)


def outcome_sets(
    calibration: Calibration, probabilities: Float[Tensor, "rows classes"], coverage: float
) -> Bool[Tensor, "rows classes"]:
    """Return which classes each row may have; a class of too few calibration rows is never ruled out.

    A set may be empty: the row is then unlike any class. Raises InvalidSetting.
    """
    thresholds = [calibration.threshold(code, coverage) for code in range(probabilities.shape[1])]
    return 1 - probabilities <= probabilities.new_tensor(thresholds)


def fewest_rows(coverage: float) -> int:
    """Return how many calibration rows a finite interval of this coverage needs."""
    return math.ceil(round(coverage / (1 - coverage), ROUNDING))


def _calibration(groups: Sequence[Float[Tensor, " _"]]) -> Calibration:
    if not any(len(group) for group in groups):
        raise NoRows
    return Calibration(tuple(_kept(group) for group in groups), tuple(len(group) for group in groups))


def _kept(scores: Float[Tensor, " rows"]) -> tuple[float, ...]:
    """Return the scores in order; of many only some, each at least as large as its share of the rows demands."""
    ordered: list[float] = scores.sort().values.tolist()
    count = len(ordered)
    if count <= MOST_SCORES:
        return tuple(ordered)
    ranks = (-(-place * (count + 1) // (MOST_SCORES + 1)) for place in range(1, MOST_SCORES + 1))
    return tuple(ordered[rank - 1] for rank in ranks)
