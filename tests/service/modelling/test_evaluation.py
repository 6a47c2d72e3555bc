"""Metrics against their definitions, written out."""

import math

import numpy as np
import pytest

from service.domain.training_configuration import Metric
from service.modelling.evaluation import classification_metrics, regression_metrics

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
