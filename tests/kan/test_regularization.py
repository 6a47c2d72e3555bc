"""Sizes of edges from covariances, against the activations themselves."""

import math

import pytest
import torch

from kan.layer import Layer
from kan.network import EdgeId
from kan.regularization import Penalties, edge_sizes, feature_covariance, penalty
from kan.symbolic.library import SymbolicForm
from tests.kan.random_models import MIXED, random_network, random_rows

NETWORK = random_network(MIXED, (2, 1), seed=5)
ROWS = random_rows(MIXED, 300, seed=6)


def sizes(layer: Layer) -> torch.Tensor:
    return edge_sizes(layer, feature_covariance(layer.features(ROWS))).detach()


def covariances_and_roughness() -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    trace = NETWORK.trace(ROWS)
    layers = [NETWORK.layer(0), NETWORK.layer(1)]
    features = [layer.features(x).detach() for layer, x in zip(layers, trace.inputs, strict=False)]
    return [feature_covariance(one) for one in features], [layer.roughness() for layer in layers]


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


def test_penalty_adds_up_its_three_parts() -> None:
    covariances, roughness = covariances_and_roughness()
    parts = [Penalties(2.0, 0.0, 0.0), Penalties(0.0, 3.0, 0.0), Penalties(0.0, 0.0, 0.5)]
    together = penalty(NETWORK, covariances, roughness, Penalties(2.0, 3.0, 0.5))
    assert float(together.detach()) == pytest.approx(
        sum(float(penalty(NETWORK, covariances, roughness, one).detach()) for one in parts)
    )


def test_entropy_is_largest_when_all_edges_are_equal() -> None:
    covariances, roughness = covariances_and_roughness()
    found = penalty(NETWORK, covariances, roughness, Penalties(0.0, 1.0, 0.0)).detach()
    assert 0 < float(found) < math.log(6) + math.log(2)


def test_gradient_is_finite_where_an_edge_is_zero() -> None:
    network = NETWORK.copy()
    with torch.no_grad():
        network.layer(0).weights.zero_()
    covariances, roughness = covariances_and_roughness()
    penalty(network, covariances, roughness, Penalties(1.0, 1.0, 1.0)).backward()
    gradient = network.layer(0).weights.grad
    assert gradient is not None
    assert bool(gradient.isfinite().all())
