"""B-splines against SciPy's."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import BSpline

from kan.bspline import basis, basis_derivative, greville
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
        found = basis_derivative(inner, knots, degree)[:, 0].numpy()
        np.testing.assert_allclose(found, expected, atol=1e-9, rtol=1e-9)


@given(DEGREES, st.floats(-100, 100), SPACINGS, SHARES)
def test_values_sum_to_one_and_slopes_to_zero(
    degree: int, start: float, spacings: list[float], shares: list[float]
) -> None:
    knots, points = knots_and_points(start, spacings, shares, degree)
    values, slopes = basis(points, knots, degree), basis_derivative(points, knots, degree)
    assert torch.allclose(values.sum(-1), torch.ones(()).double(), atol=1e-12)
    assert float((slopes.sum(-1) / slopes.abs().sum(-1)).abs().max()) < 1e-12
    assert float(values.min()) >= -1e-14
    assert int((values[:, 0] != 0).sum(-1).max()) <= degree + 1


@pytest.mark.parametrize("degree", [1, 2, 3, 4, 5])
def test_slopes_are_the_gradients_of_the_values(degree: int) -> None:
    knots = clamped(torch.tensor([[0.0, 0.4, 1.0, 3.0], [-1.0, 0.0, 2.0, 2.5]], dtype=torch.float64), degree)
    points = torch.tensor([[0.1, -0.7], [1.2, 2.1], [2.9, 1.0]], dtype=torch.float64, requires_grad=True)
    factors = torch.arange(1.0, degree + 4, dtype=torch.float64)
    (basis(points, knots, degree) @ factors).sum().backward()
    assert points.grad is not None
    assert torch.allclose(points.grad, basis_derivative(points.detach(), knots, degree) @ factors, atol=1e-12)


@pytest.mark.parametrize("degree", [1, 2, 3, 4, 5])
def test_greville_abscissae_as_coefficients_give_the_point_itself(degree: int) -> None:
    knots = clamped(torch.tensor([[0.0, 0.4, 1.0, 3.0]], dtype=torch.float64), degree)
    points = torch.linspace(0, 3, 31, dtype=torch.float64).unsqueeze(1)
    line = (basis(points, knots, degree) * greville(knots, degree)).sum(-1)
    assert torch.allclose(line, points, atol=1e-13)


def test_the_border_on_the_right_belongs_to_the_last_interval() -> None:
    knots = clamped(torch.tensor([[0.0, 1.0]], dtype=torch.float64), 2)
    assert basis(torch.tensor([[1.0]], dtype=torch.float64), knots, 2)[0, 0].tolist() == [0.0, 0.0, 1.0]
