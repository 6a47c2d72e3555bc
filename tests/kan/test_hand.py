"""Edges changed by hand through an estimator: snapped, made splines again, removed, and what a refit does with them."""

import numpy as np
import pytest

from kan import KANRegressor
from kan.errors import EdgeFormRefused, InvalidEdge, InvalidFormula, NoEdgesLeft, UnknownFunction
from kan.symbolic.library import SymbolicForm

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (300, 2))
Y = np.exp(0.7 * X[:, 0]) + np.log(1 + X[:, 1] ** 2)
SQUARES = "log(1 + x^2)"


def fitted() -> KANRegressor:
    return KANRegressor(random_state=0, domains={"x0": (-1.0, 1.0), "x1": (-1.0, 1.0)}).fit(X, Y)


def error(model: KANRegressor) -> float:
    return float(np.abs(model.predict(X) - Y).max())


def test_edges_snapped_to_the_truth_are_exact_after_a_refit() -> None:
    model = fitted().snap("0.0.0", "exp").snap("0.1.0", SQUARES)
    assert 1e-9 < error(model) < 1e-2
    assert error(model.refit()) < 1e-9
    (formula,) = model.formula()
    assert {str(symbol) for symbol in formula.free_symbols} == {"x0", "x1"}


def test_fixed_parameters_and_functions_survive_a_refit() -> None:
    form = SymbolicForm("exp", 0.5, 0.0, 1.0, 0.0, fixed=("a",))
    model = fitted().snap("0.0.0", form).refit()
    found = model.model_.network.symbolic_form(model.model_.network.edges()[0])
    assert found is not None
    assert (found.function, found.a, found.fixed) == ("exp", 0.5, ("a",))
    assert found.c != 1.0


def test_formula_becomes_the_nearest_spline_again() -> None:
    model = fitted().snap("0.0.0", "exp")
    before = model.predict(X)
    assert model.unsnap("0.0.0").model_.network.form(model.model_.network.edges()[0]) == "spline"
    assert np.abs(model.predict(X) - before).max() < 1e-4
    assert error(model.refit()) < 1e-3


def test_removed_edge_stays_removed_and_its_mean_stays() -> None:
    model = fitted()
    mean = model.predict(X).mean()
    assert model.remove("0.1.0").predict(X).mean() == pytest.approx(mean, abs=0.02)
    assert len(model.refit().model_.network.active_edges()) == 1


def test_changes_by_hand_leave_the_given_model_as_it_was() -> None:
    model = fitted()
    before, answers = model.model_, model.predict(X)
    model.snap("0.0.0", "exp").remove("0.1.0")
    assert np.array_equal(KANRegressor.from_model(before).predict(X), answers)


@pytest.mark.parametrize(
    ("edge", "function", "error"),
    [
        ("0.0.0", "cosh", UnknownFunction),
        ("0.0.0", "__import__('os')", InvalidFormula),
        ("0.0.0", "log(x)", EdgeFormRefused),
        ("0.0.0", SymbolicForm("log", 1.0, 0.5, 1.0, 0.0), EdgeFormRefused),
        ("0.0.9", "exp", InvalidEdge),
        ("zero", "exp", InvalidEdge),
    ],
)
def test_what_an_edge_cannot_be_is_refused(edge: str, function: str | SymbolicForm, error: type[Exception]) -> None:
    model = fitted()
    before = model.model_
    with pytest.raises(error):
        model.snap(edge, function)
    assert model.model_ is before


def test_last_edge_cannot_be_removed_and_a_spline_not_unsnapped() -> None:
    model = fitted().remove("0.1.0")
    with pytest.raises(NoEdgesLeft):
        model.remove("0.0.0")
    with pytest.raises(EdgeFormRefused, match="no formula but a spline"):
        model.unsnap("0.0.0")
