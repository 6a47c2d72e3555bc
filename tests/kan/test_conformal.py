"""Intervals and sets hold new rows as often as they say, whatever the model."""

import math
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kan.conformal import (
    MOST_SCORES,
    calibrated_classes,
    calibrated_numbers,
    fewest_rows,
    intervals,
    outcome_sets,
)
from kan.errors import ArtifactCorrupted, CalibrationTooSmall, InvalidSetting, NoRows, NotCalibrated
from kan.estimator import KANClassifier, KANRegressor
from kan.losses import FamilyName
from kan.serialization import dump, load

Numbers = npt.NDArray[np.float64]
RANDOM = np.random.default_rng(0)


@given(st.integers(1, 60), st.floats(0.05, 0.95))
def test_threshold_is_the_score_that_the_rank_of_the_textbook_names(rows: int, coverage: float) -> None:
    observed = torch.arange(rows, 0, -1, dtype=torch.float64)
    found = calibrated_numbers(observed, torch.zeros(rows, dtype=torch.float64), "gaussian").threshold(0, coverage)
    rank = math.ceil(round((rows + 1) * coverage, 9))
    assert found == (rank if rank <= rows else math.inf)
    assert (rows >= fewest_rows(coverage)) == math.isfinite(found)


DRAWS: Mapping[FamilyName, Callable[[Numbers], Numbers]] = {
    "gaussian": lambda mean: RANDOM.normal(mean, 2.0),
    "poisson": lambda mean: RANDOM.poisson(mean).astype(np.float64),
    "gamma": lambda mean: RANDOM.gamma(4.0, mean / 4.0),
}


@pytest.mark.parametrize("family", DRAWS)
def test_intervals_of_every_family_cover_new_rows(family: FamilyName) -> None:
    mean = RANDOM.uniform(1, 30, size=8000)
    expected, observed = torch.from_numpy(mean), torch.from_numpy(DRAWS[family](mean))
    calibration = calibrated_numbers(observed[:4000], expected[:4000], family)
    found = intervals(calibration, expected[4000:], family, 0.9)
    inside = (found[:, 0] <= observed[4000:]) & (observed[4000:] <= found[:, 1])
    assert 0.88 <= float(inside.double().mean()) <= 0.92
    assert family == "gaussian" or bool((found >= 0).all())


def test_many_scores_are_thinned_towards_caution() -> None:
    observed = torch.from_numpy(RANDOM.normal(size=5 * MOST_SCORES + 3))
    calibration = calibrated_numbers(observed, torch.zeros_like(observed), "gaussian")
    assert len(calibration.scores[0]) == MOST_SCORES
    ordered = observed.abs().sort().values
    for coverage in (0.5, 0.9, 0.99):
        rank = math.ceil((len(ordered) + 1) * coverage)
        assert ordered[rank - 1] <= calibration.threshold(0, coverage) <= ordered[rank + 6]


def test_every_class_is_covered_however_rare_it_is() -> None:
    risk = torch.from_numpy(RANDOM.beta(1, 15, size=40_000))
    codes = torch.from_numpy((RANDOM.random(40_000) < risk.numpy()).astype(np.int64))
    probabilities = torch.stack([1 - risk, risk], dim=1)
    calibration = calibrated_classes(codes[:20_000], probabilities[:20_000])
    held = outcome_sets(calibration, probabilities[20_000:], 0.9)
    for code in (0, 1):
        mine = codes[20_000:] == code
        assert 0.87 <= float(held[mine, code].double().mean()) <= 0.93


def test_class_of_too_few_rows_is_never_ruled_out() -> None:
    codes = torch.tensor([0] * 50 + [1] * 3)
    probabilities = torch.tensor([[1.0, 0.0]] * 53, dtype=torch.float64)
    assert bool(outcome_sets(calibrated_classes(codes, probabilities), probabilities, 0.9)[:, 1].all())


def test_bad_calibrations_are_refused() -> None:
    nothing, few = torch.zeros(0, dtype=torch.float64), torch.zeros(5, dtype=torch.float64)
    with pytest.raises(NoRows):
        calibrated_numbers(nothing, nothing, "gaussian")
    with pytest.raises(CalibrationTooSmall, match="at least 9 calibration rows, and there are 5"):
        intervals(calibrated_numbers(few, few, "gaussian"), few, "gaussian", 0.9)
    for coverage in (0.0, 1.0, math.nan):
        with pytest.raises(InvalidSetting, match="coverage"):
            calibrated_numbers(few, few, "gaussian").threshold(0, coverage)


X = RANDOM.uniform(-1, 1, size=(900, 2))
SIGNAL = np.sin(3 * X[:, 0]) + X[:, 1]


def test_regressor_learns_intervals_from_rows_that_it_has_not_seen(no_shape_checks: None) -> None:
    y = SIGNAL + 0.3 * RANDOM.normal(size=900)
    model = KANRegressor(random_state=0).fit(X[:300], y[:300])
    with pytest.raises(NotCalibrated):
        model.predict_interval(X)
    lower, upper = model.calibrate(X[300:600], y[300:600]).predict_interval(X[600:]).T
    assert 0.85 <= np.mean((lower <= y[600:]) & (y[600:] <= upper)) <= 0.95
    assert np.array_equal(
        KANRegressor.from_model(load(dump(model.model_))).predict_interval(X), model.predict_interval(X)
    )
    with pytest.raises(NotCalibrated):
        model.refit().predict_interval(X)


def test_classifier_learns_sets_of_classes() -> None:
    y = np.where(SIGNAL + RANDOM.normal(size=900) > 0, "yes", "no")
    model = KANClassifier(random_state=0).fit(X[:300], y[:300]).calibrate(X[300:600], y[300:600])
    held = model.predict_set(X[600:])
    truth = np.searchsorted(model.classes_, y[600:])
    assert 0.85 <= np.mean(held[np.arange(300), truth]) <= 0.95
    with pytest.raises(ValueError, match="perhaps"):
        model.calibrate(X[:2], np.array(["yes", "perhaps"]))


@pytest.mark.parametrize("old", ['"rows":[300]', '"scores":[['])
def test_tampered_calibration_is_refused(old: str) -> None:
    model = KANRegressor(random_state=0).fit(X[:300], SIGNAL[:300]).calibrate(X[300:600], SIGNAL[300:600] + 1)
    data = dump(model.model_).replace(old.replace('"', '\\"').encode(), old.replace('"', '\\"')[:-1].encode() + b"-")
    with pytest.raises(ArtifactCorrupted):
        load(data)
