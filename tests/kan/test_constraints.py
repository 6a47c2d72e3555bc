"""Shapes hold for all values, whatever the data and whatever is done to the model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy.interpolate import BSpline

from kan import KANClassifier, KANRegressor
from kan.bspline import greville
from kan.constraints import CONCAVE, CONVEX, DECREASING, INCREASING, SHAPES, coordinates, held
from kan.errors import InvalidSetting, UnknownFeature
from kan.grid import clamped

Array = npt.NDArray[np.float64]
RNG = np.random.default_rng(0)
DEGREE = 3
BREAKPOINTS = torch.tensor([[-1.0, -0.95, -0.3, -0.2, 0.4, 0.9, 1.0]], dtype=torch.float64)
KNOTS = clamped(BREAKPOINTS, DEGREE)[0]
SITES = greville(KNOTS.unsqueeze(0), DEGREE)[0]
COUNT = len(SITES)
X = RNG.uniform(-1, 1, (400, 3))
RISING = np.tanh(3 * X[:, 0]) + 0.5 * X[:, 0] + np.sin(3 * X[:, 1]) * (1 + 0.5 * X[:, 0])
Y = RISING + 0.3 * RNG.normal(size=400)


def has_shape(shape: int, values: Array, slack: float) -> bool:
    """Return whether evenly spaced values have every property of a shape."""
    steps, bends = np.diff(values), np.diff(values, n=2)
    return not (
        (shape & INCREASING and steps.min() < -slack)
        or (shape & DECREASING and steps.max() > slack)
        or (shape & CONVEX and bends.min() < -slack)
        or (shape & CONCAVE and bends.max() > slack)
    )


def spline(coefficients: torch.Tensor) -> Array:
    values: Array = BSpline(KNOTS.numpy(), coefficients.numpy(), DEGREE)(np.linspace(-1, 1, 801))
    return values


def draws(seed: int, count: int = 40) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, COUNT, generator=generator, dtype=torch.float64) * 3


@pytest.mark.parametrize("shape", SHAPES)
def test_coordinates_are_others_for_the_same_coefficients(shape: int) -> None:
    transform, bounded = coordinates(shape, SITES)
    assert abs(float(torch.linalg.det(transform))) > 1e-12
    assert not bool(bounded[0])  # the level is free
    assert float(torch.linalg.cond(transform)) < 1e4


@pytest.mark.parametrize("shape", SHAPES)
def test_coordinates_above_zero_have_the_shape(shape: int) -> None:
    transform, bounded = coordinates(shape, SITES)
    for theta in draws(shape):
        allowed = torch.where(bounded, theta.abs(), theta)
        assert has_shape(shape, spline(transform @ allowed), 1e-12)


@pytest.mark.parametrize("shape", SHAPES[1:])
def test_coefficients_with_the_shape_have_coordinates_above_zero(shape: int) -> None:
    transform, bounded = coordinates(shape, SITES)
    signs = {INCREASING: 1.0, DECREASING: -1.0}
    for theta in draws(shape):
        slopes = theta[:-1].abs().sort().values if shape & (CONVEX | CONCAVE) else theta[:-1].abs()
        if shape in (CONCAVE | INCREASING, CONVEX | DECREASING):
            slopes = slopes.flip(0)
        sign = signs.get(shape & 3, 1.0 if shape == CONVEX else -1.0)
        if shape in (CONVEX, CONCAVE):
            slopes = slopes - 2.0  # falling first, rising afterwards
        rise = torch.cat([torch.zeros(1).double(), (sign * slopes * SITES.diff()).cumsum(0)])
        found = torch.linalg.solve(transform, theta[0] + rise)
        assert bool((found[bounded] >= -1e-9).all())


@pytest.mark.parametrize("shape", SHAPES[1:])
def test_bound_that_is_crossed_breaks_the_shape_of_the_control_polygon(shape: int) -> None:
    transform, bounded = coordinates(shape, SITES)
    for place in bounded.nonzero().flatten().tolist():
        theta = torch.zeros(COUNT, dtype=torch.float64)
        theta[place] = -1.0
        slopes = ((transform @ theta).diff() / SITES.diff()).numpy()
        kept = not (
            (shape & INCREASING and slopes.min() < 0)
            or (shape & DECREASING and slopes.max() > 0)
            or (shape & CONVEX and np.diff(slopes).min() < -1e-9)
            or (shape & CONCAVE and np.diff(slopes).max() > 1e-9)
        )
        assert not kept


@pytest.mark.parametrize("shape", SHAPES)
def test_held_coefficients_have_the_shape_and_stay_when_held_again(shape: int) -> None:
    once = held(shape, draws(shape + 100), SITES)
    assert all(has_shape(shape, spline(one), 1e-11) for one in once)
    torch.testing.assert_close(held(shape, once, SITES), once, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("shape", [one for one in SHAPES if one & (INCREASING | DECREASING)])
def test_held_coefficients_are_monotone_to_the_last_bit(shape: int) -> None:
    steps = held(shape, draws(shape + 200, count=500), SITES).diff(dim=1)
    assert bool((steps >= 0).all() if shape & INCREASING else (steps <= 0).all())


def fitted(kind: str = "regressor", **settings: Any) -> Any:
    target = np.where(Y > 0.3, "yes", "no") if kind == "classifier" else np.exp(Y) if kind == "gamma" else Y
    if kind == "classifier":
        return KANClassifier(random_state=0, **settings).fit(X, target)
    family: Literal["gamma", "auto"] = "gamma" if kind == "gamma" else "auto"
    return KANRegressor(family=family, random_state=0, **settings).fit(X, target)


def answers(model: Any, x: Array) -> Array:
    """Return the outputs on the link scale."""
    with torch.no_grad():
        found: Array = model.model_.network(torch.from_numpy(x))[:, 0].numpy()
    return found


def worst_violation(model: Any, feature: int = 0, direction: int = 1, pairs: int = 20_000) -> float:
    """Return the largest move in the wrong direction over random pairs, as a share of the range of all answers."""
    generator = np.random.default_rng(7)
    low = generator.uniform(-2.5, 2.5, (pairs, 3))  # far outside the domain too
    high = low.copy()
    high[:, feature] += generator.exponential(0.3, pairs) * generator.choice([1.0, 1e-3], pairs)
    before, after = answers(model, low), answers(model, high)
    return float((direction * (before - after)).max() / (before.max() - before.min()))


HIDDEN: list[dict[str, Any]] = [
    {"grid_size": 8},
    {"hidden": (4,), "grid_size": 6, "steps": 40, "restarts": 1},
    {"hidden": (3, 2), "grid_size": 4, "steps": 40, "restarts": 1},
]


@pytest.mark.usefixtures("no_shape_checks")
@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("settings", HIDDEN, ids=["additive", "(4,)", "(3, 2)"])
def test_output_is_monotone_for_all_values(settings: dict[str, Any], direction: int) -> None:
    model = fitted(monotone={"x0": direction}, **settings)
    assert worst_violation(model, direction=direction) <= 1e-12


@pytest.mark.usefixtures("no_shape_checks")
@pytest.mark.parametrize("kind", ["classifier", "gamma"])
@pytest.mark.parametrize("settings", HIDDEN[:2], ids=["additive", "(4,)"])
def test_other_families_are_monotone_too(kind: str, settings: dict[str, Any]) -> None:
    model = fitted(kind, monotone={"x0": -1, "x2": 1}, **settings)
    assert worst_violation(model, direction=-1) <= 1e-12
    assert worst_violation(model, feature=2) <= 1e-12


@pytest.mark.usefixtures("no_shape_checks")
@pytest.mark.parametrize("settings", HIDDEN, ids=["additive", "(4,)", "(3, 2)"])
def test_monotone_fit_to_a_monotone_function_is_good(settings: dict[str, Any]) -> None:
    x = RNG.uniform(-1, 1, (1000, 3))
    truth = np.tanh(3 * x[:, 0]) + 0.5 * x[:, 0] + np.sin(3 * x[:, 1]) * (1 + 0.5 * x[:, 0])
    model = fitted(monotone={"x0": 1}, **settings)
    assert model.score(x, truth) > 0.93
    if not settings.get("hidden"):
        free = fitted(**settings)
        assert model.score(x, truth) > free.score(x, truth) - 0.005


@pytest.mark.parametrize(("bend", "sign"), [("convex", 1.0), ("concave", -1.0)])
def test_curvature_is_kept_for_all_values_and_fits_well(bend: str, sign: float) -> None:
    target = sign * np.abs(X[:, 0]) ** 1.5 + np.sin(3 * X[:, 1]) + 0.1 * RNG.normal(size=400)
    model = KANRegressor(curvature={"x0": bend}, random_state=0).fit(X, target)
    line = np.zeros((2001, 3))
    line[:, 0] = np.linspace(-2.5, 2.5, 2001)
    values = answers(model, line)
    assert (sign * np.diff(values, n=2)).min() > -1e-12 * np.ptp(values)
    assert model.score(X, target) > 0.95


def test_data_against_the_shape_give_a_flat_or_straight_edge() -> None:
    line = np.zeros((501, 3))
    line[:, 0] = np.linspace(-1, 1, 501)
    falling = fitted(monotone={"x0": -1}, grid_size=6)
    assert np.ptp(answers(falling, line)) < 0.1
    bowl = KANRegressor(curvature={"x0": "concave"}, grid_size=6, random_state=0).fit(X, X[:, 0] ** 2)
    assert np.abs(np.diff(answers(bowl, line), n=2)).max() < 1e-5


def test_direction_and_curvature_hold_together() -> None:
    target = np.log(X[:, 0] + 1.2) + 0.1 * RNG.normal(size=400)
    model = KANRegressor(monotone={"x0": 1}, curvature={"x0": "concave"}, random_state=0).fit(X, target)
    line = np.zeros((2001, 3))
    line[:, 0] = np.linspace(-2.5, 2.5, 2001)
    assert has_shape(INCREASING | CONCAVE, answers(model, line), 1e-11)
    assert model.score(X, target) > 0.95


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"monotone": {"x0": 2}}, "monotone"),
        ({"monotone": {"x0": 0}}, "monotone"),
        ({"curvature": {"x0": "wavy"}}, "curvature"),
        ({"curvature": {"x0": "convex"}, "hidden": (2,)}, "curvature"),
        ({"monotone": {"ward": 1}}, "ward"),
        ({"curvature": {"ward": "convex"}}, "ward"),
    ],
)
def test_shape_that_cannot_be_kept_is_refused_by_name(settings: dict[str, Any], name: str) -> None:
    table = {"x0": X[:, 0], "ward": np.where(X[:, 1] > 0, "a", "b")}
    with pytest.raises(InvalidSetting, match=name):
        KANRegressor(**settings).fit(table, Y)


def test_shape_of_an_unknown_feature_or_of_three_classes_is_refused() -> None:
    with pytest.raises(UnknownFeature, match="age"):
        KANRegressor(monotone={"age": 1}).fit(X, Y)
    with pytest.raises(InvalidSetting, match="one output"):
        KANClassifier(monotone={"x0": 1}).fit(X, np.digitize(Y, [0, 1]))


def loaded(model: KANRegressor, folder: Path) -> KANRegressor:
    model.save(folder / "model")
    return KANRegressor.load(folder / "model")


CHANGES: dict[str, Callable[[KANRegressor, Path], KANRegressor]] = {
    "saved and loaded": loaded,
    "simplified": lambda model, _folder: model.simplify(),
    "learned on": lambda model, _folder: model.partial_fit(X, -Y),
}


@pytest.mark.usefixtures("no_shape_checks")
@pytest.mark.parametrize("settings", HIDDEN[:2], ids=["additive", "(4,)"])
@pytest.mark.parametrize("change", CHANGES)
def test_shape_survives_every_change_of_the_model(change: str, settings: dict[str, Any], tmp_path: Path) -> None:
    model = fitted(monotone={"x0": 1}, **settings)
    before = answers(model, X)
    changed = CHANGES[change](model, tmp_path)
    assert worst_violation(changed) <= 1e-12
    if change == "saved and loaded":
        assert np.array_equal(answers(changed, X), before)


@pytest.mark.usefixtures("no_shape_checks")
@pytest.mark.parametrize("monotone", [{"x0": 1}, {"x1": -1}])
def test_terms_of_pairs_keep_the_shape(monotone: dict[str, int]) -> None:
    target = X[:, 0] + X[:, 0] * X[:, 1] + np.sin(3 * X[:, 2]) + 0.05 * RNG.normal(size=400)
    model = KANRegressor(monotone=monotone, interactions=2, random_state=0).fit(X, target)
    ((name, direction),) = monotone.items()
    assert worst_violation(model, feature=int(name[1]), direction=direction) <= 1e-12


@pytest.mark.usefixtures("no_shape_checks")
def test_terms_of_pairs_keep_the_curvature() -> None:
    target = X[:, 0] ** 2 + X[:, 0] * X[:, 1] + 0.05 * RNG.normal(size=400)
    model = KANRegressor(curvature={"x0": "convex"}, interactions=2, random_state=0).fit(X, target)
    line = np.zeros((2001, 3))
    line[:, 0] = np.linspace(-2.5, 2.5, 2001)
    for other in (-0.9, 0.0, 0.8):
        line[:, 1] = other
        values = answers(model, line)
        assert np.diff(values, n=2).min() > -1e-12 * np.ptp(values)


TURNING: dict[str, Callable[[Array], Array]] = {
    "sine beyond its top": lambda x: np.sin(0.55 * np.pi * x),
    "parabola beyond its vertex": lambda x: -((x - 0.9) ** 2),
    "bell": lambda x: np.exp(-3 * (x - 0.8) ** 2),
}


@pytest.mark.usefixtures("no_shape_checks")
@pytest.mark.parametrize("curve", TURNING)
def test_formula_of_an_edge_that_is_held_to_a_shape_has_the_shape(curve: str) -> None:
    target = TURNING[curve](X[:, 0]) + 0.1 * RNG.normal(size=400)
    model = KANRegressor(monotone={"x0": 1}, random_state=0).fit(X, target).symbolify(0.9)
    assert worst_violation(model) <= 1e-12
    assert model.score(X, target) > 0.9


@pytest.mark.usefixtures("no_shape_checks")
@pytest.mark.parametrize("settings", HIDDEN[:2], ids=["additive", "(4,)"])
def test_adam_keeps_the_shape(settings: dict[str, Any]) -> None:
    model = fitted(monotone={"x0": 1}, **(settings | {"optimizer": "adam", "steps": 120}))
    assert worst_violation(model) <= 1e-12
    assert model.score(X, RISING) > 0.8


@pytest.mark.usefixtures("no_shape_checks")
def test_grid_that_grows_and_moves_keeps_the_shape() -> None:
    model = fitted(monotone={"x0": 1}, hidden=(2,), grid_size=24, steps=60, restarts=1)
    assert worst_violation(model) <= 1e-12
