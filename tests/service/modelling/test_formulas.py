"""Formulas in place of splines: what is said about them, and what happens where they fail."""

import numpy as np
import polars as pl
import pytest

from kan.estimator import KANRegressor
from service.modelling.formulas import formula_fidelity, has_formulas, symbolification, symbolify

ROWS = 200
X = np.linspace(0.0, 1.0, ROWS)
INPUTS = pl.DataFrame({"x": X})
NOISE = 0.01 * np.random.Generator(np.random.PCG64(3)).standard_normal(ROWS)


def fitted() -> KANRegressor:
    """The data turn at 0.8: a parabola."""
    return KANRegressor(random_state=0).fit(INPUTS, 1 - (X - 0.8) ** 2 + NOISE)


def test_formulas_are_counted_and_their_losses_told() -> None:
    estimator = fitted()
    said = symbolification(symbolify(estimator, 0.01, lambda _: None))
    assert said.startswith("1 of 1 splines are formulas: they explain ")
    assert said.endswith("on rows held out for the choice.")
    assert estimator.predict(INPUTS).argmax() == pytest.approx(0.8 * ROWS, abs=5)
    (fidelity,) = formula_fidelity(estimator.model_).values()
    assert 0.99 < fidelity <= 1


def test_model_without_formulas_has_no_fidelity() -> None:
    assert formula_fidelity(fitted().model_) == {}


def test_splines_stay_where_no_formula_is_good_enough() -> None:
    estimator = KANRegressor(grid_size=30, random_state=0).fit(INPUTS, X + 0.3 * np.sin(40 * X))
    splines = estimator.model_
    found = symbolify(estimator, 0.001, lambda _: None)
    assert found is splines
    assert not has_formulas(found)
    assert symbolification(found) == "Splines were kept: no edge has a formula that the network bears."
