"""Compiled loops: the arithmetic of Python, also where nothing can be kept."""

from typing import Any

import numba
import numpy as np
import pytest

from kan import compilation


def sum_of_products(x: Any, y: Any) -> float:
    total = 0.0
    for place in range(len(x)):
        total += x[place] * y[place]
    return total


X, Y = np.random.default_rng(0).normal(size=(2, 999))


def test_a_compiled_loop_has_the_bits_of_the_plain_one() -> None:
    assert compilation.compiled(sum_of_products)(X, Y) == sum_of_products(X.tolist(), Y.tolist())


def test_a_loop_is_compiled_where_no_folder_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def njit(*, cache: bool = False, **options: Any) -> Any:
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return numba.njit(**options)

    monkeypatch.setattr(compilation, "njit", njit)
    assert compilation.compiled(sum_of_products)(X, Y) == sum_of_products(X.tolist(), Y.tolist())
    assert asked == [True, False]
