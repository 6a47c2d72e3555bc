"""Shapley interactions against their definition."""

import pytest
import torch

from kan.errors import InvalidSetting
from kan.explanation.coalitions import trace_games
from kan.explanation.interactions import shapley_interactions
from kan.explanation.shapley import shapley_values
from kan.network import EdgeId
from tests.kan.explanation.coalition_values import interaction_by_definition, values_by_definition
from tests.kan.random_models import MIXED, network_with_every_form, numeric_features, random_network, random_rows


@pytest.mark.parametrize("hidden", [(3,), (3, 2)])
def test_interactions_are_those_of_the_definition(hidden: tuple[int, ...]) -> None:
    network = network_with_every_form(1, hidden)
    x, reference = random_rows(MIXED, 8, seed=2, spread=1.4), random_rows(MIXED, 5, seed=3)
    values = values_by_definition(network, x, reference, 0, [[0], [1], [2]])
    found = shapley_interactions(trace_games(network, reference), x)
    for one in range(3):
        for other in range(one):
            expected = interaction_by_definition(values, one, other) / 2
            torch.testing.assert_close(found.values[:, one, other], expected, rtol=1e-10, atol=1e-10)


def test_interactions_of_groups_are_those_of_the_definition() -> None:
    features, groups = numeric_features(8), [[0, 5], [1], [2, 3], [4], [6, 7]]
    network = random_network(features, (4, 2), seed=4).with_zero(EdgeId(0, 1, 2))
    x, reference = random_rows(features, 3, seed=5), random_rows(features, 2, seed=6)
    values = values_by_definition(network, x, reference, 1, groups)
    found = shapley_interactions(trace_games(network, reference, output=1, groups=groups), x)
    expected = interaction_by_definition(values, 1, 4) / 2
    torch.testing.assert_close(found.values[:, 1, 4], expected, rtol=1e-10, atol=1e-10)


def test_rows_of_the_matrix_sum_to_the_shapley_values() -> None:
    network = random_network(MIXED, (4, 1), seed=7)
    games, x = trace_games(network, random_rows(MIXED, 9, seed=8)), random_rows(MIXED, 20, seed=9, spread=1.5)
    found, alone = shapley_interactions(games, x), shapley_values(games, x)
    torch.testing.assert_close(found.values.sum(dim=2), alone.values, rtol=1e-11, atol=1e-11)
    assert torch.equal(found.values, found.values.transpose(1, 2))
    assert float(found.residuals.max()) <= 1e-12


def test_features_without_a_common_node_do_not_interact() -> None:
    features = numeric_features(4)
    network = random_network(features, (2, 1), seed=10)
    for edge in (EdgeId(0, 0, 1), EdgeId(0, 1, 1), EdgeId(0, 2, 0), EdgeId(0, 3, 0)):
        network = network.with_zero(edge)
    games = trace_games(network, random_rows(features, 3, seed=11))
    found = shapley_interactions(games, random_rows(features, 5, seed=12)).values
    assert int(found[:, :2, 2:].count_nonzero()) == 0
    assert int(found[:, 0, 1].count_nonzero()) == 5


def test_additive_network_has_no_interactions() -> None:
    network, x = random_network(MIXED, (1,), seed=13), random_rows(MIXED, 6, seed=14)
    games = trace_games(network, random_rows(MIXED, 4, seed=15))
    diagonal = torch.diag_embed(shapley_values(games, x).values)
    assert torch.equal(shapley_interactions(games, x).values, diagonal)


def test_no_rows_have_no_interactions() -> None:
    games = trace_games(random_network(MIXED, (3, 1), seed=16), random_rows(MIXED, 4, seed=17))
    assert shapley_interactions(games, random_rows(MIXED, 0, seed=0)).values.shape == (0, 3, 3)


def test_games_too_large_to_enumerate_are_refused() -> None:
    features = numeric_features(9)
    games = trace_games(random_network(features, (2, 1), seed=18), random_rows(features, 2, seed=19))
    with pytest.raises(InvalidSetting, match="coalitions = 511: expected at least 512"):
        shapley_interactions(games, random_rows(features, 1, seed=20), coalitions=511)
