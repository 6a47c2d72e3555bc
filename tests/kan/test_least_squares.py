"""Least squares against NumPy's."""

import numpy as np
import torch

from kan.least_squares import least_squares


def test_solution_is_that_of_numpy() -> None:
    rng = np.random.default_rng(0)
    bases, targets = rng.normal(size=(3, 40, 6)), rng.normal(size=(3, 40, 2))
    found = least_squares(torch.from_numpy(bases), torch.from_numpy(targets))
    for problem in range(3):
        expected = np.linalg.lstsq(bases[problem], targets[problem])[0]
        np.testing.assert_allclose(found[problem].numpy(), expected, atol=1e-12)


def test_function_that_no_row_sees_gets_coefficient_zero() -> None:
    bases = torch.eye(3, dtype=torch.float64)[:2].unsqueeze(0)
    found = least_squares(bases, torch.ones(1, 2, 1, dtype=torch.float64))
    assert found[0, :, 0].tolist() == [1.0, 1.0, 0.0]
