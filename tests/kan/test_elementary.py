"""Elementary functions against those of NumPy in a longer format, and their bits in every array."""

import numpy as np
import pytest
from jaxtyping import Float

from kan.elementary import RESPONSES, exponential, sigmoid, softmax


def numbers(low: float, high: float, count: int = 100_000) -> Float[np.ndarray, " numbers"]:
    return np.random.default_rng(0).uniform(low, high, count)


@pytest.mark.parametrize("size", [1e-300, 1e-10, 0.3, 3.0, 700.0])
def test_exponential_is_within_one_unit_in_the_last_place(size: float) -> None:
    x = numbers(-size, size)
    exact = np.exp(x.astype(np.longdouble))
    assert float((np.abs(exponential(x) - exact) / np.spacing(exponential(x))).max()) < 1.0


def test_exponential_leaves_the_numbers_as_it_should() -> None:
    x = np.array([0.0, 1000.0, np.inf, -1000.0, -np.inf, np.nan, -745.1, 709.78])
    with np.errstate(over="ignore"):
        expected = np.exp(x)
    found = exponential(x)
    np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_sigmoid_has_both_tails() -> None:
    x = np.array([-800.0, -700.0, -1.0, 0.0, 1.0, 40.0, 800.0])
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(sigmoid(x), 1 / (1 + np.exp(-x)), rtol=4e-16)


def test_softmax_sums_to_one_at_any_size() -> None:
    x = np.array([[1.0, 2.0, 3.0], [1000.0, 0.0, -1000.0], [-5.0, -5.0, -5.0]])
    with np.errstate(under="ignore"):
        found = softmax(x)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-15)
    np.testing.assert_allclose(found[0], np.exp(x[0]) / np.exp(x[0]).sum(), rtol=1e-15)
    assert found[1].tolist() == [1.0, 0.0, 0.0]


@pytest.mark.parametrize("name", list(RESPONSES))
def test_row_has_the_same_bits_wherever_it_is(name: str) -> None:
    rows = numbers(-3.0, 3.0, 333).reshape(111, 3)
    whole = RESPONSES[name](rows)
    for start, stop in ((0, 1), (5, 6), (50, 111), (110, 111), (1, 40)):
        assert RESPONSES[name](rows[start:stop]).tobytes() == whole[start:stop].tobytes()
    backwards = RESPONSES[name](rows[::-1])[::-1]
    assert backwards.tobytes() == whole.tobytes()
