"""Rows drawn from known functions."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Function = Callable[[Numbers], Numbers]


def wave(x: Numbers) -> Numbers:
    """exp(sin(πx) + y²), the first example of the KAN paper; x of shape (rows, 2)."""
    return np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2)


def draw(function: Function, low: float, high: float, inputs: int, rows: int, seed: int) -> dict[str, Numbers]:
    """Return `rows` training rows and 1,000 test rows, uniform on a cube."""
    generator = np.random.default_rng(seed)
    drawn: dict[str, Numbers] = {}
    for part, count in (("train", rows), ("test", 1000)):
        x = generator.uniform(low, high, size=(count, inputs))
        drawn |= {f"X_{part}": x, f"y_{part}": function(x)}
    return drawn


def rmse(predicted: Numbers, known: Numbers) -> float:
    """Return the root of the mean squared error."""
    return float(np.sqrt(np.mean((predicted - known) ** 2)))
