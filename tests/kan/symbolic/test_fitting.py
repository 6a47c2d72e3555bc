"""Fits of the library to points, against SciPy, scikit-learn and forms that are known."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import curve_fit
from sklearn.metrics import r2_score

from kan.errors import InvalidSetting, ShapeMismatch, UnknownFunction
from kan.symbolic.fitting import Candidate, Curve, fit_candidates
from kan.symbolic.library import FUNCTIONS, SymbolicForm

SAME_FAMILY = {"sigmoid": "tanh", "cos": "sin", "arccos": "arcsin"}  # tanh(u) = 2 σ(2u) − 1
STRETCH_AND_SHIFT = {"all": (1.7, 0.2), "unit": (0.6, 0.3), "turn": (0.6, 0.3)}  # others (1.7, 1.3)
VARYING = [name for name in FUNCTIONS if name not in ("constant", "step")]


def points(count: int = 160, lower: float = -2.0, upper: float = 2.0) -> torch.Tensor:
    return torch.linspace(lower, upper, count, dtype=torch.float64)


def fitted(
    x: torch.Tensor, y: torch.Tensor, weights: torch.Tensor | None = None, names: Any = None, **more: Any
) -> list[Candidate]:
    (found,) = fit_candidates([Curve(x, y, weights, **more)], names)
    return found


def of(candidates: list[Candidate], function: str) -> Candidate:
    return next(candidate for candidate in candidates if candidate.form.function == function)


@pytest.mark.parametrize("name", VARYING)
@pytest.mark.parametrize(("centre", "half_width"), [(41.5, 3.5), (-2e4, 1e3), (3e-7, 1e-7)])
def test_function_of_the_library_is_recovered_in_any_unit(name: str, centre: float, half_width: float) -> None:
    stretch, shift = STRETCH_AND_SHIFT.get(FUNCTIONS[name].domain, (1.7, 1.3))
    truth = SymbolicForm(name, stretch / half_width, stretch * (shift - centre / half_width), -2.5, 4.0)
    x = points(150, centre - half_width, centre + half_width)
    best = fitted(x, truth.evaluate(x))[0]
    assert best.form.function == SAME_FAMILY.get(name, name)
    assert best.r2 > 1 - 1e-9
    assert best.max_abs_deviation < 1e-4


@settings(max_examples=30, deadline=None)
@given(
    frequency=st.floats(0.7, 20.0),
    phase=st.floats(-3.0, 3.0),
    amplitude=st.floats(0.01, 100.0),
    offset=st.floats(-9.0, 9.0),
)
def test_sine_of_any_frequency_is_found(frequency: float, phase: float, amplitude: float, offset: float) -> None:
    x = points(200, 0.0, 2.0)
    y = amplitude * torch.sin(frequency * x + phase) + offset
    (found,) = fitted(x, y, names=["sin"])
    assert found.r2 > 1 - 1e-8


@pytest.mark.parametrize(
    ("name", "start"),
    [("tanh", (1.5, 0.5, 2.0, 1.0)), ("gaussian", (1.2, 0.3, -1.0, 0.0)), ("softplus", (2.0, 0.0, 1.0, 0.0))],
)
def test_fit_to_noisy_points_is_as_good_as_scipy_started_at_the_truth(
    name: str, start: tuple[float, float, float, float]
) -> None:
    x = points()
    noise = 0.1 * np.random.default_rng(3).standard_normal(len(x))
    y = SymbolicForm(name, *start).evaluate(x) + torch.from_numpy(noise)

    def model(at: np.ndarray, a: float, b: float, c: float, d: float) -> np.ndarray:
        return c * FUNCTIONS[name].evaluate(torch.from_numpy(a * at + b)).numpy() + d

    parameters, _ = curve_fit(model, x.numpy(), y.numpy(), p0=start)
    expected = ((y.numpy() - model(x.numpy(), *parameters)) ** 2).sum()
    found = float(((y - of(fitted(x, y), name).form.evaluate(x)) ** 2).sum())
    assert found <= expected * (1 + 1e-6)


def test_r2_is_that_of_scikit_learn_with_weights_and_no_squared_correlation() -> None:
    x = points()
    y = torch.exp(x) + torch.sin(5 * x)
    weights = 1 + x**2
    for candidate in fitted(x, y, weights):
        expected = r2_score(y, candidate.form.evaluate(x), sample_weight=weights)
        assert candidate.r2 == pytest.approx(expected, abs=1e-12)
        assert candidate.max_abs_deviation == float((y - candidate.form.evaluate(x)).abs().max())
        assert candidate.complexity == FUNCTIONS[candidate.form.function].complexity


def test_weight_decides_which_points_a_line_follows() -> None:
    x = points(101)
    y = x.abs()
    weights = torch.where(x > 0, 1.0, 1e-9).to(torch.float64)
    line = of(fitted(x, y, weights), "linear").form
    assert line.c == pytest.approx(1.0, abs=1e-6)


def test_simple_form_is_preferred_until_a_complex_one_explains_clearly_more() -> None:
    x = points()
    nearly_straight = x + 0.003 * torch.sin(9 * x)
    assert fitted(x, x)[0].form.function == "linear"
    assert fitted(x, nearly_straight)[0].form.function == "linear"
    assert fitted(x, 0.1 * x + torch.sin(9 * x))[0].form.function == "sin"


def test_candidates_are_sorted_by_score_and_equal_every_time() -> None:
    x = points()
    y = torch.sin(2 * x) + 0.3 * x
    first = fitted(x, y)
    assert [candidate.score for candidate in first] == sorted(candidate.score for candidate in first)
    assert first == fitted(x, y)
    automatic = {function.name for function in FUNCTIONS.values() if function.automatic}
    assert {candidate.form.function for candidate in first} == automatic
    assert len(first) == len(automatic)


def test_step_is_found_between_the_points_where_it_happens() -> None:
    x = points()
    best = fitted(x, 3 * (x > 0.7).to(x.dtype) - 1)[0]
    assert best.form.function == "step"
    assert best.max_abs_deviation < 1e-12


def test_every_form_is_defined_on_the_whole_domain_not_only_at_the_points() -> None:
    x = points(80, 1.0, 3.0)
    candidates = fitted(x, torch.log(x), domain=(-1.0, 5.0))
    everywhere = points(1001, -1.0, 5.0)
    for candidate in candidates:
        assert candidate.form.defined_between(-1.0, 5.0)
        assert torch.isfinite(candidate.form.evaluate(everywhere)).all()
        assert torch.isfinite(candidate.form.derivative(everywhere)).all()


def test_notation_is_the_shortest_one() -> None:
    x = points(120, 0.5, 4.0)
    square = of(fitted(x, 3 * (2 * x - 1) ** 2), "square").form
    assert (square.a, square.b) == pytest.approx((1.0, -0.5), abs=1e-6)
    growth = of(fitted(x, 5 * torch.exp(0.5 * x + 2)), "exp").form
    assert growth.a == pytest.approx(0.5, abs=1e-6)
    assert growth.b == 0.0
    assert abs(of(fitted(x, torch.sin(3 * x + 100)), "sin").form.b) <= math.pi


def test_constant_has_no_candidates() -> None:
    assert fitted(points(), torch.full((160,), 3.25, dtype=torch.float64)) == []


def test_two_values_are_joined_by_a_line_and_nothing_else() -> None:
    x = torch.tensor([0.0, 0.0, 1.0, 1.0], dtype=torch.float64)
    (only,) = fitted(x, 2 * x - 1)
    assert only.form.function == "linear"
    assert only.r2 == pytest.approx(1.0, abs=1e-12)


def test_single_input_value_has_no_candidates() -> None:
    x = torch.ones(5, dtype=torch.float64)
    assert fitted(x, torch.arange(5, dtype=torch.float64)) == []


def test_names_limit_the_functions() -> None:
    x = points()
    assert {c.form.function for c in fitted(x, x**3, names=["sin", "cube", "cube"])} == {
        "sin",
        "cube",
    }
    assert [c.form.function for c in fitted(x, x**2 + x**4, names=["x^2+x^4"])] == ["x^2 + x^4"]
    with pytest.raises(InvalidSetting, match="names"):
        fitted(x, x, names=[])
    with pytest.raises(UnknownFunction, match="'cosh'"):
        fitted(x, x, names=["cosh"])


def test_arguments_of_different_length_are_refused() -> None:
    with pytest.raises(ShapeMismatch, match=r"y: expected shape \(160,\) as x, got \(3,\)"):
        fitted(points(), torch.zeros(3, dtype=torch.float64))
    with pytest.raises(ShapeMismatch, match="weights"):
        fitted(points(), points(), torch.ones(3, dtype=torch.float64))


def test_unusable_points_are_refused_by_name() -> None:
    x, empty = points(), torch.empty(0, dtype=torch.float64)
    spoiled = torch.where(x > 1.9, torch.nan, x)
    for arguments, name in (
        ((spoiled, x), "x"),
        ((x, spoiled), "y"),
        ((x, x, -x.abs()), "weights"),
        ((empty, empty), "x"),
    ):
        with pytest.raises(InvalidSetting, match=f"Setting {name} ="):
            fitted(*arguments)
    with pytest.raises(InvalidSetting, match="domain"):
        fitted(x, x, domain=(-1.0, 5.0))
    with pytest.raises(InvalidSetting, match="domain"):
        fitted(x, x, domain=(-5.0, math.inf))


def test_curves_that_are_fitted_together_get_the_forms_that_each_gets_alone() -> None:
    x = points()
    short = points(40, 1.0, 5.0)
    curves = [
        Curve(x, torch.sin(3 * x)),
        Curve(x, torch.full_like(x, 2.0)),
        Curve(short, torch.log(short), short, domain=(0.5, 6.0)),
        *(Curve(x, torch.exp(rate * x)) for rate in torch.linspace(-1, 1, 8, dtype=torch.float64)),
    ]
    together = fit_candidates(curves)
    assert [[one.form.function for one in found[:1]] for found in together[:3]] == [["sin"], [], ["log"]]
    for curve, found in zip(curves, together, strict=True):
        (alone,) = fit_candidates([curve])
        assert {one.form.function for one in found} == {one.form.function for one in alone}
        for one in found[:3]:
            assert one.r2 == pytest.approx(of(alone, one.form.function).r2, abs=1e-9)


def test_no_curves_have_no_candidates() -> None:
    assert fit_candidates([]) == []
