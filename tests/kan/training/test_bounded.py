"""Quadratic steps under bounds against SciPy's solvers."""

import math

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import lsq_linear, nnls

from kan.training.bounded import bounded_step

Array = npt.NDArray[np.float64]


def problem(seed: int, size: int, rows: int = 0) -> tuple[Array, Array]:
    """Return A and b of |A·p - b|²/2, A with a condition number of about a hundred."""
    generator = np.random.default_rng(seed)
    design = generator.normal(size=(rows or 2 * size, size)) * np.geomspace(0.1, 3, size)
    return design, generator.normal(size=len(design)) * 3


def step(design: Array, target: Array, lower: Array) -> Array:
    matrix, gradient = torch.from_numpy(design.T @ design), torch.from_numpy(-design.T @ target)
    found = bounded_step(matrix, gradient, torch.from_numpy(lower))
    assert found is not None
    return found.numpy()


@pytest.mark.parametrize("size", [1, 2, 7, 40, 150])
@pytest.mark.parametrize("seed", [0, 1])
def test_step_above_zero_is_that_of_nnls(seed: int, size: int) -> None:
    design, target = problem(seed, size)
    expected = nnls(design, target)[0]
    np.testing.assert_allclose(step(design, target, np.zeros(size)), expected, atol=1e-9)


@given(st.integers(0, 10_000), st.integers(1, 25))
def test_step_with_free_and_bounded_parameters_is_that_of_lsq_linear(seed: int, size: int) -> None:
    design, target = problem(seed, size)
    generator = np.random.default_rng(seed + 1)
    lower = np.where(generator.random(size) < 0.4, -np.inf, -generator.exponential(size=size))
    upper = np.full(size, np.inf)
    expected = lsq_linear(design, target, (lower, upper), method="bvls", tol=1e-14).x
    found = step(design, target, lower)
    assert (found >= lower).all()
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_step_without_bounds_is_the_solution() -> None:
    design, target = problem(3, 12)
    expected = np.linalg.lstsq(design, target, rcond=None)[0]
    np.testing.assert_allclose(step(design, target, np.full(12, -np.inf)), expected, atol=1e-10)


def test_step_stays_at_bounds_that_all_hold_it_back() -> None:
    found = bounded_step(torch.eye(4).double(), torch.ones(4).double(), torch.full((4,), -0.25).double())
    assert found is not None
    assert found.tolist() == [-0.25] * 4


def test_nearly_singular_matrix_still_ends_in_a_step_that_is_allowed() -> None:
    design, target = problem(5, 30, rows=30)
    design[:, 15:] = design[:, :15] + 1e-6 * design[:, 15:]
    matrix = torch.from_numpy(design.T @ design + 1e-12 * np.eye(30))
    gradient = torch.from_numpy(-design.T @ target)
    lower = torch.full((30,), -0.1, dtype=torch.float64)
    found = bounded_step(matrix, gradient, lower)
    assert found is not None
    assert bool((found >= lower).all())
    objective = found @ matrix @ found / 2 + gradient @ found
    expected = lsq_linear(design, target, (lower.numpy(), np.inf), method="bvls", tol=1e-14)
    assert float(objective) == pytest.approx(expected.cost - target @ target / 2, rel=1e-6)


@pytest.mark.parametrize("lower", [-math.inf, 0.0])
def test_matrix_that_is_not_positive_definite_gives_no_step(lower: float) -> None:
    matrix = torch.tensor([[1.0, 2.0], [2.0, 1.0]], dtype=torch.float64)
    gradient = torch.tensor([-1.0, -1.0], dtype=torch.float64)
    assert bounded_step(matrix, gradient, torch.full((2,), lower, dtype=torch.float64)) is None
