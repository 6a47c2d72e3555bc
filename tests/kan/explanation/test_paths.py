"""Paths against the contributions of the edges that they run through, in every layer."""

from itertools import pairwise

import pytest
import torch

from kan.errors import InvalidSetting, NoRows
from kan.explanation.edge_flow import edge_flow, trace_reference
from kan.explanation.paths import path_flow
from kan.network import EdgeId
from tests.kan.random_models import MIXED, network_with_every_form, numeric_features, random_network, random_rows


@torch.no_grad()
@pytest.mark.parametrize("sizes", [(1,), (4, 1), (3, 2, 2), (2, 3, 2, 1)])
def test_paths_through_an_edge_add_up_to_its_contribution(sizes: tuple[int, ...]) -> None:
    network = random_network(MIXED, sizes, seed=1).with_zero(EdgeId(0, 1, 0))
    x, reference = random_rows(MIXED, 40, seed=2, spread=1.5), random_rows(MIXED, 7, seed=3)
    for output in range(sizes[-1]):
        flow = edge_flow(network, x, reference, output=output)
        found = path_flow(network, x, reference, output=output)
        assert torch.equal(found.outputs, flow.outputs)
        assert found.base_value == flow.base_value
        for layer, contributions in enumerate(flow.contributions):
            total = torch.zeros_like(contributions)
            for place, path in enumerate(found.paths):
                total[:, path[layer + 1], path[layer]] += found.contributions[:, place]
            torch.testing.assert_close(total, contributions, rtol=1e-9, atol=1e-9 * float(flow.outputs.abs().max()))


@torch.no_grad()
def test_paths_of_all_forms_add_up_and_pruned_ones_are_not_there() -> None:
    network = network_with_every_form(seed=4)
    x, reference = random_rows(MIXED, 20, seed=5, spread=2.0), random_rows(MIXED, 3, seed=6)
    found = path_flow(network, x, trace_reference(network, reference))
    assert found.residual <= 1e-9
    active = set(network.active_edges())
    for path in found.paths:
        steps = pairwise(path)
        assert all(EdgeId(layer, source, target) in active for layer, (source, target) in enumerate(steps))


@torch.no_grad()
def test_a_row_equal_to_the_reference_has_no_shares() -> None:
    network, x = random_network(MIXED, (3, 1), seed=7), random_rows(MIXED, 1, seed=8)
    assert torch.equal(
        path_flow(network, x, x).contributions, torch.zeros(1, len(path_flow(network, x, x).paths)).double()
    )


@torch.no_grad()
def test_more_paths_than_anybody_reads_are_refused() -> None:
    features = numeric_features(30)
    network, x = random_network(features, (30, 30, 1), seed=9), random_rows(features, 2, seed=10)
    with pytest.raises(InvalidSetting, match="prune"):
        path_flow(network, x, x)
    with pytest.raises(InvalidSetting, match="output"):
        path_flow(network, x, x, output=1)
    with pytest.raises(NoRows):
        path_flow(network, x, x[:0])
