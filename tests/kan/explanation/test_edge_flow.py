"""Edge flow against its definition, and the identity at every kind of row."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from kan.errors import IdentityViolated, InvalidSetting, MissingValueNotSeen, NoRows, ShapeMismatch, WrongValueType
from kan.explanation import edge_flow as module
from kan.explanation.edge_flow import EdgeFlow, edge_flow, trace_reference
from kan.explanation.multipliers import Response
from kan.network import EdgeId, Network
from kan.prepared.layer import PreparedLayer
from kan.symbolic.library import SymbolicForm
from tests.kan.random_models import MIXED, network_with_every_form, numeric_features, random_network, random_rows

SIZES = [(1,), (5, 1), (4, 3, 2), (3, 3, 3, 3, 1), (6, 1, 4)]


def by_definition(network: Network, x: Tensor, reference: Tensor, output: int) -> list[Tensor]:
    """Return the mean contributions, edge by edge and pair by pair, with plain numbers."""
    shape = network.shape
    rows, others = network.trace(x), network.trace(reference)
    result = [torch.zeros_like(layer) for layer in rows.activations]
    for r in range(len(x)):
        for s in range(len(reference)):
            multipliers = [float(o == output) for o in range(shape[-1])]
            for layer in reversed(range(len(shape) - 1)):
                below = [0.0] * shape[layer]
                for edge in network.active_edges():
                    if edge.layer != layer:
                        continue
                    place = (edge.target, edge.source)
                    change = float(rows.activations[layer][r][place] - others.activations[layer][s][place])
                    result[layer][r][place] += multipliers[edge.target] * change / len(reference)
                    if layer > 0:
                        step = float(rows.inputs[layer][r, edge.source] - others.inputs[layer][s, edge.source])
                        below[edge.source] += multipliers[edge.target] * change / step
                multipliers = below
    return result


def _tensors(flow: EdgeFlow) -> list[Tensor]:
    return [*flow.contributions, *flow.activations, *flow.nodes, *flow.node_contributions]


def assert_same_bits(one: EdgeFlow, other: EdgeFlow, rows: slice) -> None:
    assert torch.equal(one.outputs, other.outputs[rows])
    assert one.base_value == other.base_value
    assert torch.equal(one.feature_contributions, other.feature_contributions[rows])
    for mine, theirs in zip(_tensors(one), _tensors(other), strict=True):
        assert torch.equal(mine, theirs[rows])


@torch.no_grad()
@pytest.mark.parametrize("sizes", SIZES)
def test_contributions_are_those_of_the_definition(sizes: tuple[int, ...]) -> None:
    network = random_network(MIXED, sizes, seed=1).with_zero(EdgeId(0, 1, 0))
    x, reference = random_rows(MIXED, 3, seed=2), random_rows(MIXED, 5, seed=3)
    for output in range(sizes[-1]):
        flow = edge_flow(network, x, reference, output=output)
        for found, expected in zip(flow.contributions, by_definition(network, x, reference, output), strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(flow.outputs, network(x)[:, output], rtol=1e-13, atol=1e-12)
        assert flow.base_value == pytest.approx(float(network(reference)[:, output].mean()), rel=1e-13)
        torch.testing.assert_close(flow.feature_contributions, flow.contributions[0].sum(1), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("degree", [1, 3])
def test_contributions_of_every_layer_sum_to_the_difference_for_1000_rows(sizes: tuple[int, ...], degree: int) -> None:
    network = random_network(MIXED, sizes, seed=4, degree=degree)
    x, reference = random_rows(MIXED, 1000, seed=5, spread=1.5), random_rows(MIXED, 64, seed=6)
    flow = edge_flow(network, x, reference, output=sizes[-1] - 1)
    difference = flow.outputs - flow.base_value
    for residual, layer in zip(flow.residuals.tolist(), flow.contributions, strict=True):
        missed = (layer.sum(dim=(1, 2)) - difference).abs() / difference.abs().clamp(min=1.0)
        assert float(missed.max()) <= 1e-12
        assert residual == pytest.approx(float(missed.max()), abs=1e-14)


@pytest.mark.parametrize("degree", [1, 3])
@pytest.mark.parametrize("distance", [0.0, 1e-300, 1e-16, 1e-14, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4])
def test_identity_holds_for_rows_next_to_reference_rows(distance: float, degree: int) -> None:
    features = numeric_features(4)
    network = random_network(features, (3, 3, 1), seed=7, degree=degree)
    reference = random_rows(features, 40, seed=8)
    direction = random_rows(features, 40, seed=9)
    flow = edge_flow(network, reference + distance * direction, reference)
    assert float(flow.residuals.max()) <= 1e-12


def test_contributions_next_to_the_reference_are_those_of_the_gradient() -> None:
    features = numeric_features(3)
    network = random_network(features, (4, 2, 1), seed=10)
    reference = random_rows(features, 1, seed=11)
    step = 1e-9 * torch.tensor([[1.0, -2.0, 0.5]], dtype=torch.float64)
    gradient = torch.autograd.functional.jacobian(network, reference).reshape(1, 3)
    flow = edge_flow(network, reference + step, reference)
    torch.testing.assert_close(flow.feature_contributions, gradient * step, rtol=1e-4, atol=1e-16)


def test_node_that_does_not_move_passes_on_its_slope() -> None:
    features = numeric_features(2)
    network = random_network(features, (1, 1), seed=0)
    for source in range(2):
        network = network.with_symbolic(EdgeId(0, source, 0), SymbolicForm("linear", 1.0, 0.0, 1.0, 0.0))
    network = network.with_symbolic(EdgeId(1, 0, 0), SymbolicForm("square", 1.0, 0.0, 1.0, 0.0))
    with torch.no_grad():
        network.layer(0).bias.zero_()
    x = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    flow = edge_flow(network, x, x.flip(1))
    assert flow.contributions[1].tolist() == [[[0.0]]]
    assert flow.feature_contributions.tolist() == [[2.0, -2.0]]  # the slope of h² at h = 1 is 2


def test_only_reference_row_explained_against_itself_contributes_nothing() -> None:
    x = random_rows(MIXED, 1, seed=12)
    flow = edge_flow(random_network(MIXED, (4, 3, 1), seed=13), x, x)
    assert all(int(layer.count_nonzero()) == 0 for layer in flow.contributions)
    assert flow.residuals.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("sizes", SIZES)
def test_row_has_the_same_bits_alone_and_among_others(sizes: tuple[int, ...]) -> None:
    network = random_network(MIXED, sizes, seed=14)
    x, reference = random_rows(MIXED, 101, seed=15, spread=1.3), random_rows(MIXED, 256, seed=16)
    together = edge_flow(network, x, reference)
    for row in (0, 1, 37, 100):
        assert_same_bits(edge_flow(network, x[row : row + 1], reference), together, slice(row, row + 1))
    assert_same_bits(edge_flow(network, x[50:73], reference), together, slice(50, 73))


def test_symbolic_edges_of_every_kind_keep_bits_and_identity() -> None:
    features = numeric_features(4)
    network = random_network(features, (3, 1), seed=17)
    forms = {
        EdgeId(0, 0, 0): SymbolicForm("log", 1.0, 9.0, 2.0, 0.1),
        EdgeId(0, 1, 1): SymbolicForm("sigmoid", 3.0, 0.2, -1.0, 0.5),
        EdgeId(0, 2, 2): SymbolicForm("hinge", 1.0, 0.3, 1.5, 0.0),
        EdgeId(1, 0, 0): SymbolicForm("abs", 1.0, 0.1, 1.0, 0.0),
        EdgeId(1, 2, 0): SymbolicForm("softplus", 2.0, 0.0, 1.0, -1.0),
    }
    for edge, form in forms.items():
        network = network.with_symbolic(edge, form)
    x, reference = random_rows(features, 500, seed=18), random_rows(features, 100, seed=19)
    together = edge_flow(network, x, reference)
    assert float(together.residuals.max()) <= 1e-12
    assert_same_bits(edge_flow(network, x[123:124], reference), together, slice(123, 124))


def test_traced_reference_gives_the_same_bits_as_its_rows() -> None:
    network = random_network(MIXED, (3, 2), seed=20)
    x, reference = random_rows(MIXED, 9, seed=21), random_rows(MIXED, 30, seed=22)
    traced = trace_reference(network, reference)
    for output in (0, 1):
        one = edge_flow(network, x, traced, output=output)
        assert_same_bits(one, edge_flow(network, x, reference, output=output), slice(None))


def test_small_blocks_bound_the_memory_without_changing_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    network = random_network(MIXED, (3, 3, 1), seed=23)
    x, reference = random_rows(MIXED, 20, seed=24), random_rows(MIXED, 33, seed=25)
    whole = edge_flow(network, x, reference)
    monkeypatch.setattr(module, "BLOCK", 50)
    blocks = edge_flow(network, x, reference)
    for found, expected in zip(blocks.contributions, whole.contributions, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-13)
    assert_same_bits(edge_flow(network, x[7:8], reference), blocks, slice(7, 8))


def test_pruned_edges_and_outputs_not_asked_for_contribute_nothing() -> None:
    network = random_network(MIXED, (3, 2), seed=26).with_zero(EdgeId(0, 2, 1))
    flow = edge_flow(network, random_rows(MIXED, 8, seed=27), random_rows(MIXED, 8, seed=28), output=1)
    assert int(flow.contributions[0][:, 1, 2].count_nonzero()) == 0
    assert int(flow.contributions[1][:, 0].count_nonzero()) == 0
    assert int(flow.contributions[1][:, 1].count_nonzero()) > 0


def test_output_without_active_edges_is_its_own_base_value() -> None:
    network = random_network(MIXED, (2,), seed=29)
    for source in range(3):
        network = network.with_zero(EdgeId(0, source, 0))
    flow = edge_flow(network, random_rows(MIXED, 4, seed=30), random_rows(MIXED, 4, seed=31), output=0)
    assert flow.outputs.tolist() == pytest.approx([flow.base_value] * 4, rel=1e-15)
    assert int(flow.contributions[0].count_nonzero()) == 0


def test_no_rows_have_an_empty_flow() -> None:
    flow = edge_flow(
        random_network(MIXED, (3, 1), seed=32), random_rows(MIXED, 0, seed=0), random_rows(MIXED, 5, seed=33)
    )
    assert (flow.outputs.shape, flow.contributions[0].shape) == ((0,), (0, 3, 3))
    assert flow.residuals.tolist() == [0.0, 0.0]


def test_answer_that_is_not_a_number_is_withheld() -> None:
    network = random_network(MIXED, (3, 1), seed=34)
    with torch.no_grad():
        network.layer(1).bias.fill_(torch.nan)
    with pytest.raises(IdentityViolated, match="Layer 0"):
        edge_flow(network, random_rows(MIXED, 2, seed=35), random_rows(MIXED, 2, seed=36))


def test_nodes_that_are_no_sums_violate_the_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PreparedLayer, "nodes", lambda _, values: 1.001 * values.sum(0, keepdims=True))
    with pytest.raises(IdentityViolated, match=r"Layer 0: .*above the tolerance 1e-09"):
        edge_flow(random_network(MIXED, (1,), seed=37), random_rows(MIXED, 5, seed=38), random_rows(MIXED, 5, seed=39))


def test_bad_arguments_are_refused() -> None:
    network = random_network(MIXED, (3, 1), seed=40)
    x = random_rows(MIXED, 4, seed=41)
    with pytest.raises(ShapeMismatch, match=r"expected shape \(rows, 3\), got \(4, 2\)"):
        edge_flow(network, x[:, :2], trace_reference(network, x))
    with pytest.raises(InvalidSetting, match="traced through this network"):
        edge_flow(network, x, trace_reference(random_network(MIXED, (2, 1), seed=0), x))
    with pytest.raises(NoRows):
        edge_flow(network, x, x[:0])
    with pytest.raises(InvalidSetting, match="output = 1"):
        edge_flow(network, x, x, output=1)


@pytest.mark.parametrize("hidden", [(), (4,), (4, 3), (4, 3, 4)])
def test_identity_holds_for_100000_rows_over_50_networks(hidden: tuple[int, ...]) -> None:
    """12 or 13 networks of every depth with every form of edge; rows with gaps, unseen categories, out of domain."""
    for seed in range(13 if hidden and len(hidden) < 3 else 12):
        network = network_with_every_form(seed, hidden, outputs=2)
        flow = edge_flow(
            network, random_rows(MIXED, 2000, seed, 2.0), random_rows(MIXED, 3, seed + 100), output=seed % 2
        )
        assert float(flow.residuals.max()) <= 1e-9
        assert flow.residuals.shape == (len(hidden) + 1,)


def test_constant_moved_between_edges_changes_nothing_beyond_rounding() -> None:
    network = random_network(MIXED, (4, 1), seed=50)
    moved = network.copy()
    moved.layer(0).shift(torch.tensor([[5.0, -3.0, -2.0]] * 4, dtype=torch.float64))
    x, reference = random_rows(MIXED, 200, seed=51), random_rows(MIXED, 30, seed=52)
    before, after = (edge_flow(one, x, reference) for one in (network, moved))
    torch.testing.assert_close(after.outputs, before.outputs, rtol=1e-11, atol=1e-11)
    for found, expected in zip(after.contributions, before.contributions, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("response", ["identity", "logit", "log", "softmax"])
@pytest.mark.parametrize("sizes", [(3,), (4, 3)])
def test_contributions_to_a_response_sum_to_its_difference(response: Response, sizes: tuple[int, ...]) -> None:
    network = random_network(MIXED, sizes, seed=53)
    network.layer(len(sizes) - 1).rescale(0.02 if len(sizes) > 1 else 0.5, 0.1)
    x, reference = random_rows(MIXED, 300, seed=54), random_rows(MIXED, 40, seed=55)
    functions: dict[str, Callable[[Tensor], Tensor]] = {
        "identity": lambda z: z,
        "logit": torch.sigmoid,
        "log": torch.exp,
        "softmax": lambda z: z.softmax(1),
    }
    with torch.no_grad():
        answers, others = (functions[response](network(rows))[:, 1] for rows in (x, reference))
    flow = edge_flow(network, x, reference, output=1, response=response)
    torch.testing.assert_close(flow.outputs, answers, rtol=1e-12, atol=1e-12)
    assert flow.base_value == pytest.approx(float(others.mean()), rel=1e-12)
    for layer in flow.contributions:
        torch.testing.assert_close(layer.sum((1, 2)), answers - others.mean(), rtol=1e-10, atol=1e-11)
    assert_same_bits(edge_flow(network, x[77:78], reference, output=1, response=response), flow, slice(77, 78))


def test_softmax_of_two_outputs_has_the_contributions_of_a_sigmoid() -> None:
    """Where one output is constant, the probability of the other is the sigmoid of their difference."""
    network = random_network(MIXED, (2,), seed=56)
    for source in range(3):
        network = network.with_zero(EdgeId(0, source, 1))
    with torch.no_grad():
        network.layer(0).bias[1] = 0.0
    x, reference = random_rows(MIXED, 50, seed=57), random_rows(MIXED, 20, seed=58)
    both = (edge_flow(network, x, reference, response=response) for response in ("softmax", "logit"))
    torch.testing.assert_close(*(flow.feature_contributions for flow in both), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("response", ["logit", "softmax"])
def test_saturated_response_has_defined_contributions(response: Response) -> None:
    network = random_network(MIXED, (2,), seed=59)
    network.layer(0).rescale(40.0, 0.0)
    flow = edge_flow(network, random_rows(MIXED, 200, seed=60), random_rows(MIXED, 20, seed=61), response=response)
    assert float(flow.residuals.max()) <= 1e-12
    assert bool(flow.contributions[0].isfinite().all())


def test_row_equal_to_the_only_reference_row_has_zeros_on_every_scale() -> None:
    network, x = random_network(MIXED, (4, 3), seed=62), random_rows(MIXED, 1, seed=63)
    for response in ("identity", "logit", "log", "softmax"):
        network.layer(1).rescale(0.1, 0.0)
        flow = edge_flow(network, x, x, response=response)
        assert all(int(layer.count_nonzero()) == 0 for layer in flow.contributions)


def test_node_contributes_what_its_edges_contribute_on_both_sides() -> None:
    network = random_network(MIXED, (4, 3, 1), seed=64)
    flow = edge_flow(network, random_rows(MIXED, 20, seed=65), random_rows(MIXED, 10, seed=66))
    for layer, nodes in enumerate(flow.node_contributions):
        torch.testing.assert_close(nodes, flow.contributions[layer].sum(2), rtol=1e-11, atol=1e-11)
        torch.testing.assert_close(nodes, flow.contributions[layer + 1].sum(1), rtol=1e-8, atol=1e-9)


def test_threads_that_share_a_reference_explain_with_the_same_bits() -> None:
    network = network_with_every_form()
    x, reference = random_rows(MIXED, 40, seed=67), trace_reference(network, random_rows(MIXED, 50, seed=68))
    whole = edge_flow(network, x, reference)
    with ThreadPoolExecutor(4) as threads:
        flows = threads.map(lambda start: edge_flow(network, x[start:], reference), range(12))
    for start, flow in enumerate(flows):
        assert_same_bits(flow, whole, slice(start, None))


def test_reference_that_no_row_could_be_is_refused() -> None:
    network, reference = random_network(MIXED, (3, 1), seed=69), random_rows(MIXED, 4, seed=70)
    for column, error in ((0, MissingValueNotSeen), (2, WrongValueType)):
        gaps = reference.clone()
        gaps[2, column] = torch.nan
        with pytest.raises(error, match=f"'input {column}', row 2"):
            trace_reference(network, gaps)
    with pytest.raises(ShapeMismatch):
        trace_reference(network, reference[:, :2])
