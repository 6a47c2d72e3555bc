"""B-splines against SciPy's."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import BSpline

from kan.bspline import basis, greville, local_basis
from kan.grid import clamped

DEGREES = st.integers(1, 5)
SPACINGS = st.lists(st.floats(0.01, 10), min_size=1, max_size=8)
SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def knots_and_points(
    start: float, spacings: list[float], shares: list[float], degree: int
) -> tuple[torch.Tensor, torch.Tensor]:
    breakpoints = start + torch.tensor([0.0, *spacings], dtype=torch.float64).cumsum(0)
    points = breakpoints[0] + torch.tensor(shares, dtype=torch.float64) * (breakpoints[-1] - breakpoints[0])
    return clamped(breakpoints.unsqueeze(0), degree), points.unsqueeze(1)


def slopes(points: torch.Tensor, knots: torch.Tensor, degree: int) -> torch.Tensor:
    local = local_basis(points.T.contiguous(), knots, degree)
    dense = points.new_zeros(*points.shape, knots.shape[1] - degree - 1)
    index = local.first.T.unsqueeze(2) + torch.arange(degree + 1)
    return dense.scatter(2, index, local.slopes().permute(2, 1, 0))


@given(DEGREES, st.floats(-100, 100), SPACINGS, SHARES)
def test_values_are_those_of_scipy(degree: int, start: float, spacings: list[float], shares: list[float]) -> None:
    knots, points = knots_and_points(start, spacings, shares, degree)
    expected = BSpline(knots[0].numpy(), np.eye(len(spacings) + degree), degree)(points[:, 0].numpy())
    np.testing.assert_allclose(basis(points, knots, degree)[:, 0].numpy(), expected, atol=1e-11)


@given(DEGREES, st.floats(-100, 100), SPACINGS, SHARES)
def test_derivatives_are_those_of_scipy(degree: int, start: float, spacings: list[float], shares: list[float]) -> None:
    knots, points = knots_and_points(start, spacings, shares, degree)
    inner = points[~torch.isin(points[:, 0], knots[0])]  # at a knot a line has two slopes, and SciPy may take the other
    if len(inner):
        spline = BSpline(knots[0].numpy(), np.eye(len(spacings) + degree), degree)
        expected = spline.derivative()(inner[:, 0].numpy())
        found = slopes(inner, knots, degree)[:, 0].numpy()
        np.testing.assert_allclose(found, expected, atol=1e-9, rtol=1e-9)


@given(DEGREES, st.floats(-100, 100), SPACINGS, SHARES)
def test_values_sum_to_one_and_slopes_to_zero(
    degree: int, start: float, spacings: list[float], shares: list[float]
) -> None:
    knots, points = knots_and_points(start, spacings, shares, degree)
    values, derivatives = basis(points, knots, degree), slopes(points, knots, degree)
    assert torch.allclose(values.sum(-1), torch.ones(()).double(), atol=1e-12)
    assert float((derivatives.sum(-1) / derivatives.abs().sum(-1)).abs().max()) < 1e-12
    assert float(values.min()) >= -1e-14
    assert int((values[:, 0] != 0).sum(-1).max()) <= degree + 1


@given(DEGREES, st.floats(-100, 100), SPACINGS, SHARES, st.floats(-10, 10))
def test_beyond_the_point_values_continue_along_their_slope(
    degree: int, start: float, spacings: list[float], shares: list[float], beyond: float
) -> None:
    knots, points = knots_and_points(start, spacings, shares, degree)
    there = local_basis(points.T, knots, degree)
    further = local_basis(points.T, knots, degree, torch.full_like(points.T, beyond))
    expected = there.values + beyond * there.slopes()
    torch.testing.assert_close(further.values, expected, atol=1e-11 * float(expected.abs().max()), rtol=0)
    assert torch.equal(further.slopes(), there.slopes())


@pytest.mark.parametrize("intervals", [1, 2, 3, *range(30, 70), 96, 1000])
def test_every_interval_of_a_wide_grid_is_found(intervals: int) -> None:
    spacings = torch.rand(2, intervals, generator=torch.Generator().manual_seed(intervals), dtype=torch.float64) + 0.05
    breakpoints = torch.nn.functional.pad(spacings.cumsum(1), (1, 0))
    middles = breakpoints[:, :-1] + spacings / 2
    for points in (breakpoints[:, :-1], middles, breakpoints[:, 1:].nextafter(breakpoints[:, :-1])):
        first = local_basis(points.contiguous(), clamped(breakpoints, 3), 3).first
        assert torch.equal(first, torch.arange(intervals).expand(2, -1))


@pytest.mark.parametrize("degree", [1, 2, 3, 4, 5])
def test_greville_abscissae_as_coefficients_give_the_point_itself(degree: int) -> None:
    knots = clamped(torch.tensor([[0.0, 0.4, 1.0, 3.0]], dtype=torch.float64), degree)
    points = torch.linspace(0, 3, 31, dtype=torch.float64).unsqueeze(1)
    line = (basis(points, knots, degree) * greville(knots, degree)).sum(-1)
    assert torch.allclose(line, points, atol=1e-13)


def test_the_border_on_the_right_belongs_to_the_last_interval() -> None:
    knots = clamped(torch.tensor([[0.0, 1.0]], dtype=torch.float64), 2)
    assert basis(torch.tensor([[1.0]], dtype=torch.float64), knots, 2)[0, 0].tolist() == [0.0, 0.0, 1.0]
