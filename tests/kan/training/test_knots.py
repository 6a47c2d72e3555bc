"""Knots follow hidden nodes; centring changes nothing but constants."""

import pytest
import torch

from kan.network import EdgeId
from kan.symbolic.library import SymbolicForm
from kan.training.knots import centre_edges, follow_hidden_nodes, place_input_knots
from tests.kan.random_models import MIXED, random_network, random_rows

ROWS = random_rows(MIXED, 400, seed=8)
ROWS[ROWS[:, 2] == 3, 2] = 0.0  # training rows have no unseen category


def test_every_row_lies_in_every_hidden_domain_afterwards() -> None:
    network = random_network(MIXED, (4, 3, 1), seed=1)
    follow_hidden_nodes(network, ROWS, 0.3)
    trace = network.trace(ROWS)
    for position in (1, 2):
        lower, upper = network.layer(position).domain
        assert bool(((trace.inputs[position] > lower) & (trace.inputs[position] < upper)).all())


def test_function_changes_no_more_than_is_reported() -> None:
    network = random_network(MIXED, (4, 1), seed=1, grid_size=8)
    follow_hidden_nodes(network, ROWS, 0.3)
    before = network.trace(ROWS).activations[1]
    error = follow_hidden_nodes(network, ROWS, 0.9)
    after = network.trace(ROWS).activations[1]
    assert error == pytest.approx(float((after - before).detach().abs().max()), rel=1e-6)
    assert error > 0


def test_second_move_to_the_same_knots_changes_nothing() -> None:
    network = random_network(MIXED, (4, 1), seed=1)
    follow_hidden_nodes(network, ROWS, 0.3)
    assert follow_hidden_nodes(network, ROWS, 0.3) < 1e-9


def test_input_domain_becomes_the_range_of_the_data() -> None:
    network = random_network(MIXED, (1,), seed=1)
    place_input_knots(network, ROWS, 0.3)
    lower, upper = network.layer(0).domain
    age = (ROWS[:, 0] - 54) / 36
    assert (float(lower[0]), float(upper[0])) == (float(age.min()), float(age.max()))


def test_learned_edges_have_mean_zero_and_the_function_stays() -> None:
    network = random_network(MIXED, (4, 1), seed=2)
    network = network.with_symbolic(EdgeId(0, 0, 0), SymbolicForm("sin", 0.1, 0.0, 1.0, 5.0)).with_zero(EdgeId(0, 1, 2))
    before = network(ROWS)
    centre_edges(network, ROWS)
    assert torch.allclose(network(ROWS), before, atol=1e-11)
    means = [activations.mean(dim=0).detach() for activations in network.trace(ROWS).activations]
    learned = [network.layer(position).kinds == 1 for position in (0, 1)]
    assert all(float(mean[kind].abs().max()) < 1e-12 for mean, kind in zip(means, learned, strict=True))


def test_unseen_category_gets_the_mean_of_the_training_rows() -> None:
    network = random_network(MIXED, (2,), seed=3)
    centre_edges(network, ROWS)
    unseen = ROWS[:1].clone()
    unseen[0, 2] = 3.0
    assert network.trace(unseen).activations[0][0, :, 2].tolist() == [0.0, 0.0]
