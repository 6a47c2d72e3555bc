"""Metrics against their definitions, written out."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap
from sklearn.metrics import roc_auc_score

from service.domain.training_configuration import Metric
from service.modelling.evaluation import calibration, classification_metrics, regression_metrics, wilson_interval

OUTCOMES = np.array([0, 0, 1, 1, 1])
POSITIVE = np.array([0.1, 0.6, 0.4, 0.8, 0.6])


def values(metrics: tuple[Metric, ...]) -> dict[str, float]:
    return {metric.name: metric.value for metric in metrics}


def test_two_classes_are_measured_on_the_positive_one() -> None:
    found = values(classification_metrics(OUTCOMES, np.column_stack([1 - POSITIVE, POSITIVE])))
    pairs = [(n, p) for n in POSITIVE[OUTCOMES == 0] for p in POSITIVE[OUTCOMES == 1]]
    assert found["auc"] == pytest.approx(sum(1.0 if n < p else 0.5 if n == p else 0.0 for n, p in pairs) / len(pairs))
    likelihood = np.where(OUTCOMES == 1, POSITIVE, 1 - POSITIVE)
    assert found["log_loss"] == pytest.approx(-np.log(likelihood).mean())
    assert found["brier"] == pytest.approx(((POSITIVE - OUTCOMES) ** 2).mean())
    assert found["accuracy"] == 0.6


def test_more_classes_are_measured_over_all_of_them() -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.2, 0.5, 0.3], [0.6, 0.3, 0.1]])
    outcomes = np.array([0, 2, 1, 1])
    found = values(classification_metrics(outcomes, probabilities))
    indicators = np.array([[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 0]])
    assert found["brier"] == pytest.approx(((probabilities - indicators) ** 2).sum(axis=1).mean())
    assert found["log_loss"] == pytest.approx(-np.log([0.7, 0.6, 0.5, 0.3]).mean())
    assert found["accuracy"] == 0.75
    assert found["auc"] == pytest.approx((1 + (1 + 1 + 1 + 0.5) / 4 + 1) / 3)


def test_quantities_are_measured_in_their_unit() -> None:
    found = values(regression_metrics(np.array([1.0, 2.0, 3.0, 6.0]), np.array([1.0, 3.0, 3.0, 4.0])))
    assert found["rmse"] == pytest.approx(math.sqrt(5 / 4))
    assert found["mae"] == pytest.approx(3 / 4)
    assert found["r2"] == pytest.approx(1 - 5 / 14)


def test_every_metric_knows_its_rows_and_its_direction() -> None:
    metrics = classification_metrics(OUTCOMES, np.column_stack([1 - POSITIVE, POSITIVE]))
    assert {metric.rows for metric in metrics} == {5}
    assert {metric.name for metric in metrics if metric.better == "higher"} == {"auc", "accuracy"}


def drawn(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities with ties, and outcomes that follow them."""
    random = np.random.default_rng(3)
    probabilities = np.round(random.random(rows), 2)
    return probabilities, (random.random(rows) < probabilities).astype(np.int64)


def test_intervals_are_those_of_a_bootstrap_written_out() -> None:
    probabilities, outcomes = drawn(300)
    found = {one.name: one for one in classification_metrics(outcomes, np.c_[1 - probabilities, probabilities])}
    options = {"paired": True, "vectorized": False, "method": "percentile", "n_resamples": 2000, "rng": 1}
    area = bootstrap((outcomes, probabilities), roc_auc_score, **options).confidence_interval
    brier = bootstrap((outcomes, probabilities), lambda y, p: ((y - p) ** 2).mean(), **options).confidence_interval
    for name, expected in (("auc", area), ("brier", brier)):
        assert found[name].lower == pytest.approx(expected.low, abs=0.01)
        assert found[name].upper == pytest.approx(expected.high, abs=0.01)
    again = classification_metrics(outcomes, np.c_[1 - probabilities, probabilities])
    assert again == tuple(found.values())


def test_every_interval_holds_its_measure() -> None:
    probabilities, outcomes = drawn(400)
    metrics = [
        *classification_metrics(outcomes, np.c_[1 - probabilities, probabilities]),
        *regression_metrics(outcomes.astype(float), probabilities),
    ]
    for one in metrics:
        assert one.lower is not None
        assert one.upper is not None
        assert one.lower < one.value < one.upper


def test_the_area_under_the_curve_is_scikit_learn_s_for_any_weights_of_ties() -> None:
    probabilities, outcomes = drawn(150)
    (area, *_) = classification_metrics(outcomes, np.c_[1 - probabilities, probabilities])
    assert area.value == pytest.approx(roc_auc_score(outcomes, probabilities), abs=1e-12)


def test_calibration_bins_hold_all_rows_and_what_happened_in_them() -> None:
    probabilities, outcomes = drawn(1000)
    bins = calibration(outcomes, probabilities)
    assert len(bins) == 10
    assert sum(one.rows for one in bins) == 1000
    for one in bins:
        inside = (probabilities >= one.least) & (probabilities <= one.most)
        assert inside.sum() == one.rows
        assert one.predicted == pytest.approx(probabilities[inside].mean())
        assert one.observed == pytest.approx(outcomes[inside].mean())
        assert one.lower <= one.observed <= one.upper


def test_equal_probabilities_share_one_bin() -> None:
    (one,) = calibration(np.array([0, 1, 1, 0]), np.full(4, 0.5))
    assert (one.rows, one.predicted, one.observed) == (4, 0.5, 0.5)


@pytest.mark.parametrize(("hits", "rows"), [(0, 7), (3, 40), (40, 40)])
def test_the_interval_of_a_share_is_wilson_s(hits: int, rows: int) -> None:
    expected = binomtest(hits, rows).proportion_ci(0.95, "wilson")
    assert wilson_interval(hits / rows, rows) == pytest.approx((expected.low, expected.high), abs=1e-12)
