"""Formulas in place of splines: what they may cost, and the directions that they must keep."""

import re

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from sklearn.metrics import log_loss, r2_score

from kan.estimator import KANClassifier, KANRegressor
from service.modelling.formulas import symbolify, training_loss

ROWS = 200
X = np.linspace(0.0, 1.0, ROWS)
INPUTS = pl.DataFrame({"x": X})


def noise(size: float) -> npt.NDArray[np.float64]:
    return size * np.random.Generator(np.random.PCG64(3)).standard_normal(ROWS)


def losses(said: str) -> tuple[float, float]:
    """The losses with formulas and with splines that a sentence names."""
    formulas, splines = re.findall(r"([\d.e-]+) with (?:formulas|splines)", said)
    return float(formulas), float(splines)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_loss_of_outcomes_is_their_negative_log_likelihood(classes: int) -> None:
    outcomes = (classes * (X + noise(0.2))).astype(int).clip(0, classes - 1)
    estimator = KANClassifier(random_state=0).fit(INPUTS, outcomes)
    expected = log_loss(outcomes, estimator.predict_proba(INPUTS))
    assert training_loss(estimator, INPUTS, outcomes) == pytest.approx(expected, rel=1e-6)


def test_the_loss_of_a_quantity_does_not_depend_on_its_unit() -> None:
    amounts = 1000 * (X**2 + noise(0.1))
    estimator = KANRegressor(random_state=0).fit(INPUTS, amounts)
    unexplained = 1 - r2_score(amounts, estimator.predict(INPUTS))
    assert training_loss(estimator, INPUTS, amounts) == pytest.approx(unexplained / 2, rel=0.01)


@pytest.mark.parametrize("hidden", [(), (2,)], ids=str)
def test_both_networks_are_judged_when_they_are_finished_and_by_the_same_rows(hidden: tuple[int, ...]) -> None:
    observed = np.exp(X) + noise(0.02)
    estimator = KANRegressor(hidden, random_state=0, steps=30).fit(INPUTS, observed)
    before = training_loss(estimator, INPUTS, observed)
    formulas, splines = losses(symbolify(estimator, INPUTS, observed, 0.9, lambda _: None))
    assert splines == pytest.approx(before, rel=1e-3)
    assert formulas == pytest.approx(training_loss(estimator, INPUTS, observed), rel=1e-3)


def test_a_formula_never_leaves_the_direction_of_its_spline() -> None:
    """The data turn at 0.8, and without a direction the formula is the parabola that they come from."""
    observed = 1 - (X - 0.8) ** 2 + noise(0.01)
    free = KANRegressor(random_state=0).fit(INPUTS, observed)
    assert "1 of 1 edges are formulas" in symbolify(free, INPUTS, observed, 0.9, lambda _: None)
    assert free.predict(INPUTS).argmax() == pytest.approx(0.8 * ROWS, abs=5)
    held = KANRegressor(monotone={"x": 1}, random_state=0).fit(INPUTS, observed)
    symbolify(held, INPUTS, observed, 0.9, lambda _: None)
    assert (np.diff(held.predict(INPUTS)) >= -1e-12).all()
