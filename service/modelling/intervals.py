"""Where the truth lies with a probability: calibrated on rows that a version was not trained on."""

from collections.abc import Sequence

import torch

from kan.conformal import Calibration, fewest_rows, intervals, outcome_sets
from kan.model import FittedModel
from service.domain.predictions import Interval, Output

COVERAGE = 0.9


def intervals_of(fitted: FittedModel, outputs: Sequence[Output]) -> list[Interval | None]:
    """The interval or the set of outcomes around each answer; None without a large enough calibration."""
    calibration = fitted.calibration
    if calibration is None:
        return [None] * len(outputs)
    if outputs[0].probabilities:
        return [*_sets(calibration, outputs)]
    if calibration.rows[0] < fewest_rows(COVERAGE):
        return [None] * len(outputs)
    expected = torch.tensor([output.response for output in outputs], dtype=torch.float64)
    bounds = intervals(calibration, expected, fitted.family, COVERAGE).tolist()
    return [Interval(coverage=COVERAGE, lower=lower, upper=upper) for lower, upper in bounds]


def _sets(calibration: Calibration, outputs: Sequence[Output]) -> list[Interval]:
    probabilities = [[one.probability for one in output.probabilities] for output in outputs]
    held = outcome_sets(calibration, torch.tensor(probabilities, dtype=torch.float64), COVERAGE).tolist()
    names = [one.outcome for one in outputs[0].probabilities]
    known = {
        own: Interval(
            coverage=COVERAGE, outcomes=tuple(name for name, is_held in zip(names, own, strict=True) if is_held)
        )
        for own in {*map(tuple, held)}
    }
    return [known[tuple(own)] for own in held]
