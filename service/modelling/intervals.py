"""Where the truth lies with a probability: calibrated on rows that a version was not trained on."""

import torch

from kan.conformal import fewest_rows, intervals, outcome_sets
from kan.model import FittedModel
from service.domain.predictions import Interval, Output

COVERAGE = 0.9


def interval_of(fitted: FittedModel, output: Output) -> Interval | None:
    """The interval or the set of outcomes around one answer; None without a large enough calibration."""
    calibration = fitted.calibration
    if calibration is None:
        return None
    if output.probabilities:
        probabilities = torch.tensor([[one.probability for one in output.probabilities]], dtype=torch.float64)
        held = outcome_sets(calibration, probabilities, COVERAGE)[0].tolist()
        outcomes = tuple(one.outcome for one, is_held in zip(output.probabilities, held, strict=True) if is_held)
        return Interval(coverage=COVERAGE, outcomes=outcomes)
    if calibration.rows[0] < fewest_rows(COVERAGE):
        return None
    expected = torch.tensor([output.response], dtype=torch.float64)
    lower, upper = intervals(calibration, expected, fitted.family, COVERAGE)[0].tolist()
    return Interval(coverage=COVERAGE, lower=lower, upper=upper)
