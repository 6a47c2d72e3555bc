"""Knots follow the data and never collapse."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kan.grid import MINIMUM_SPACING, adaptive_knots, column_ranges

VALUES = st.lists(st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0])), min_size=1, max_size=40)


def column(values: list[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64).unsqueeze(1)


@given(VALUES, st.integers(1, 12), st.floats(0, 1))
def test_neighbouring_knots_keep_their_distance(values: list[float], grid_size: int, grid_eps: float) -> None:
    knots = adaptive_knots(column(values), grid_size=grid_size, degree=3, grid_eps=grid_eps)[0]
    inner = knots[3:-3]
    smallest = max(grid_eps, MINIMUM_SPACING) * (inner[-1] - inner[0]) / grid_size
    assert len(inner) == grid_size + 1
    assert bool((inner.diff() >= 0.999 * smallest).all())
    assert float(inner[-1] - inner[0]) > 0


@given(VALUES)
def test_every_point_lies_in_the_domain(values: list[float]) -> None:
    knots = adaptive_knots(column(values), grid_size=5, degree=2, grid_eps=0.1)[0]
    assert float(knots[0]) <= min(values)
    assert float(knots[-1]) >= max(values)


def test_binary_column_gets_five_intervals() -> None:
    knots = adaptive_knots(column([0.0] * 90 + [1.0] * 10), grid_size=5, degree=3, grid_eps=0.02)[0, 3:-3]
    assert (float(knots[0]), float(knots[-1])) == (0.0, 1.0)
    assert float(knots.diff().min()) >= MINIMUM_SPACING / 5 - 1e-12


def test_constant_column_reaches_one_unit_to_both_sides() -> None:
    lower, upper, constant = column_ranges(column([7.0, 7.0]))
    assert (float(lower), float(upper), bool(constant)) == (6.0, 8.0, True)


def test_missing_values_are_ignored() -> None:
    gaps = column([0.0, float("nan"), 10.0, float("nan")])
    full = column([0.0, 10.0])
    settings = {"grid_size": 4, "degree": 3, "grid_eps": 0.0}
    assert torch.equal(adaptive_knots(gaps, **settings), adaptive_knots(full, **settings))  # type: ignore[arg-type]  # one dict holds ints and a float


def test_column_without_any_value_gets_a_grid_around_zero() -> None:
    knots = adaptive_knots(column([float("nan")] * 3), grid_size=2, degree=1, grid_eps=0.5)
    assert knots[0].tolist() == [-1.0, -1.0, 0.0, 1.0, 1.0]


@pytest.mark.parametrize(("grid_eps", "expected"), [(1.0, 50.0), (0.5, 0.5 * 50 + 0.5 * 1)])
def test_knots_blend_uniform_and_quantile(grid_eps: float, expected: float) -> None:
    knots = adaptive_knots(column([0.0, 1.0, 1.0, 1.0, 100.0]), grid_size=2, degree=1, grid_eps=grid_eps)
    assert float(knots[0, 2]) == pytest.approx(expected)


def test_margin_widens_both_sides() -> None:
    knots = adaptive_knots(column([0.0, 10.0]), grid_size=2, degree=1, grid_eps=1.0, margin=0.1)
    assert (float(knots[0, 0]), float(knots[0, -1])) == (-1.0, 11.0)
