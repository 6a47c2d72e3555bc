"""Knots follow hidden nodes; centring changes nothing but constants."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from kan.network import EdgeId, Network
from kan.symbolic.library import SymbolicForm
from kan.training.knots import (
    LARGEST_CHANGE,
    LARGEST_WIDENING,
    MARGIN,
    centre_edges,
    cover_hidden_nodes,
    follow_hidden_nodes,
    hidden_fit,
    place_input_knots,
)
from tests.kan.random_models import MIXED, random_network, random_rows

ROWS = random_rows(MIXED, 400, seed=8)
ROWS[ROWS[:, 2] == 3, 2] = 0.0  # training rows have no unseen category


def test_every_row_lies_in_every_hidden_domain_afterwards() -> None:
    network = random_network(MIXED, (4, 3, 1), seed=1)
    follow_hidden_nodes(network, ROWS)
    trace = network.trace(ROWS)
    for position in (1, 2):
        lower, upper = network.layer(position).domain
        assert bool(((trace.inputs[position] > lower) & (trace.inputs[position] < upper)).all())


def test_function_changes_no_more_than_is_reported() -> None:
    network = random_network(MIXED, (4, 1), seed=1, grid_size=8)
    follow_hidden_nodes(network, ROWS[:200])
    before = network.trace(ROWS).activations[1]
    error = follow_hidden_nodes(network, ROWS)
    after = network.trace(ROWS).activations[1]
    assert error == pytest.approx(float((after - before).detach().abs().max()), rel=1e-6)
    assert error > 0


def test_second_move_to_the_same_knots_changes_nothing() -> None:
    network = random_network(MIXED, (4, 1), seed=1)
    follow_hidden_nodes(network, ROWS)
    assert follow_hidden_nodes(network, ROWS) < 1e-9


def test_hidden_knots_are_evenly_spaced_with_a_margin_around_the_rows() -> None:
    network = random_network(MIXED, (4, 1), seed=1)
    follow_hidden_nodes(network, ROWS)
    nodes = network.trace(ROWS).inputs[1].detach()
    lower, upper = nodes.amin(dim=0), nodes.amax(dim=0)
    steps = network.layer(1).knots[:, 3:-3].diff(dim=1)
    assert torch.allclose(steps, ((1 + 2 * MARGIN) * (upper - lower) / 4).unsqueeze(1).expand(-1, 4))


def test_input_knots_lie_where_the_data_are_between_the_borders_of_the_declared_domain() -> None:
    network = random_network(MIXED, (1,), seed=1)
    rows = ROWS.clone()
    rows[:, 0] = 18 + (rows[:, 0] - 18) ** 2 / 72
    before = network.layer(0).activations(rows).detach()
    place_input_knots(network, rows, 0.0)
    layer = network.layer(0)
    assert [border.tolist() for border in layer.domain] == [[-1.0, -1.0], [1.0, 1.0]]
    middle = (float(rows[:, 0].median()) - layer.inputs[0].centre) / layer.inputs[0].half_width
    assert float(layer.knots[0, 5]) == pytest.approx(middle, abs=0.1)
    assert middle < -0.3
    assert float((layer.activations(rows) - before).detach()[:, :, 2].abs().max()) == 0


def strayed(share: float) -> Network:
    """Return a network in which a node leaves the upper end of its hidden domain by a share of the domain."""
    network = random_network(MIXED, (4, 1), seed=1)
    follow_hidden_nodes(network, ROWS)
    highest = float(network.trace(ROWS).inputs[1][:, 2].detach().max())
    lower, upper = (float(border[2]) for border in network.layer(1).domain)
    with torch.no_grad():
        network.layer(0).bias[2] += upper - highest + share * (upper - lower)
    return network


def test_fit_of_hidden_domains_is_how_far_and_how_long_they_reach() -> None:
    network = strayed(0.07)
    fit = hidden_fit(network, ROWS)
    assert fit.outside == pytest.approx(0.07, rel=1e-9)
    assert fit.length == pytest.approx(1 + 2 * MARGIN, rel=1e-9)
    with torch.no_grad():
        network.layer(0).weights[3] *= 0.25
    assert hidden_fit(network, ROWS).length == pytest.approx(4 * (1 + 2 * MARGIN), rel=1e-9)


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_covered_rows_lie_in_every_hidden_domain(share: float) -> None:
    network = strayed(share)
    cover_hidden_nodes(network, ROWS)
    nodes, (lower, upper) = network.trace(ROWS).inputs[1], network.layer(1).domain
    assert bool(((nodes >= lower) & (nodes <= upper)).all())


def test_covering_keeps_the_function_of_rows_that_were_inside() -> None:
    network = strayed(LARGEST_WIDENING / 2)
    before, (lower, upper) = network.trace(ROWS), network.layer(1).domain
    inside = ((before.inputs[1] >= lower) & (before.inputs[1] <= upper)).all(dim=1)
    cover_hidden_nodes(network, ROWS)
    assert 0 < int((~inside).sum()) < 200
    assert torch.allclose(network(ROWS)[inside], before.inputs[2][inside], atol=1e-10)


def test_covering_leaves_a_network_alone_whose_rows_are_inside() -> None:
    network = random_network(MIXED, (4, 1), seed=1)
    follow_hidden_nodes(network, ROWS)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    cover_hidden_nodes(network, ROWS)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def relative_change(network: Network, move: Callable[[Network, Tensor], object], rows: Tensor) -> float:
    """Return by how much a move of knots changes the outputs at the rows, as a share of their spread."""
    before = network(rows).detach()
    move(network, rows)
    assert hidden_fit(network, rows).outside <= 0
    return float((network(rows) - before).detach().square().mean().sqrt() / before.std())


@pytest.mark.parametrize("move", [follow_hidden_nodes, cover_hidden_nodes])
def test_few_rows_far_outside_leave_the_function_to_the_others(move: Callable[[Network, Tensor], object]) -> None:
    network, rows = random_network(MIXED, (4, 1), seed=1, grid_size=40), ROWS.clone()
    follow_hidden_nodes(network, rows)
    rows[:, 2], (lower, upper) = 0.0, network.layer(1).domain
    rows[:3, 2] = 1.0
    with torch.no_grad():  # three rows take a node far beyond a function that ends evenly
        network.layer(1).weights[:, :, 0] = 0.0
        network.layer(1).weights[:, :, 42:] = network.layer(1).weights[:, :, 42:43]
        network.layer(0).weights[2, 2, 1] += 40 * (upper[2] - lower[2])
    assert relative_change(network, move, rows) < 0.1


def test_domain_is_not_widened_where_that_would_move_the_rows() -> None:
    network = random_network(MIXED, (2, 1), seed=1)
    follow_hidden_nodes(network, ROWS)
    lower, upper = network.layer(1).domain
    with torch.no_grad():  # the nodes hardly vary, a little outside
        network.layer(0).weights.mul_(1e-7)
        network.layer(0).bias.copy_(upper + 0.9 * LARGEST_WIDENING * (upper - lower))
    assert relative_change(network, cover_hidden_nodes, ROWS) < LARGEST_CHANGE


@pytest.mark.parametrize("spread", [0.0, 1e-13])
def test_node_without_spread_keeps_its_function(spread: float) -> None:
    network = random_network(MIXED, (2, 1), seed=1)
    follow_hidden_nodes(network, ROWS)
    before, after = network.layer(0), network.layer(1)
    middle = (after.knots[0, 0] + after.knots[0, -1]) / 2
    with torch.no_grad():  # the first node nearly stands still, a little outside of a tiny domain
        before.weights[0] *= spread
        after.knots[0] = middle + 1e-7 * (after.knots[0] - middle)
        before.bias[0] = after.knots[0, -1] + 1e-7
    outputs = network(ROWS).detach()
    follow_hidden_nodes(network, ROWS)
    assert float((network(ROWS) - outputs).detach().abs().max()) < 0.1 * float(outputs.std())


@pytest.mark.parametrize("function", ["sqrt", "log", "reciprocal"])
def test_formula_stays_defined_when_the_knots_of_its_node_move(function: str) -> None:
    network = random_network(MIXED, (2, 1), seed=1)
    follow_hidden_nodes(network, ROWS)
    lower = float(network.layer(1).domain[0][0])
    network = network.with_symbolic(EdgeId(1, 0, 0), SymbolicForm(function, 1.0, 0.1 - lower, 1.0, 0.0))
    with torch.no_grad():
        network.layer(0).weights.mul_(3.0)
    follow_hidden_nodes(network, ROWS)
    assert bool(network(ROWS).isfinite().all())
    assert float(network.layer(1).domain[0][0]) == lower
    cover_hidden_nodes(network, ROWS)
    assert float(network.layer(1).domain[0][0]) == lower
    assert hidden_fit(network, ROWS).outside <= 0  # of the nodes whose domains may move


def test_domain_of_a_formula_that_is_defined_everywhere_follows_its_node() -> None:
    sine = SymbolicForm("sin", 1.0, 0.0, 1.0, 0.0)
    network = random_network(MIXED, (2, 1), seed=1).with_symbolic(EdgeId(1, 0, 0), sine)
    follow_hidden_nodes(network, ROWS)
    nodes, (lower, upper) = network.trace(ROWS).inputs[1], network.layer(1).domain
    assert bool(((nodes >= lower) & (nodes <= upper)).all())


def test_learned_edges_have_mean_zero_and_the_function_stays() -> None:
    network = random_network(MIXED, (4, 1), seed=2)
    network = network.with_symbolic(EdgeId(0, 0, 0), SymbolicForm("sin", 0.1, 0.0, 1.0, 5.0)).with_zero(EdgeId(0, 1, 2))
    before = network(ROWS)
    centre_edges(network, ROWS)
    assert torch.allclose(network(ROWS), before, atol=1e-11)
    means = [activations.mean(dim=0).detach() for activations in network.trace(ROWS).activations]
    learned = [network.layer(position).kinds == 1 for position in (0, 1)]
    assert all(float(mean[kind].abs().max()) < 1e-12 for mean, kind in zip(means, learned, strict=True))


def test_centring_takes_all_rows_of_a_large_table_into_account() -> None:
    network, rows = random_network(MIXED, (2, 1), seed=2), ROWS.repeat(25, 1)
    rows[5000:, 0] = 20.0
    centre_edges(network, rows)
    means = [activations.mean(dim=0).detach().abs().max() for activations in network.trace(rows).activations]
    assert float(max(means)) < 1e-12


def test_unseen_category_gets_the_mean_of_the_training_rows() -> None:
    network = random_network(MIXED, (2,), seed=3)
    centre_edges(network, ROWS)
    unseen = ROWS[:1].clone()
    unseen[0, 2] = 3.0
    assert network.trace(unseen).activations[0][0, :, 2].tolist() == [0.0, 0.0]
