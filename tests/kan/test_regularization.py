"""Costs of edges against the edges themselves: roughness, slopes, levels, sizes."""

import math

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline

from kan.bspline import greville
from kan.grid import clamped
from kan.layer import Layer, LayerInput
from kan.network import EdgeId
from kan.regularization import (
    BASE_WEIGHT,
    ORDERS,
    Penalties,
    edge_sizes,
    feature_covariance,
    layer_costs,
    network_costs,
    penalty,
    roughness,
    sparsity,
    sparsity_slopes,
)
from kan.symbolic.library import SymbolicForm
from tests.kan.random_models import MIXED, random_network, random_rows

NETWORK = random_network(MIXED, (2, 1), seed=5)
ROWS = random_rows(MIXED, 300, seed=6)
UNEVEN = clamped(torch.tensor([[-1.0, -0.9, 0.5, 0.6, 0.8, 1.0]], dtype=torch.float64), 3)


def sizes(layer: Layer) -> torch.Tensor:
    return edge_sizes(layer, feature_covariance(layer.features(ROWS))).detach()


def uneven_layer(base: str = "silu") -> Layer:
    layer = Layer((LayerInput(has_missing=True),), 1, grid_size=5, degree=3, base=base)  # type: ignore[arg-type]  # a parameter of the test
    layer.knots.copy_(UNEVEN)
    return layer


def polynomial_weights(layer: Layer, power: int) -> torch.Tensor:
    """Return the weights with which the spline is u to this power."""
    sites = greville(layer.knots, layer.degree).T
    features = layer.features(sites)[:, 0, 1 : layer.functions + 1]
    weights = torch.zeros(layer.width, dtype=torch.float64)
    weights[1 : layer.functions + 1] = torch.linalg.solve(features, sites**power)[:, 0]
    return weights


def test_size_is_the_standard_deviation_of_the_activation() -> None:
    layer = NETWORK.layer(0)
    expected = layer.activations(ROWS).std(dim=0, correction=0).detach()
    assert torch.allclose(sizes(layer), expected, rtol=1e-8)


def test_symbolic_and_zero_edges_do_not_pay() -> None:
    form = SymbolicForm("sin", 1.0, 0.0, 5.0, 0.0)
    layer = NETWORK.with_symbolic(EdgeId(0, 0, 0), form).with_zero(EdgeId(0, 1, 1)).layer(0)
    found = sizes(layer)
    assert (float(found[0, 0]), float(found[1, 1])) == (0.0, 0.0)
    assert int((found > 0.01).sum()) == 4


def test_costs_of_hidden_layers_are_measured_at_the_nodes() -> None:
    costs, trace = network_costs(NETWORK, ROWS), NETWORK.trace(ROWS)
    for position, cost in enumerate(costs):
        features = NETWORK.layer(position).features(trace.inputs[position]).detach()
        assert torch.allclose(cost.mean, features.mean(dim=0))
        assert torch.allclose(cost.covariance, feature_covariance(features))


@pytest.mark.parametrize("order", ORDERS)
def test_polynomials_below_the_order_are_not_rough_on_any_knots(order: int) -> None:
    layer = uneven_layer()
    for power in range(order):
        if power <= layer.degree:
            assert (roughness(layer, order)[0] @ polynomial_weights(layer, power)).abs().max() < 1e-9


def test_straight_lines_are_not_rough_and_a_bent_one_is() -> None:
    layer, weights = uneven_layer(), torch.zeros(10, dtype=torch.float64)
    weights[1:9] = 2 * greville(layer.knots, 3)[0] - 1
    assert (roughness(layer, 2)[0] @ weights).abs().max() < 1e-12
    weights[4] += 0.1
    assert (roughness(layer, 2)[0] @ weights).abs().max() > 0.05


def test_roughness_on_even_knots_is_the_derivative_of_scipy() -> None:
    layer = Layer((LayerInput(),), 1, grid_size=8, degree=3)
    coefficients = np.random.default_rng(0).normal(size=11)
    weights = torch.zeros(layer.width, dtype=torch.float64)
    weights[1:12] = torch.from_numpy(coefficients)
    second = BSpline(layer.knots[0].numpy(), coefficients, 3).derivative(2)  # its coefficients are the differences
    inner = (roughness(layer, 2)[0] @ weights)[2:-2].numpy()
    assert inner == pytest.approx(second.c[2:7] * 0.25**2, rel=1e-10)


def test_base_and_spline_that_cancel_are_smooth_together() -> None:
    layer = Layer((LayerInput(),), 1, grid_size=40, degree=3)
    sites = greville(layer.knots, layer.degree).T
    features = layer.features(sites)[:, 0]
    weights = torch.zeros(layer.width, dtype=torch.float64)
    weights[0] = 10.0
    alone = float((roughness(layer, 2)[0] @ weights).norm())
    weights[1 : layer.functions + 1] = torch.linalg.solve(features[:, 1:-1], -10 * features[:, :1])[:, 0]
    assert float((roughness(layer, 2)[0] @ weights).norm()) < 0.05 * alone


def test_slope_is_the_spread_of_the_line_nearest_to_the_edge() -> None:
    layer = uneven_layer()
    u = torch.rand(500, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64) ** 2
    cost = layer_costs(layer, layer.features(u)).kinds[len(ORDERS), 0]
    line = polynomial_weights(layer, 1)
    for factor in (1.0, -3.0):
        paid = float((factor * line) @ cost @ (factor * line))
        assert paid == pytest.approx(factor**2 * float(u.var(correction=0)), rel=1e-9)
    weights = torch.randn(layer.width, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    weights[-1] = 0.0
    activation = layer.features(u)[:, 0] @ weights
    slope = np.cov(activation.numpy(), u[:, 0].numpy(), ddof=0)[0, 1] / float(u.var(correction=0))
    assert float(weights @ cost @ weights) == pytest.approx(slope**2 * float(u.var(correction=0)), rel=1e-9)


def test_levels_are_table_values_and_the_value_at_a_gap() -> None:
    layer = NETWORK.layer(0)
    levels = layer_costs(layer, layer.features(ROWS)).kinds[-1]
    weights = torch.randn(layer.width, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    paid = [float(weights @ one @ weights) for one in levels]
    assert paid == pytest.approx([0.0, float(weights[layer.functions + 1] ** 2), float(weights[:3].square().sum())])


def test_penalty_adds_up_its_three_parts() -> None:
    costs = network_costs(NETWORK, ROWS)
    parts = [Penalties(2.0, 0.0, 0.0), Penalties(0.0, 3.0, 0.0), Penalties(0.0, 0.0, 0.5)]
    together = penalty(NETWORK, costs, Penalties(2.0, 3.0, 0.5))
    assert float(together.detach()) == pytest.approx(sum(float(penalty(NETWORK, costs, one).detach()) for one in parts))


def test_smoothness_is_half_the_squared_roughness_levels_and_base_weight_of_every_edge() -> None:
    expected = 0.0
    for position in (0, 1):
        layer = NETWORK.layer(position)
        differences, weights = roughness(layer, 2), layer.weights.detach()
        expected += float(torch.einsum("idw,jiw->jid", differences, weights).square().sum()) / 2
        for i in layer.numeric:
            expected += float(weights[:, i, layer.functions + 1].square().sum()) / 2
            expected += BASE_WEIGHT * float(weights[:, i, 0].square().sum()) / 2
        for i in layer.categorical:
            expected += float(weights[:, i, : layer.inputs[i].categories].square().sum()) / 2
    found = penalty(NETWORK, network_costs(NETWORK, ROWS), Penalties(0.0, 0.0, 1.0)).detach()
    assert float(found) == pytest.approx(expected, rel=1e-9)


def test_entropy_is_largest_when_all_edges_are_equal() -> None:
    found = penalty(NETWORK, network_costs(NETWORK, ROWS), Penalties(0.0, 1.0, 0.0)).detach()
    assert 0 < float(found) < math.log(6) + math.log(2)
    even, entropy = torch.full((2, 3), 0.7, dtype=torch.float64), Penalties(0.0, 1.0, 0.0)
    assert float(sparsity(even, entropy)) == pytest.approx(math.log(6))


def test_slopes_of_the_sparsity_are_its_gradient() -> None:
    found = torch.rand(4, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64).requires_grad_()
    penalties = Penalties(0.7, 1.3, None)
    (expected,) = torch.autograd.grad(sparsity(found, penalties), found)
    assert torch.allclose(sparsity_slopes(found.detach(), penalties), expected, rtol=1e-9)


def test_gradient_is_finite_where_an_edge_is_zero() -> None:
    network, costs = NETWORK.copy(), network_costs(NETWORK, ROWS)
    with torch.no_grad():
        network.layer(0).weights.zero_()
    penalty(network, costs, Penalties(1.0, 1.0, 1.0)).backward()
    gradient = network.layer(0).weights.grad
    assert gradient is not None
    assert bool(gradient.isfinite().all())
