"""Frozen edges and finer grids: what a refit leaves alone, and that refinement changes nothing."""

import numpy as np
import pytest
import torch

from kan import KANClassifier, KANRegressor
from kan.errors import EdgeFormRefused, InvalidEdge, InvalidSetting, UnknownFeature
from kan.network import EdgeId
from kan.training.settings import Optimizer

RNG = np.random.default_rng(1)
X = RNG.uniform(-1, 1, (300, 2))
Y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2
MOVED = Y + 0.5 * X[:, 0]
POINTS = torch.linspace(-1, 1, 41, dtype=torch.float64)


def curve(model: KANRegressor | KANClassifier, edge: str) -> torch.Tensor:
    """The function of an edge without its mean, which may move into a bias."""
    values = model.model_.network.edge_activation(EdgeId.parse(edge), POINTS).detach()
    return values - values.mean()


@pytest.mark.parametrize("optimizer", ["gauss_newton", "adam", "lbfgs"])
def test_frozen_edges_keep_their_function_while_the_others_learn(optimizer: Optimizer) -> None:
    first = KANRegressor(random_state=0, steps=40, optimizer=optimizer).fit(X, Y)
    model = KANRegressor.from_model(first.model_, X, MOVED)
    frozen, free = curve(model, "0.1.0"), curve(model, "0.0.0")
    model.refit(frozen=["0.1.0"])
    assert torch.allclose(curve(model, "0.1.0"), frozen, atol=1e-12)
    assert float((curve(model, "0.0.0") - free).abs().max()) > 0.1
    assert model.model_.training["stages"][-1]["frozen"] == ["0.1.0"]


@pytest.mark.parametrize("edge", ["0.0.1", "1.0.0"])
def test_frozen_edges_of_a_deep_network_keep_their_function(edge: str) -> None:
    first = KANRegressor((2,), random_state=0, steps=40, grid_size=5, restarts=1).fit(X, Y)
    model = KANRegressor.from_model(first.model_, X, MOVED)
    frozen = curve(model, edge)
    assert torch.allclose(curve(model.refit(frozen=[edge]), edge), frozen, atol=1e-9)


def test_frozen_formulas_keep_their_parameters() -> None:
    model = KANRegressor(random_state=0).fit(X, Y).snap("0.0.0", "sin")
    form = model.model_.network.symbolic_form(EdgeId(0, 0, 0))
    model.refit(frozen=["0.0.0"])
    kept = model.model_.network.symbolic_form(EdgeId(0, 0, 0))
    assert form is not None
    assert kept is not None
    assert (kept.function, kept.a, kept.b) == (form.function, form.a, form.b)
    assert kept.c == pytest.approx(form.c, rel=1e-12)


def test_how_sure_a_frozen_edge_is_stays_known_and_nothing_stays_frozen() -> None:
    model = KANRegressor(random_state=0).fit(X, Y).refit(frozen=["0.0.0"])
    assert model.model_.covariance_factor is not None
    assert not model.model_.network.layer(0).frozen.any()
    strengths = model.model_.training["regularization"]["strengths"][0]
    assert all(any(kind[0][0] > 0 for kind in strengths) for _ in strengths)
    before = curve(model, "0.0.0")
    assert not torch.equal(curve(model.refit(), "0.0.0"), before)


def test_frozen_edges_must_exist() -> None:
    model = KANRegressor(random_state=0).fit(X, Y)
    with pytest.raises(InvalidEdge):
        model.refit(frozen=["0.7.0"])


def test_refined_grid_is_the_same_function_with_more_intervals() -> None:
    model = KANRegressor(random_state=0, grid_size=5).fit(X, Y)
    before = model.predict(X)
    assert np.abs(model.refine(20).predict(X) - before).max() < 1e-12
    assert model.model_.network.grid_sizes == [20]
    assert np.abs(model.refit().predict(X) - Y).max() < 0.02


@pytest.mark.parametrize("grid_size", [5, 3, 12, 0, -10, 10_000])
def test_grids_that_do_not_nest_are_refused(grid_size: int) -> None:
    model = KANRegressor(random_state=0, grid_size=5).fit(X, Y)
    with pytest.raises(InvalidSetting, match="a multiple of the present 5"):
        model.refine(grid_size)


def test_settings_changed_before_a_refit_count_and_are_recorded() -> None:
    model = KANRegressor(random_state=0).fit(X, Y)
    before = curve(model, "0.0.0")
    model.set_params(smoothness=1e6).refit()
    assert float(curve(model, "0.0.0").diff().diff().abs().max()) < 0.1 * float(before.diff().diff().abs().max())
    assert model.model_.training["configuration"]["smoothness"] == 1e6


def test_a_model_is_held_to_another_direction_and_keeps_it_through_the_refit() -> None:
    model = KANRegressor(random_state=0).fit(X, Y)
    free = curve(model, "0.0.0")
    model.direct({"x1": 1})
    assert float(curve(model, "0.1.0").diff().min()) >= -1e-12
    assert torch.allclose(curve(model, "0.0.0"), free)
    model.refit()
    same = KANRegressor(random_state=0, monotone={"x1": 1}).fit(X, Y)
    assert float(curve(model, "0.1.0").diff().min()) >= -1e-12
    assert np.abs(model.predict(X) - same.predict(X)).max() < 0.1
    assert model.model_.training["configuration"]["monotone"] == {"x1": 1}


def test_a_model_is_let_free_again() -> None:
    model = KANRegressor(random_state=0, monotone={"x1": 1}).fit(X, Y)
    assert np.abs(model.direct({}).refit().predict(X) - Y).max() < 0.05


def test_formulas_without_the_direction_and_deep_networks_are_refused() -> None:
    model = KANRegressor(random_state=0).fit(X, Y).snap("0.1.0", "square")
    with pytest.raises(EdgeFormRefused, match="not proved to rise"):
        model.direct({"x1": 1})
    with pytest.raises(UnknownFeature):
        model.direct({"age": 1})
    deep = KANRegressor((2,), random_state=0, steps=5, restarts=1).fit(X, Y)
    with pytest.raises(InvalidSetting, match="without hidden layers"):
        deep.direct({"x1": 1})
