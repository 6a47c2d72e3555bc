"""Knots follow the data and never collapse."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kan.grid import MINIMUM_SPACING, QUANTILE_ROWS, adaptive_knots, column_ranges

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


def test_declared_domain_is_kept_and_its_empty_part_gets_knots_too() -> None:
    border = torch.tensor([-1.0], dtype=torch.float64), torch.tensor([1.0], dtype=torch.float64)
    left = torch.linspace(-1, -0.6, 100, dtype=torch.float64).unsqueeze(1)
    for grid_eps in (0.0, 0.3, 1.0):
        inner = adaptive_knots(left, grid_size=50, degree=3, grid_eps=grid_eps, domain=border)[0, 3:-3]
        assert (float(inner[0]), float(inner[-1])) == (-1.0, 1.0)
        assert float(inner.diff().min()) > 0
        assert float(inner.diff().max()) < 2.5 * 2 / 50
        assert int((inner > -0.6).sum()) > 20


def test_declared_domain_without_any_spread_in_the_data_is_divided_evenly() -> None:
    border = torch.tensor([0.0], dtype=torch.float64), torch.tensor([10.0], dtype=torch.float64)
    for values in ([7.0, 7.0], [float("nan")] * 2):
        inner = adaptive_knots(column(values), grid_size=5, degree=3, grid_eps=0.3, domain=border)[0, 3:-3]
        assert inner.tolist() == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]


def test_rows_that_fill_the_domain_decide_where_the_knots_are() -> None:
    border = torch.tensor([0.0], dtype=torch.float64), torch.tensor([1.0], dtype=torch.float64)
    skewed = torch.linspace(0, 1, 1001, dtype=torch.float64).unsqueeze(1) ** 3
    with_domain = adaptive_knots(skewed, grid_size=8, degree=2, grid_eps=0.4, domain=border)
    assert torch.allclose(with_domain, adaptive_knots(skewed, grid_size=8, degree=2, grid_eps=0.4))
    expected = 0.4 * torch.linspace(0, 1, 9, dtype=torch.float64) + 0.6 * torch.linspace(0, 1, 9).double() ** 3
    assert torch.allclose(with_domain[0, 2:-2], expected, atol=1e-9)


@pytest.mark.parametrize("size", [1e-12, 1e12])
def test_size_of_the_values_does_not_matter(size: float) -> None:
    values = torch.linspace(0, 1, 50, dtype=torch.float64).unsqueeze(1) ** 2
    knots = adaptive_knots(values * size, grid_size=6, degree=3, grid_eps=0.2)
    assert torch.allclose(knots / size, adaptive_knots(values, grid_size=6, degree=3, grid_eps=0.2), rtol=1e-9)


def test_large_table_is_met_by_evenly_chosen_rows() -> None:
    many = torch.linspace(0, 1, 3 * QUANTILE_ROWS, dtype=torch.float64).unsqueeze(1) ** 2
    few = torch.linspace(0, 1, 1000, dtype=torch.float64).unsqueeze(1) ** 2
    settings = {"grid_size": 7, "degree": 1, "grid_eps": 0.1}
    found, expected = (adaptive_knots(one, **settings) for one in (many, few))  # type: ignore[arg-type]  # one dict holds ints and a float
    assert torch.allclose(found, expected, atol=1e-3)
