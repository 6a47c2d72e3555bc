"""All trainable numbers as one vector, and the blocks of its matrices."""

import pytest
import torch

from kan.bspline import greville
from kan.constraints import CONCAVE, DECREASING, INCREASING
from kan.layer import Layer, LayerInput
from kan.network import Network
from kan.training.parameters import Parameters
from tests.kan.random_models import MIXED, network_with_every_form, random_rows

ROWS = random_rows(MIXED, 40, seed=1)
NETWORK = network_with_every_form(outputs=2)


def constrained() -> Network:
    """Return a network of one layer: a free, a falling, a concave and a removed rising edge, two outputs."""
    layer = Layer([LayerInput()] * 4, 2, grid_size=3, degree=3)
    layer.shapes[0] = torch.tensor([0, DECREASING, CONCAVE, INCREASING])
    layer.refresh_mask()
    layer.set_zero(0, 3)
    with torch.no_grad():
        layer.weights.normal_(generator=torch.Generator().manual_seed(0)).mul_(layer.mask)
    layer.hold_shapes()
    return Network([layer])


def test_vector_holds_exactly_the_numbers_in_use() -> None:
    used = sum(int(NETWORK.layer(at).mask.sum()) + NETWORK.layer(at).out_features for at in (0, 1))
    assert Parameters(NETWORK).size == used + 8  # of sin and tanh a, b and c, of the square b and c


def test_what_is_written_is_read_and_the_function_follows() -> None:
    network = NETWORK.copy()
    parameters, before = Parameters(network), network(ROWS)
    values = parameters.read()
    parameters.write(torch.zeros_like(values))
    assert float(parameters.read().abs().max()) == 0
    assert not torch.equal(network(ROWS), before)
    parameters.write(values)
    assert torch.equal(network(ROWS), before)


def test_what_is_read_is_a_copy() -> None:
    network = NETWORK.copy()
    values, before = Parameters(network).read(), network(ROWS)
    values.zero_()
    assert torch.equal(network(ROWS), before)


def test_unused_weights_are_never_written() -> None:
    network = NETWORK.copy()
    parameters = Parameters(network)
    parameters.write(torch.arange(1.0, parameters.size + 1, dtype=torch.float64))
    for position in (0, 1):
        layer = network.layer(position)
        assert bool((layer.weights[layer.mask == 0] == 0).all())


def test_every_number_moves_one_weight_bias_or_coefficient() -> None:
    network = NETWORK.copy()
    parameters = Parameters(network)
    parameters.write(torch.arange(1.0, parameters.size + 1, dtype=torch.float64))
    found: list[float] = []
    for position in (0, 1):
        layer = network.layer(position)
        found += layer.weights[layer.mask > 0].tolist() + layer.bias.tolist()
        found += layer.coefficients[layer.free_coefficients()].tolist()
    assert found == [float(one) for one in range(1, parameters.size + 1)]


def test_scattered_blocks_make_the_quadratic_form_of_every_edge() -> None:
    parameters, generator = Parameters(NETWORK), torch.Generator().manual_seed(0)
    blocks = []
    for position in (0, 1):
        layer = NETWORK.layer(position)
        root = torch.randn(*layer.weights.shape, layer.width, generator=generator, dtype=torch.float64)
        blocks.append(root @ root.transpose(2, 3))
    values = parameters.read()
    expected = 0.0
    for position, block in enumerate(blocks):
        weights = NETWORK.layer(position).weights.detach() * NETWORK.layer(position).mask
        expected += float(torch.einsum("jia,jiab,jib->", weights, block, weights))
    assert float(values @ parameters.scattered(blocks) @ values) == pytest.approx(expected, rel=1e-12)


def test_gathered_blocks_are_what_was_scattered_where_weights_are_in_use() -> None:
    parameters, generator = Parameters(NETWORK), torch.Generator().manual_seed(0)
    blocks = []
    for position in (0, 1):
        layer = NETWORK.layer(position)
        random = torch.randn(*layer.weights.shape, layer.width, generator=generator, dtype=torch.float64)
        blocks.append(random * layer.mask.unsqueeze(2) * layer.mask.unsqueeze(3))
    for found, expected in zip(parameters.gathered(parameters.scattered(blocks)), blocks, strict=True):
        assert torch.equal(found, expected)


def test_network_without_shapes_has_no_bounds() -> None:
    assert Parameters(NETWORK).bounds is None


def test_bounds_cover_the_splines_that_are_held_and_no_others() -> None:
    network = constrained()
    parameters = Parameters(network)
    bounds, layer = parameters.bounds, network.layer(0)
    assert bounds is not None
    functions = layer.functions
    held = torch.cat([layer.weights[0, source, 1 : functions + 1] for source in (1, 2)]).detach()
    values = parameters.read()
    assert torch.equal(values[bounds.index], held)
    theta = torch.linalg.solve(bounds.transform, held)
    assert bool((theta[bounds.bounded] >= -1e-12).all())
    assert bounds.bounded.sum() == 2 * functions - 3  # the level of both, and the first slope of the concave one
    free = torch.ones(2 * functions, dtype=torch.float64)
    parameters.write(values.index_copy(0, bounds.index, bounds.transform @ free))
    falling, concave = (layer.weights[0, source, 1 : functions + 1].detach() for source in (1, 2))
    sites = greville(layer.knots, 3)[2]
    assert bool((falling.diff() < 0).all())
    assert bool(((concave.diff() / sites.diff()).diff() < 0).all())
