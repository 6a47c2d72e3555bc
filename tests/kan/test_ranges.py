"""Proved ranges of edges and nodes: nothing leaves them, and they are not much wider than they must be."""

import math

import pytest
import torch

from kan.feature_maps import Base
from kan.features import CategoricalFeature, Feature, NumericFeature
from kan.layer import Layer, LayerInput
from kan.network import EdgeId, Network, initial_network
from kan.ranges import Range, domain_of, edge_range, formulas_are_defined, node_ranges, settle_domains
from kan.symbolic.library import SymbolicForm
from tests.kan.random_models import MIXED, network_with_every_form, numeric_features, random_network, random_rows

TWO = numeric_features(2)
EVERYWHERE = SymbolicForm("square", 1.0, 0.2, 0.5, 0.0)
ROOT, LOGARITHM = SymbolicForm("sqrt", 1.0, 3.0, 1.0, 0.0), SymbolicForm("log", 0.5, 2.0, 1.0, 0.0)


def with_base(network: Network, base: Base) -> Network:
    for position in range(len(network.layers)):
        network.layer(position).base = base
    return network


def assert_contained(values: torch.Tensor, proved: list[Range]) -> None:
    for column, (lower, upper) in zip(values.T, proved, strict=True):
        assert lower <= float(column.min())
        assert float(column.max()) <= upper


@torch.no_grad()
@pytest.mark.parametrize("base", ["silu", "identity", "zero"])
@pytest.mark.parametrize("seed", range(4))
def test_no_node_leaves_its_range_while_the_inputs_stay_in_their_domains(seed: int, base: Base) -> None:
    network = with_base(network_with_every_form(seed, hidden=(3, 4), outputs=2, degree=1 + seed), base)
    ranges, nodes = node_ranges(network, MIXED), network.trace(random_rows(MIXED, 3000, seed)).inputs
    for position in range(1, len(nodes)):
        assert_contained(nodes[position], ranges[position])
        assert all(map(math.isfinite, sum(ranges[position], ())))


@torch.no_grad()
@pytest.mark.parametrize("values", [(-1.0, 1.0), (-0.3, 0.1), (-7.0, -2.0), (3.0, 4.0), (-5.0, 0.5), (0.4, 0.4)])
@pytest.mark.parametrize("seed", range(3))
def test_edge_stays_in_its_range_inside_and_outside_the_domain(seed: int, values: Range) -> None:
    network = random_network(numeric_features(1), (1, 1), seed)
    for form in (None, SymbolicForm("sin", 2.0, 0.1, 1.5, -0.2), ROOT):
        edge = EdgeId(1, 0, 0)
        edited = network if form is None else network.with_symbolic(edge, form)
        reached = edited.edge_activation(edge, torch.linspace(*values, 2001, dtype=torch.float64))
        assert_contained(reached.unsqueeze(1), [edge_range(edited.layer(1), 0, 0, values)])


@torch.no_grad()
@pytest.mark.parametrize("seed", range(10))
def test_range_of_a_spline_edge_is_not_much_wider_than_what_it_takes(seed: int) -> None:
    layer = random_network(numeric_features(1), (1,), seed, grid_size=10).layer(0)
    reached = layer.activations(torch.linspace(-2.0, 2.0, 4001, dtype=torch.float64).unsqueeze(1))
    lower, upper = edge_range(layer, 0, 0, (-2.0, 2.0))
    assert upper - lower < 3 * float(reached.max() - reached.min())


@torch.no_grad()
def test_range_of_a_formula_in_which_x_occurs_once_is_that_of_its_values() -> None:
    network = random_network(numeric_features(1), (1,), 0).with_symbolic(EdgeId(0, 0, 0), EVERYWHERE)
    assert edge_range(network.layer(0), 0, 0, (-2.0, 2.0)) == pytest.approx((0.0, 0.5 * 2.2**2), abs=1e-12)


def test_value_at_a_gap_and_every_category_belong_to_the_range() -> None:
    network = random_network(MIXED, (1,), seed=4)
    layer = network.layer(0)
    with torch.no_grad():
        layer.weights[0, 1, layer.functions + 1] = 1e3
        layer.weights[0, 2, :4] = torch.tensor([1.0, -5.0, 2.0, 7.0], dtype=torch.float64)
    assert edge_range(layer, 0, 1, (0.0, 9000.0))[1] == 1e3
    assert edge_range(layer, 0, 2, (0.0, 3.0)) == (-5.0, 7.0)
    assert edge_range(network.with_zero(EdgeId(0, 2, 0)).layer(0), 0, 2, (0.0, 3.0)) == (0.0, 0.0)
    assert node_ranges(network, MIXED)[0] == [(18.0, 90.0), (0.0, 9000.0), (0.0, 3.0)]


@pytest.mark.parametrize("form", [SymbolicForm("exp", 1e3, 0.0, 1.0, 0.0), SymbolicForm("log", 1.0, 0.0, 1.0, 0.0)])
def test_nothing_is_claimed_behind_a_formula_that_overflows_or_is_undefined(form: SymbolicForm) -> None:
    network = random_network(TWO, (2, 1), seed=3).with_symbolic(EdgeId(0, 0, 1), form)
    _, hidden, outputs = node_ranges(network, TWO)
    assert all(map(math.isfinite, hidden[0]))
    assert not any(map(math.isfinite, (*hidden[1], *outputs[0])))


def test_rounding_of_parts_that_cancel_is_counted() -> None:
    layer = Layer([LayerInput()] * 3, 1, grid_size=3, degree=3)
    with torch.no_grad():
        for source, value in enumerate((1e16, 1.0, -1e16)):
            layer.weights[0, source, 1 : layer.functions + 1] = value
    lower, upper = node_ranges(Network([layer]), numeric_features(3))[1][0]
    assert lower <= float(layer(torch.zeros(1, 3, dtype=torch.float64)).detach()) <= upper


@torch.no_grad()
@pytest.mark.parametrize("form", [EVERYWHERE, ROOT, LOGARITHM])
def test_hidden_node_of_formulas_gets_the_domain_that_it_is_proved_to_stay_in(form: SymbolicForm) -> None:
    network = random_network(TWO, (2, 1), seed=5)
    for parameter in network.layer(0).parameters():
        parameter.mul_(0.2)
    network = network.with_symbolic(EdgeId(1, 0, 0), form)
    rows = random_rows(TWO, 200, seed=1)
    before, nodes = network(rows), network.trace(rows).inputs[1]
    assert float(nodes[:, 0].abs().max()) < 1.0
    mixed = network.layer(1).knots[1].clone()
    settle_domains(network, TWO, rows)
    proved, settled = node_ranges(network, TWO)[1][0], domain_of(network.layer(1), 0)
    assert torch.equal(network(rows), before)
    assert torch.equal(network.layer(1).knots[1], mixed)
    assert form.defined_between(*settled)
    assert settled[1] == pytest.approx(proved[1])
    assert settled[0] == pytest.approx(proved[0]) or not form.defined_between(proved[0], settled[1])
    inside = torch.linspace(*settled, 101, dtype=torch.float64)
    torch.testing.assert_close(network.edge_activation(EdgeId(1, 0, 0), inside), form.evaluate(inside))


@torch.no_grad()
@pytest.mark.parametrize(
    "edges",
    [
        {},
        {EdgeId(1, 0, 0): EVERYWHERE},  # beside a spline
        {EdgeId(1, 0, 0): SymbolicForm("log", 1.0, -50.0, 1.0, 0.0), EdgeId(1, 0, 1): EVERYWHERE},  # nowhere defined
        {EdgeId(0, 0, 0): SymbolicForm("exp", 1e3, 0.0, 1.0, 0.0), EdgeId(1, 0, 0): EVERYWHERE, EdgeId(1, 0, 1): ROOT},
    ],
)
def test_domain_stays_where_nothing_is_proved_or_a_spline_needs_it(edges: dict[EdgeId, SymbolicForm]) -> None:
    network = random_network(TWO, (1, 2), seed=6)
    for edge, form in edges.items():
        network = network.with_symbolic(edge, form)
    knots = network.layer(1).knots.clone()
    settle_domains(network, TWO, random_rows(TWO, 50, seed=2))
    assert torch.equal(network.layer(1).knots, knots)


def test_domain_is_in_the_unit_of_the_input() -> None:
    features: list[Feature] = [CategoricalFeature("kind", ("a",)), NumericFeature("age", None, 18.0, 90.0)]
    generator = torch.Generator().manual_seed(0)
    network = initial_network(features, (), 1, grid_sizes=[4], degree=3, base="silu", generator=generator)
    assert domain_of(network.layer(0), 1) == pytest.approx((18.0, 90.0))


@pytest.mark.parametrize(
    ("function", "shift", "is_defined"),
    [
        ("reciprocal", 1.1, True),
        ("reciprocal", 0.3, False),
        ("sqrt", 1.0, True),
        ("log", 0.9, False),
        ("sin", 0.0, True),
    ],
)
def test_a_formula_has_values_inside_its_domain_unless_a_pole_or_a_border_lies_there(
    function: str, shift: float, is_defined: bool
) -> None:
    x = torch.tensor([[-1.0], [1.0]], dtype=torch.float64)
    form = SymbolicForm(function, 1.0, shift, 2.0, 0.0)
    network = Network([Layer([LayerInput()], 1, grid_size=3, degree=3)]).with_symbolic(EdgeId(0, 0, 0), form)
    assert formulas_are_defined(network, x) == is_defined
    line = Network([Layer([LayerInput()], 1, grid_size=3, degree=3)])
    line = line.with_symbolic(EdgeId(0, 0, 0), SymbolicForm("linear", 1.0, 0.0, 1.0, 0.0))
    behind = Network([line.layer(0), network.layer(0)])
    assert formulas_are_defined(behind, x) == is_defined
    assert formulas_are_defined(behind, x[1:] + torch.tensor([[0.0], [0.5]], dtype=torch.float64))
