"""Other knots for the same functions: exact where the spaces are nested, measured where they are not."""

import pytest
import torch

from kan.bspline import greville
from kan.constraints import CONVEX, DECREASING, INCREASING
from kan.grid import clamped
from kan.layer import Layer, LayerInput
from kan.network import Network
from kan.refinement import move_knots, refined, spline_of, widen_domain
from kan.symbolic.library import SymbolicForm
from tests.kan.random_models import MIXED, network_with_every_form, random_rows

INSIDE = random_rows(MIXED, 300, seed=1)
OUTSIDE = random_rows(MIXED, 300, seed=2, spread=3.0)
DEGREES = [1, 2, 3, 4, 5]


def uneven_network(degree: int, grid_size: int = 4) -> Network:
    """Return a network with every form of edge, on knots of unequal distance."""
    network = network_with_every_form(seed=degree, degree=degree, grid_size=grid_size)
    generator = torch.Generator().manual_seed(degree)
    for position in (0, 1):
        layer = network.layer(position)
        steps = torch.rand(len(layer.numeric), grid_size, generator=generator, dtype=torch.float64) + 0.1
        shares = torch.nn.functional.pad(steps.cumsum(dim=1) / steps.sum(dim=1, keepdim=True), (1, 0))
        layer.knots.copy_(clamped(2 * shares - 1, degree))
    return network


def line_layer(shape: int = 0) -> Layer:
    layer = Layer((LayerInput(),), 1, grid_size=6, degree=3)
    layer.shapes.fill_(shape)
    layer.refresh_mask()
    return layer


@pytest.mark.parametrize("factor", [2, 3])
@pytest.mark.parametrize("degree", DEGREES)
def test_refined_layers_are_the_same_functions_inside_and_outside_the_domain(degree: int, factor: int) -> None:
    coarse = uneven_network(degree)
    for position in (0, 1):
        layer = coarse.layer(position)
        fine = refined(layer, factor)
        assert fine.grid_size == factor * layer.grid_size
        for rows in (INSIDE, OUTSIDE):
            nodes = coarse.trace(rows).inputs[position].detach()
            found, expected = fine.activations(nodes).detach(), layer.activations(nodes).detach()
            torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12 * float(expected.abs().max()))


@pytest.mark.parametrize("degree", DEGREES)
def test_refined_layer_keeps_forms_masks_formulas_and_the_old_knots(degree: int) -> None:
    layer = uneven_network(degree).layer(0)
    with torch.no_grad():
        layer.coefficients[:, 2] *= 1.7
    fine = refined(layer, 2)
    assert torch.equal(fine.kinds, layer.kinds)
    assert set(layer.knots[0].tolist()) <= set(fine.knots[0].tolist())
    assert bool((fine.weights[fine.mask == 0] == 0).all())
    assert [fine.symbolic_form(*edge) for edge in layer.forms] == [layer.symbolic_form(*edge) for edge in layer.forms]


def test_refinement_leaves_the_coarse_layer_alone() -> None:
    layer = uneven_network(3).layer(0)
    before = layer.activations(INSIDE).detach()
    with torch.no_grad():
        refined(layer, 2).weights.zero_()
    assert torch.equal(layer.activations(INSIDE), before)


@pytest.mark.parametrize("shape", [INCREASING, DECREASING, CONVEX, CONVEX | INCREASING])
def test_refined_edge_is_held_to_its_shape(shape: int) -> None:
    layer = line_layer(shape)
    with torch.no_grad():
        layer.weights[0, 0, 1:10] = torch.randn(9, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
        layer.hold_shapes()
    fine = refined(layer, 4)
    u = torch.linspace(-2, 2, 301, dtype=torch.float64).unsqueeze(1)
    torch.testing.assert_close(fine.activations(u), layer.activations(u), rtol=1e-12, atol=1e-11)
    assert torch.equal(fine.shapes, layer.shapes)


@pytest.mark.parametrize("degree", DEGREES)
def test_wider_domain_keeps_the_function_where_the_old_one_was(degree: int) -> None:
    for position in (0, 1):
        layer = uneven_network(degree).layer(position)
        rows = INSIDE if position == 0 else torch.linspace(-1, 1, 300, dtype=torch.float64).view(-1, 3)
        before, (lower, upper) = layer.activations(rows), (border.clone() for border in layer.domain)
        learned = layer.kinds == 1
        wide = torch.full_like(lower, 0.3)
        widen_domain(layer, lower - wide, upper)
        assert torch.allclose(layer.domain[0], lower - wide)
        assert torch.equal(layer.domain[1], upper)
        change = (layer.activations(rows) - before).abs().amax(dim=0)
        assert float(change[learned].max().detach()) < 1e-11 * float(before.abs().max().detach())


def test_border_inside_the_domain_moves_nothing() -> None:
    layer = uneven_network(3).layer(1)
    rows = torch.linspace(-2, 2, 90, dtype=torch.float64).view(-1, 3)
    before, knots = layer.activations(rows), layer.knots.clone()
    widen_domain(layer, knots[:, 0] + 0.2, knots[:, -1] - 0.2)
    assert torch.equal(layer.knots, knots)
    assert torch.allclose(layer.activations(rows), before, atol=1e-12)


@pytest.mark.parametrize("degree", DEGREES)
def test_function_that_fits_both_grids_survives_a_move_exactly(degree: int) -> None:
    layer = Layer((LayerInput(),), 1, grid_size=3, degree=degree)
    with torch.no_grad():
        layer.weights[0, 0, 0] = 0.7
        layer.weights[0, 0, 1 : layer.functions + 1] = 2 * greville(layer.knots, degree)[0] - 1
    points = torch.linspace(-1, 1, 201, dtype=torch.float64).unsqueeze(1)
    before = layer.activations(points)
    moved = clamped(torch.tensor([[-1.0, -0.8, 0.7, 1.0]], dtype=torch.float64), degree)
    assert move_knots(layer, moved, points) < 1e-12
    assert torch.equal(layer.knots, moved)
    assert torch.allclose(layer.activations(points), before, atol=1e-12)


def test_move_of_knots_reports_the_largest_change_at_the_rows() -> None:
    layer = uneven_network(3, grid_size=8).layer(0)
    before, knots = layer.activations(INSIDE), layer.knots.clone()
    knots[:, 4:-4] = torch.linspace(-1, 1, 9, dtype=torch.float64)[1:-1]
    error = move_knots(layer, knots, INSIDE)
    change = (layer.activations(INSIDE) - before).detach().abs()
    assert error == pytest.approx(float(change.max()), rel=1e-6)
    assert error > 0
    assert float(change[:, :, list(layer.categorical)].max()) == 0
    assert float(change[:, layer.kinds == 2].max()) == 0


def test_gap_in_the_rows_keeps_the_shape_of_the_function() -> None:
    layer = line_layer()
    with torch.no_grad():
        layer.weights[0, 0, 1:10] = greville(layer.knots, 3)[0] ** 2
    ends = torch.cat([torch.linspace(-1, -0.9, 50), torch.linspace(0.9, 1, 50)]).double().unsqueeze(1)
    middle = torch.linspace(-0.8, 0.8, 50, dtype=torch.float64).unsqueeze(1)
    before = layer.activations(middle)
    move_knots(layer, clamped(torch.linspace(-1, 1, 7, dtype=torch.float64).unsqueeze(0) ** 3, 3), ends)
    assert float((layer.activations(middle) - before).detach().abs().max()) < 0.02


def test_moved_edge_is_held_to_its_shape() -> None:
    layer = line_layer(INCREASING)
    with torch.no_grad():
        layer.weights[0, 0, 1:10] = torch.tensor([0, 0, 0, 0, 5, 5, 5, 5, 5], dtype=torch.float64)
    u = torch.linspace(-1.5, 1.5, 601, dtype=torch.float64).unsqueeze(1)
    move_knots(layer, clamped(torch.linspace(-1, 1, 7, dtype=torch.float64).unsqueeze(0) ** 3, 3), u[100:500])
    values = layer.activations(u)[:, 0, 0].detach()
    assert bool((layer.weights[0, 0, 1:10].diff() >= 0).all())
    assert float(values.diff().min()) > -1e-13


@torch.no_grad()
@pytest.mark.parametrize("degree", DEGREES)
def test_polynomial_becomes_exactly_the_spline_of_its_degree(degree: int) -> None:
    layer = uneven_network(degree).layer(0)
    others = layer.activations(INSIDE)
    line = SymbolicForm("linear", 0.02, 1.0, -3.0, 0.5)
    layer.set_symbolic(0, 0, line)
    spline_of(layer, 0, 0, line)
    values = layer.activations(INSIDE)
    assert layer.form(0, 0) == "spline"
    assert (0, 0) not in layer.forms
    torch.testing.assert_close(values[:, 0, 0], line.evaluate(INSIDE[:, 0]), rtol=1e-11, atol=1e-11)
    values[:, 0, 0] = others[:, 0, 0]
    assert torch.equal(values, others)


@torch.no_grad()
def test_spline_of_a_formula_keeps_the_value_at_a_gap_and_its_shape() -> None:
    layer = uneven_network(3).layer(0)
    layer.weights[1, 1, layer.functions + 1] = 7.0
    spline_of(layer, 1, 1, SymbolicForm("sin", 1e-3, 0.0, 1.0, 0.0))
    assert float(layer.weights[1, 1, layer.functions + 1]) == 7.0
    held = line_layer(INCREASING)
    spline_of(held, 0, 0, SymbolicForm("sin", 6.0, 0.0, 1.0, 0.0))
    assert bool((held.weights[0, 0, 1:10].diff() >= 0).all())
