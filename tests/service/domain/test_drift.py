"""The population stability index."""

import math

import pytest

from service.domain.drift import stability_index


def test_equal_shares_have_no_drift() -> None:
    assert stability_index([10, 20, 30], [10, 20, 30]) == 0.0


def test_the_index_is_the_sum_of_its_definition() -> None:
    before, now = [(40.5, 10.5), (60.5, 90.5)], 101.0
    expected = sum((o / now - e / now) * math.log((o / now) / (e / now)) for e, o in before)
    assert stability_index([40, 60], [10, 90]) == pytest.approx(expected, rel=1e-12)


def test_an_empty_class_is_no_infinity() -> None:
    assert 1 < stability_index([100, 0], [0, 100]) < 20
