"""Shapley values against their definition, and the same bits in any company."""

import numpy as np
import pytest
import torch
from torch import Tensor

from kan.errors import IdentityViolated, InvalidSetting, NoRows, ShapeMismatch
from kan.explanation import coalitions as module
from kan.explanation.coalitions import trace_games
from kan.explanation.edge_flow import edge_flow
from kan.explanation.shapley import ShapleyValues, shapley_values
from kan.features import CategoricalFeature, Feature, NumericFeature
from kan.network import EdgeId, Network
from kan.prepared.network import PreparedNetwork
from kan.symbolic.library import SymbolicForm
from tests.kan.explanation.coalition_values import shapley_by_definition, values_by_definition
from tests.kan.random_models import MIXED, network_with_every_form, numeric_features, random_network, random_rows

WIDE: list[Feature] = [
    *numeric_features(4),
    NumericFeature("income", None, 0.0, 9000.0, has_missing=True),
    CategoricalFeature("purpose", ("", "car", "house")),
    CategoricalFeature("region", ("north", "south")),
]
HIDDEN: list[tuple[int, ...]] = [(), (3,), (4,), (3, 2), (3, 2, 2)]


def singles(features: int) -> list[list[int]]:
    return [[feature] for feature in range(features)]


def assert_exact(
    network: Network, x: Tensor, reference: Tensor, output: int = 0, groups: list[list[int]] | None = None
) -> ShapleyValues:
    """Compare with the definition."""
    found = shapley_values(trace_games(network, reference, output=output, groups=groups), x)
    values = values_by_definition(network, x, reference, output, groups or singles(network.shape[0]))
    expected = shapley_by_definition(values)
    tolerance = 1e-9 * max(1.0, float(values.abs().max()))
    torch.testing.assert_close(found.values, expected, rtol=0, atol=tolerance)
    torch.testing.assert_close(found.base_value, float(values[0, 0]), rtol=1e-12, atol=1e-12)
    assert np.array_equal(found.outputs.numpy(), PreparedNetwork.of(network).outputs(x.numpy())[:, output])
    assert float(found.residuals.max()) <= 1e-9
    return found


def assert_same_bits(one: ShapleyValues, other: ShapleyValues, rows: slice) -> None:
    assert torch.equal(one.values, other.values[rows])
    assert torch.equal(one.standard_errors, other.standard_errors[rows])
    assert (one.base_value, one.method) == (other.base_value, other.method)


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("seed", [0, 1])
def test_values_of_networks_with_every_form_are_those_of_the_definition(hidden: tuple[int, ...], seed: int) -> None:
    network = network_with_every_form(seed, hidden, outputs=2, degree=3 if seed else 2, grid_size=4 + 40 * seed)
    x, reference = random_rows(MIXED, 9, seed + 10, spread=1.5), random_rows(MIXED, 6, seed + 20, spread=1.3)
    for output in range(2):
        found = assert_exact(network, x, reference, output)
        assert int(found.standard_errors.count_nonzero()) == 0
        assert found.method == ("exact" if hidden else "additive")


@pytest.mark.parametrize("hidden", [(5,), (3, 3), (3, 2, 2)])
@pytest.mark.parametrize("seed", [2, 3])
def test_values_of_seven_features_are_those_of_the_definition(hidden: tuple[int, ...], seed: int) -> None:
    network = random_network(WIDE, (*hidden, 1), seed)
    network = network.with_zero(EdgeId(0, 1, 0)).with_zero(EdgeId(0, 5, 0)).with_zero(EdgeId(0, 2, 1))
    x, reference = random_rows(WIDE, 4, seed + 10, spread=1.4), random_rows(WIDE, 3, seed + 20, spread=1.2)
    assert assert_exact(network, x, reference).method == "exact"


@pytest.mark.parametrize("features", [8, 10, 11, 12])
def test_values_of_many_features_are_those_of_the_definition(features: int) -> None:
    network = random_network(numeric_features(features), (3, 1), features)
    x, reference = (random_rows(numeric_features(features), 2, seed, spread=1.3) for seed in (1, 2))
    assert_exact(network, x, reference)


@pytest.mark.parametrize("hidden", HIDDEN[1:])
def test_groups_play_as_one(hidden: tuple[int, ...]) -> None:
    network = random_network(WIDE, (*hidden, 2), seed=4).with_zero(EdgeId(0, 3, 1))
    x, reference = random_rows(WIDE, 5, seed=5), random_rows(WIDE, 4, seed=6)
    found = assert_exact(network, x, reference, output=1, groups=[[0, 6], [1, 4, 5], [2], [3]])
    assert found.groups == ((0, 6), (1, 4, 5), (2,), (3,))


def test_group_of_all_features_has_the_whole_difference() -> None:
    network, x = random_network(MIXED, (3, 1), seed=7), random_rows(MIXED, 4, seed=8)
    found = shapley_values(trace_games(network, random_rows(MIXED, 3, seed=9), groups=[[2, 0, 1]]), x)
    torch.testing.assert_close(found.values[:, 0], found.outputs - found.base_value, rtol=1e-13, atol=1e-13)


def test_additive_network_has_the_values_of_edge_flow() -> None:
    network = network_with_every_form(10, ())
    x, reference = random_rows(MIXED, 50, seed=11, spread=1.5), random_rows(MIXED, 30, seed=12)
    found = shapley_values(trace_games(network, reference), x)
    flow = edge_flow(network, x, reference)
    torch.testing.assert_close(found.values, flow.feature_contributions, rtol=1e-12, atol=1e-12)


def test_lines_behind_hidden_nodes_need_no_enumeration() -> None:
    features = numeric_features(30)
    network = random_network(features, (2, 1), seed=13)
    for node in range(2):
        network = network.with_symbolic(EdgeId(1, node, 0), SymbolicForm("linear", 1.5, 0.3, -2.0, 0.1))
    x, reference = random_rows(features, 20, seed=14), random_rows(features, 10, seed=15)
    found = shapley_values(trace_games(network, reference), x)
    assert found.method == "additive"
    flow = edge_flow(network, x, reference)
    torch.testing.assert_close(found.values, flow.feature_contributions, rtol=1e-10, atol=1e-10)


def test_lines_behind_the_second_hidden_layer_hand_their_sum_on() -> None:
    network = random_network(WIDE, (3, 2, 1), seed=16)
    for place in (EdgeId(2, 0, 0), EdgeId(1, 1, 0)):
        network = network.with_symbolic(place, SymbolicForm("linear", 0.5, 0.3, -2.0, 0.1))
    x, reference = random_rows(WIDE, 3, seed=17), random_rows(WIDE, 3, seed=18)
    assert_exact(network, x, reference)


@torch.no_grad()
def test_jump_behind_a_hidden_node_keeps_the_sum() -> None:
    features = numeric_features(5)
    network = random_network(features, (1, 1), seed=19)
    x, reference = random_rows(features, 200, seed=20), random_rows(features, 7, seed=21)
    place = -float(network.trace(x).inputs[1][3, 0])  # the step lies at the node's value in row 3
    network = network.with_symbolic(EdgeId(1, 0, 0), SymbolicForm("step", 1.0, place, 3.0, 0.0))
    assert float(shapley_values(trace_games(network, reference), x).residuals.max()) <= 1e-12
    sampled = shapley_values(trace_games(network, reference), x, coalitions=8)
    assert float(sampled.residuals.max()) <= 1e-12


@pytest.mark.parametrize("coalitions", [2**14, 1])
@pytest.mark.parametrize("hidden", HIDDEN)
def test_row_has_the_same_bits_in_any_company(hidden: tuple[int, ...], coalitions: int) -> None:
    network = random_network(WIDE, (*hidden, 1), seed=22)
    x, reference = random_rows(WIDE, 61, seed=23, spread=1.3), random_rows(WIDE, 20, seed=24)
    games = trace_games(network, reference)
    together = shapley_values(games, x, coalitions=coalitions)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    shuffled = shapley_values(games, x[order], coalitions=coalitions)
    assert torch.equal(shuffled.values, together.values[order])
    for rows in (slice(0, 1), slice(60, 61), slice(17, 40)):
        assert_same_bits(shapley_values(games, x[rows], coalitions=coalitions), together, rows)
    turned = shapley_values(trace_games(network, reference.flip(0)), x, coalitions=coalitions)
    assert_same_bits(turned, together, slice(None))


def test_number_of_threads_changes_no_bit() -> None:
    network, threads = random_network(WIDE, (4, 1), seed=25), torch.get_num_threads()
    x, games = random_rows(WIDE, 2000, seed=26), trace_games(network, random_rows(WIDE, 2, seed=27))
    found = []
    for count in (1, 2):
        torch.set_num_threads(count)
        found.append(shapley_values(games, x))
    torch.set_num_threads(threads)
    assert_same_bits(found[0], found[1], slice(None))


def test_small_chunks_bound_the_memory_without_changing_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    network = random_network(WIDE, (3, 2), seed=28)
    games, x = trace_games(network, random_rows(WIDE, 33, seed=29)), random_rows(WIDE, 20, seed=30)
    whole = shapley_values(games, x)
    monkeypatch.setattr(module, "CHUNK", 100)
    chunks = shapley_values(games, x)
    torch.testing.assert_close(chunks.values, whole.values, rtol=1e-12, atol=1e-13)
    assert_same_bits(shapley_values(games, x[7:8]), chunks, slice(7, 8))


@pytest.mark.parametrize("coalitions", [2**14, 1])
def test_row_equal_to_the_only_reference_row_has_exact_zeros(coalitions: int) -> None:
    row = random_rows(WIDE, 1, seed=31)
    for hidden in HIDDEN:
        network = random_network(WIDE, (*hidden, 1), seed=32)
        found = shapley_values(trace_games(network, row), row, coalitions=coalitions)
        assert int(found.values.count_nonzero()) == int(found.standard_errors.count_nonzero()) == 0


@pytest.mark.parametrize("coalitions", [2**14, 1])
def test_feature_that_equals_all_reference_rows_or_is_pruned_has_exact_zeros(coalitions: int) -> None:
    network = random_network(WIDE, (3, 2), seed=33)
    for target in range(3):
        network = network.with_zero(EdgeId(0, 1, target))
    reference, x = random_rows(WIDE, 7, seed=34), random_rows(WIDE, 9, seed=35)
    reference[:, 6] = x[:, 6] = 1.0
    reference[:, 0] = x[:, 0] = 0.1
    found = shapley_values(trace_games(network, reference), x, coalitions=coalitions)
    assert int(found.values[:, [0, 1, 6]].count_nonzero()) == 0
    assert int(found.values[:, [2, 3, 4, 5]].count_nonzero()) > 0


@pytest.mark.parametrize(("hidden", "seed"), [((4,), 36), ((3, 2), 37), ((2, 2), 38)])
@pytest.mark.parametrize("references", [1, 12])
def test_sampled_values_lie_within_four_standard_errors_and_sum_up(
    hidden: tuple[int, ...], seed: int, references: int
) -> None:
    features = numeric_features(9)
    network = random_network(features, (*hidden, 1), seed)
    games = trace_games(network, random_rows(features, references, seed=39))
    x = random_rows(features, 12, seed=40, spread=1.3)
    exact, sampled = shapley_values(games, x), shapley_values(games, x, coalitions=400)
    assert (exact.method, sampled.method) == ("exact", "sampled")
    assert float(sampled.residuals.max()) <= 1e-12
    distance = (sampled.values - exact.values).abs() / sampled.standard_errors
    assert float(distance.max()) <= 4.0
    assert 0.3 <= float(distance.square().mean().sqrt()) <= 1.5  # the errors are neither too small nor too large


def test_games_too_large_to_enumerate_are_sampled_by_default() -> None:
    features = numeric_features(30)
    network, x = random_network(features, (2, 1), seed=41), random_rows(features, 3, seed=42)
    found = shapley_values(trace_games(network, random_rows(features, 2, seed=43)), x)
    assert found.method == "sampled"
    assert float(found.residuals.max()) <= 1e-12
    assert float(found.standard_errors.min()) > 0


def test_no_rows_have_no_values() -> None:
    games = trace_games(random_network(MIXED, (3, 1), seed=44), random_rows(MIXED, 5, seed=45))
    for coalitions in (2**14, 1):
        found = shapley_values(games, random_rows(MIXED, 0, seed=0), coalitions=coalitions)
        assert (found.values.shape, found.residuals.shape) == ((0, 3), (0,))


def test_answer_that_is_not_a_number_is_withheld() -> None:
    network = random_network(MIXED, (3, 1), seed=46)
    with torch.no_grad():
        network.layer(1).bias.fill_(torch.nan)
    with pytest.raises(IdentityViolated):
        shapley_values(trace_games(network, random_rows(MIXED, 2, seed=47)), random_rows(MIXED, 2, seed=48))


def test_bad_arguments_are_refused() -> None:
    network, x = random_network(MIXED, (3, 1), seed=49), random_rows(MIXED, 4, seed=50)
    with pytest.raises(ShapeMismatch, match=r"\(rows, 3\)"):
        shapley_values(trace_games(network, x), x[:, :2])
    with pytest.raises(NoRows):
        trace_games(network, x[:0])
    with pytest.raises(InvalidSetting, match="output = 1"):
        trace_games(network, x, output=1)
    with pytest.raises(InvalidSetting, match="coalitions = 0"):
        shapley_values(trace_games(network, x), x, coalitions=0)
    for groups in ([[0, 1]], [[0, 1], [1, 2]], [[0, 1, 2], []], [[0, 1], [2, 3]]):
        with pytest.raises(InvalidSetting, match="every feature from 0 to 2 exactly once"):
            trace_games(network, x, groups=groups)
