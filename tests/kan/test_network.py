"""Layers in sequence: edges by name, traces, pure edits."""

import itertools

import pytest
import torch

from kan.constraints import CONCAVE, CONVEX, DECREASING, INCREASING
from kan.errors import InvalidEdge, ShapeMismatch
from kan.features import CategoricalFeature, NumericFeature
from kan.layer import Layer, LayerInput
from kan.network import EdgeId, Network, constraint_shapes, first_grid, initial_network
from kan.symbolic.library import SymbolicForm
from tests.kan.random_models import MIXED, network_with_every_form, numeric_features, random_network, random_rows

NETWORK = random_network(MIXED, (4, 2, 1), seed=3)
ROWS = random_rows(MIXED, 50, seed=4, spread=1.3)
FORM = SymbolicForm("sin", 0.1, 0.2, 3.0, 0.5)


def test_shape_lists_the_nodes_from_inputs_to_outputs() -> None:
    assert NETWORK.shape == (3, 4, 2, 1)


def test_trace_ends_in_the_output_and_adds_up_at_every_node() -> None:
    trace = NETWORK.trace(ROWS)
    assert torch.equal(trace.inputs[-1], NETWORK(ROWS))
    assert [tuple(one.shape) for one in trace.activations] == [(50, 4, 3), (50, 2, 4), (50, 1, 2)]
    for position, activations in enumerate(trace.activations):
        bias = NETWORK.layer(position).bias
        assert torch.allclose(activations.sum(-1) + bias, trace.inputs[position + 1], atol=1e-12)


def test_output_of_a_row_does_not_depend_on_the_rows_beside_it() -> None:
    together = NETWORK(ROWS)
    assert all(torch.equal(NETWORK(ROWS[row : row + 1])[0], together[row]) for row in range(50))


def test_matrix_products_give_the_same_outputs_to_rounding() -> None:
    network = network_with_every_form(hidden=(3, 2), outputs=2)
    assert torch.allclose(network.evaluate(ROWS), network(ROWS), atol=1e-10)


def test_edges_are_listed_in_order_and_forms_named() -> None:
    edges = NETWORK.edges()
    assert edges == sorted(edges)
    assert len(edges) == 3 * 4 + 4 * 2 + 2 * 1
    assert {NETWORK.form(EdgeId(0, source, 0)) for source in (0, 1)} == {"spline"}
    assert NETWORK.form(EdgeId(0, 2, 3)) == "table"


def test_edge_names_survive_being_written_and_read() -> None:
    for edge in NETWORK.edges():
        assert EdgeId.parse(str(edge)) == edge


@pytest.mark.parametrize(
    "text", ["", "0.1", "0.1.2.3", "a.b.c", "-1.0.0", "0. 1.2", "0.1.٣", "1e1.0.0", "0.0." + "9" * 400]
)
def test_text_that_names_no_edge_is_refused(text: str) -> None:
    with pytest.raises(InvalidEdge):
        EdgeId.parse(text)


@pytest.mark.parametrize(
    "edge", [EdgeId(3, 0, 0), EdgeId(0, 3, 0), EdgeId(0, 0, 4), EdgeId(-1, 0, 0), EdgeId(0, -1, 0)]
)
def test_edge_that_the_network_lacks_is_refused(edge: EdgeId) -> None:
    for use in (NETWORK.form, NETWORK.with_zero, NETWORK.symbolic_form):
        with pytest.raises(InvalidEdge, match=r"layer|layers"):
            use(edge)


def test_editing_leaves_the_old_network_alone() -> None:
    before = NETWORK(ROWS)
    edge = EdgeId(0, 0, 1)
    snapped, pruned = NETWORK.with_symbolic(edge, FORM), NETWORK.with_zero(edge)
    assert torch.equal(NETWORK(ROWS), before)
    assert (NETWORK.form(edge), snapped.form(edge), pruned.form(edge)) == ("spline", "symbolic", "zero")
    assert (snapped.symbolic_form(edge), NETWORK.symbolic_form(edge)) == (FORM, None)
    assert not torch.equal(snapped(ROWS), before)


def test_removed_edge_contributes_nothing_and_is_not_active() -> None:
    edge = EdgeId(1, 2, 0)
    pruned = NETWORK.with_zero(edge)
    assert float(pruned.trace(ROWS).activations[1][:, 0, 2].detach().abs().max()) == 0
    assert set(NETWORK.active_edges()) - set(pruned.active_edges()) == {edge}


def test_removed_symbolic_edge_can_come_back() -> None:
    edge = EdgeId(2, 1, 0)
    again = NETWORK.with_symbolic(edge, FORM).with_zero(edge).with_symbolic(edge, FORM)
    assert again.symbolic_form(edge) == FORM


def test_one_edge_alone_gives_what_it_gives_in_the_network() -> None:
    trace = NETWORK.trace(ROWS)
    for edge in NETWORK.edges():
        alone = NETWORK.edge_activation(edge, trace.inputs[edge.layer][:, edge.source].detach())
        assert torch.equal(alone, trace.activations[edge.layer][:, edge.target, edge.source])


def test_gradient_of_the_network_is_the_chain_of_edge_derivatives() -> None:
    network = random_network(MIXED[:1], (3, 2), seed=1)
    x = torch.linspace(20, 80, 7, dtype=torch.float64).unsqueeze(1).requires_grad_()
    network(x)[:, 1].sum().backward()
    trace = network.trace(x.detach())
    first = network.layer(0).derivatives(trace.inputs[0])[:, :, 0]
    second = network.layer(1).derivatives(trace.inputs[1])[:, 1, :]
    assert x.grad is not None
    assert torch.allclose(x.grad[:, 0], (first * second).sum(-1), atol=1e-12)


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(ShapeMismatch, match=r"expected shape \(rows, 3\), got \(50, 2\)"):
        NETWORK(ROWS[:, :2])


def test_layers_that_do_not_fit_are_refused() -> None:
    layers = [Layer([LayerInput()], 2, grid_size=3, degree=3), Layer([LayerInput()], 1, grid_size=3, degree=3)]
    with pytest.raises(ShapeMismatch, match="Next layer"):
        Network(layers)


def test_same_generator_state_gives_the_same_network() -> None:
    first, second, other = (
        initial_network(
            MIXED, (2,), 1, grid_sizes=[3, 3], degree=2, base="silu", generator=torch.Generator().manual_seed(seed)
        )
        for seed in (1, 1, 2)
    )
    assert torch.equal(first(ROWS), second(ROWS))
    assert not torch.equal(first(ROWS), other(ROWS))


def test_constant_features_start_without_edges() -> None:
    features = (
        NumericFeature("varies", None, 0.0, 1.0),
        NumericFeature("same", None, 2.0, 2.0),
        CategoricalFeature("one", ("x",)),
    )
    generator = torch.Generator().manual_seed(0)
    network = initial_network(features, (), 2, grid_sizes=[3], degree=3, base="silu", generator=generator)
    assert network.active_edges() == [EdgeId(0, 0, 0), EdgeId(0, 0, 1)]


@pytest.mark.parametrize("wanted", [1, 2, 3, 5, 6, 10, 12, 24, 96])
def test_first_grid_is_the_last_one_halved_as_long_as_three_intervals_stay(wanted: int) -> None:
    grid = first_grid(wanted)
    doublings = wanted // grid
    assert grid * doublings == wanted
    assert doublings & (doublings - 1) == 0
    assert grid >= min(3, wanted)
    assert grid % 2 == 1 or grid // 2 < 3


def test_every_layer_begins_on_its_own_grid() -> None:
    generator = torch.Generator().manual_seed(0)
    network = initial_network(MIXED, (2,), 1, grid_sizes=[3, 7], degree=2, base="zero", generator=generator)
    assert [network.layer(at).grid_size for at in (0, 1)] == [3, 7]
    assert bool((network.layer(0).weights[:, :2, 0] == 0).all())


def test_feature_with_a_direction_makes_every_edge_behind_it_rise() -> None:
    features = numeric_features(3)
    shapes = constraint_shapes(features, {"f0": -1}, None, hidden=True, outputs=1)
    assert shapes == (DECREASING, 0, 0)
    network = initial_network(
        features,
        (3, 2),
        1,
        grid_sizes=[4, 4, 4],
        degree=3,
        base="silu",
        shapes=shapes,
        generator=torch.Generator().manual_seed(0),
    )
    assert network.layer(0).shapes.tolist() == [[DECREASING, 0, 0]] * 3
    assert bool((network.layer(1).shapes == INCREASING).all())
    x = torch.zeros(200, 3, dtype=torch.float64)
    x[:, 0] = torch.linspace(-4, 4, 200)
    outputs = network(x)[:, 0].detach()
    assert float(outputs.diff().max()) < 0  # a line of its own random slope, not a constant


def test_free_network_has_no_shapes() -> None:
    assert constraint_shapes(MIXED, None, None, hidden=True, outputs=3) == ()
    assert constraint_shapes(MIXED, {}, {}, hidden=True, outputs=3) == ()
    both = constraint_shapes(MIXED, {"age": 1}, {"age": "concave", "income": "convex"}, hidden=False, outputs=1)
    assert both == (INCREASING | CONCAVE, CONVEX, 0)


def test_global_random_state_is_left_alone() -> None:
    before = torch.get_rng_state()
    random_network(MIXED, (2, 1), seed=0)
    assert torch.equal(torch.get_rng_state(), before)
    assert len(list(itertools.chain(NETWORK.parameters()))) == 9
