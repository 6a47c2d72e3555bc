"""Pruning keeps what matters and whole paths."""

import pytest
import torch

from kan.errors import InvalidSetting, NoEdgesLeft
from kan.network import EdgeId
from kan.pruning import connected, edge_scores, prune, ranking, scores, without
from kan.symbolic.library import SymbolicForm
from tests.kan.random_models import MIXED, numeric_features, random_network, random_rows

ROWS = random_rows(MIXED, 200, seed=1)
DEEP = random_network(MIXED, (3, 2, 1), seed=2)


def test_score_of_an_additive_network_is_the_standard_deviation() -> None:
    network = random_network(MIXED, (1,), seed=0)
    expected = network.trace(ROWS).activations[0].std(dim=0, correction=0).detach()
    for edge, score in edge_scores(network, ROWS).items():
        assert score == pytest.approx(float(expected[edge.target, edge.source]))


def test_scores_leaving_a_node_and_entering_it_agree() -> None:
    scores = edge_scores(DEEP, ROWS)
    spread = float(DEEP(ROWS).std(correction=0).detach())
    last = [score for edge, score in scores.items() if edge.layer == 2]
    assert max(last) <= 2 * spread
    assert all(score > 0 for score in scores.values())


def test_threshold_keeps_edges_relative_to_the_largest() -> None:
    network = random_network(MIXED, (1,), seed=0)
    scores = edge_scores(network, ROWS)
    ranked = sorted(scores.values())
    kept = prune(network, ROWS, threshold=(ranked[0] + ranked[1]) / 2 / ranked[-1]).active_edges()
    assert set(scores) - set(kept) == {min(scores, key=lambda edge: scores[edge])}


def test_mean_of_a_removed_edge_stays_in_the_bias() -> None:
    features = numeric_features(2)
    network = random_network(features, (1,), seed=3)
    rows = random_rows(features, 100, seed=4)
    pruned = prune(network, rows, threshold=0.0, max_edges=1)
    assert float(pruned(rows).mean().detach()) == pytest.approx(float(network(rows).mean().detach()))


def test_at_most_so_many_edges_stay_and_they_form_paths() -> None:
    for limit in (4, 6, 8, 10):
        edges = prune(DEEP, ROWS, threshold=0.0, max_edges=limit).active_edges()
        assert 0 < len(edges) <= limit
        for edge in edges:
            starts = {(one.layer, one.source) for one in edges}
            ends = {(one.layer + 1, one.target) for one in edges}
            assert edge.layer == 0 or (edge.layer, edge.source) in ends
            assert edge.layer == 2 or (edge.layer + 1, edge.target) in starts


def test_node_that_lost_its_outputs_loses_its_inputs_and_the_other_way_round() -> None:
    network = DEEP
    for edge in (EdgeId(1, 0, 0), EdgeId(1, 0, 1), EdgeId(0, 0, 2), EdgeId(0, 1, 2), EdgeId(0, 2, 2)):
        network = network.with_zero(edge)
    edges = prune(network, ROWS, threshold=0.0).active_edges()
    assert {edge.target for edge in edges if edge.layer == 0} == {1}
    assert {edge.source for edge in edges if edge.layer == 1} == {1}


def test_removing_dead_nodes_keeps_the_function() -> None:
    network = DEEP.with_zero(EdgeId(0, 0, 2)).with_zero(EdgeId(0, 1, 2)).with_zero(EdgeId(0, 2, 2))
    assert torch.allclose(prune(network, ROWS, threshold=0.0)(ROWS), network(ROWS), atol=1e-12)


def test_symbolic_edges_are_scored_and_kept_too() -> None:
    edge = EdgeId(0, 0, 0)
    network = random_network(MIXED, (1,), seed=0).with_symbolic(edge, SymbolicForm("linear", 1.0, 0.0, 50.0, 1.0))
    assert prune(network, ROWS, threshold=0.5).active_edges() == [edge]


def test_score_of_a_node_is_what_its_edges_hand_on() -> None:
    found = scores(DEEP, ROWS)
    assert [len(one) for one in found.nodes] == [3, 3, 2, 1]
    assert float(found.nodes[-1][0]) == pytest.approx(float(DEEP(ROWS).std(correction=0).detach()))
    for position, nodes in enumerate(found.nodes[:-1]):
        for source, score in enumerate(nodes.tolist()):
            own = [one for edge, one in found.edges.items() if (edge.layer, edge.source) == (position, source)]
            assert score == pytest.approx(sum(own))


def test_scores_are_in_the_unit_of_the_output() -> None:
    scaled = DEEP.copy()
    scaled.layer(2).rescale(10.0, 3.0)
    before, after = scores(DEEP, ROWS), scores(scaled, ROWS)
    assert all(after.edges[edge] == pytest.approx(10 * score) for edge, score in before.edges.items())


def test_weak_nodes_and_inputs_lose_all_their_edges() -> None:
    nodes = scores(DEEP, ROWS).nodes
    weakest = [int(one.argmin()) for one in nodes[:3]]
    shares = [float(one.min() / one.max()) for one in nodes[:3]]
    threshold = 1.0001 * min(shares)
    position = shares.index(min(shares))
    edges = prune(DEEP, ROWS, node_threshold=threshold).active_edges()
    assert (position, weakest[position]) not in {(edge.layer, edge.source) for edge in edges}
    others = set(range(len(nodes[position]))) - {weakest[position]}
    assert others <= {edge.source for edge in edges if edge.layer == position}


def test_ranking_goes_from_the_largest_score_down_and_breaks_ties_by_place() -> None:
    first, second, third = EdgeId(0, 0, 0), EdgeId(0, 1, 0), EdgeId(1, 0, 0)
    assert ranking({third: 1.0, second: 2.0, first: 2.0}) == [first, second, third]


def test_edges_off_every_path_are_not_connected() -> None:
    path = {EdgeId(0, 1, 2), EdgeId(1, 2, 0), EdgeId(2, 0, 0)}
    assert connected(path | {EdgeId(0, 0, 1), EdgeId(1, 0, 1), EdgeId(2, 1, 0)}, DEEP) == path


def test_edges_that_are_taken_out_leave_their_mean_at_every_node() -> None:
    removed = {EdgeId(0, 0, 0), EdgeId(0, 2, 1)}
    smaller = without(DEEP, ROWS, removed)
    before, after = DEEP.trace(ROWS), smaller.trace(ROWS)
    assert set(DEEP.active_edges()) - set(smaller.active_edges()) == removed
    assert torch.allclose(after.inputs[1].mean(dim=0), before.inputs[1].mean(dim=0))


def test_cut_of_every_path_is_refused() -> None:
    with pytest.raises(NoEdgesLeft):
        prune(DEEP, ROWS, threshold=0.0, max_edges=2)


def test_network_that_does_nothing_cannot_be_pruned() -> None:
    network = random_network(MIXED, (1,), seed=0)
    with torch.no_grad():
        network.layer(0).weights.zero_()
    with pytest.raises(NoEdgesLeft):
        prune(network, ROWS, threshold=0.0)


@pytest.mark.parametrize(("threshold", "limit"), [(-0.1, None), (1.0, None), (float("nan"), None), (0.1, 0)])
def test_settings_out_of_range_are_refused(threshold: float, limit: int | None) -> None:
    with pytest.raises(InvalidSetting, match=r"threshold|max_edges"):
        prune(DEEP, ROWS, threshold=threshold, max_edges=limit)
    if limit is None:
        with pytest.raises(InvalidSetting, match="node_threshold"):
            prune(DEEP, ROWS, node_threshold=threshold)
