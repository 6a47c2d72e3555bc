"""One layer: feature map, continuation, exact edits."""

import math

import pytest
import torch

from kan.bspline import greville
from kan.errors import EdgeFormRefused, ShapeMismatch
from kan.grid import clamped
from kan.layer import Layer, LayerInput
from kan.symbolic.library import SymbolicForm

INPUTS = (LayerInput(centre=10.0, half_width=4.0), LayerInput(categories=3), LayerInput(has_missing=True))
ROWS = torch.tensor(
    [[8.0, 0.0, 0.3], [12.5, 2.0, math.nan], [6.0, 3.0, -0.9], [30.0, 1.0, -7.0], [-5.0, 1.0, 2.0]], dtype=torch.float64
)


def random_layer(seed: int = 0, *, base: str = "silu", degree: int = 3) -> Layer:
    layer = Layer(INPUTS, 2, grid_size=4, degree=degree, base=base)  # type: ignore[arg-type]  # a parameter of the test
    with torch.no_grad():
        noise = torch.randn(layer.weights.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        layer.weights.copy_(noise * layer.mask)
        layer.bias.copy_(torch.tensor([0.5, -2.0]))
    return layer


def column(values: torch.Tensor, source: int) -> torch.Tensor:
    x = torch.zeros(len(values), 3, dtype=torch.float64)
    x[:, source] = values
    return x


def test_node_is_the_sum_of_its_activations_and_its_bias() -> None:
    layer = random_layer()
    assert torch.equal(layer(ROWS), layer.activations(ROWS).sum(-1) + layer.bias)


def test_training_path_and_exact_path_agree() -> None:
    layer = random_layer()
    layer.set_symbolic(1, 2, SymbolicForm("sin", 2.0, 0.1, 3.0, -1.0))
    assert torch.allclose(layer.combine(layer.features(ROWS), ROWS), layer(ROWS), atol=1e-12)


def test_a_row_gives_the_same_bits_alone_and_among_others() -> None:
    layer = random_layer()
    many = ROWS.repeat(101, 1)
    together = layer.activations(many)
    for row in range(len(ROWS)):
        assert torch.equal(layer.activations(ROWS[row : row + 1])[0], together[row])
        assert torch.equal(layer(ROWS[row : row + 1])[0], layer(many)[500 + row])


@pytest.mark.parametrize("base", ["silu", "identity", "zero"])
@pytest.mark.parametrize("source", [0, 2])
def test_derivative_is_the_slope_everywhere(base: str, source: int) -> None:
    layer = random_layer(base=base)
    points = torch.linspace(-25, 35, 61, dtype=torch.float64) + 0.0123
    step = 1e-6
    after, before = layer.activations(column(points + step, source)), layer.activations(column(points - step, source))
    secant = ((after - before) / (2 * step))[:, :, source]
    assert torch.allclose(layer.derivatives(column(points, source))[:, :, source], secant, atol=1e-6)


def test_edges_continue_as_straight_lines_outside_the_domain() -> None:
    layer = random_layer()
    borders = torch.tensor([6.0, 14.0], dtype=torch.float64)
    value, slope = (f(column(borders, 0))[:, :, 0] for f in (layer.activations, layer.derivatives))
    far = layer.activations(column(torch.tensor([6.0 - 100, 14.0 + 1e6], dtype=torch.float64), 0))[:, :, 0]
    assert torch.allclose(far[0], value[0] - 100 * slope[0], rtol=1e-12)
    assert torch.allclose(far[1], value[1] + 1e6 * slope[1], rtol=1e-12)


def test_missing_value_has_its_own_coefficient() -> None:
    layer = random_layer()
    missing = layer.activations(ROWS)[1, :, 2]
    assert torch.equal(missing, layer.weights[:, 2, layer.functions + 1])
    assert layer.derivatives(ROWS)[1, :, 2].tolist() == [0.0, 0.0]


def test_category_has_its_own_value_also_the_unseen_one() -> None:
    layer = random_layer()
    for row, code in ((0, 0), (1, 2), (2, 3)):
        assert torch.equal(layer.activations(ROWS)[row, :, 1], layer.weights[:, 1, code])


def test_shift_moves_a_constant_without_changing_the_function() -> None:
    layer = random_layer()
    before, constants = layer(ROWS), torch.tensor([[1.0, -2.0, 30.0], [0.25, 5.0, -7.0]], dtype=torch.float64)
    activations = layer.activations(ROWS)
    layer.shift(constants)
    assert torch.allclose(layer(ROWS), before, atol=1e-12)
    assert torch.allclose(layer.activations(ROWS), activations - constants, atol=1e-12)


def test_shift_leaves_zero_and_symbolic_edges_alone() -> None:
    layer = random_layer()
    layer.set_zero(0, 0)
    layer.set_symbolic(1, 2, SymbolicForm("exp", 0.1, 0.0, 1.0, 0.0))
    before = layer.activations(ROWS)
    layer.shift(torch.ones(2, 3, dtype=torch.float64))
    moved = before - layer.activations(ROWS)
    assert torch.allclose(moved[0], torch.tensor([[0.0, 1, 1], [1, 1, 0]], dtype=torch.float64), atol=1e-12)


def test_rescale_replaces_every_node_exactly() -> None:
    layer = random_layer()
    layer.set_symbolic(1, 2, SymbolicForm("exp", 0.1, 0.0, 1.5, 0.25))
    before = layer(ROWS)
    layer.rescale(4.0, -3.0)
    assert torch.allclose(layer(ROWS), 4 * before - 3, rtol=1e-13)
    assert layer.symbolic_form(1, 2) == SymbolicForm("exp", 0.1, 0.0, 6.0, 1.0)


def test_symbolic_edge_is_its_formula_in_the_domain_and_continues_linearly_outside() -> None:
    layer, form = random_layer(), SymbolicForm("square", 1.0, -1.0, 0.5, 2.0)
    kept = layer.weights[1, 2, layer.functions + 1].clone()
    layer.set_symbolic(1, 2, form)
    values = torch.tensor([-1.0, -0.9, 0.3, 1.0, -7.0, 2.0], dtype=torch.float64)
    expected = torch.cat([form.evaluate(values[:4]), torch.tensor([4.0 - 2.0 * -6.0, 2.0], dtype=torch.float64)])
    assert torch.allclose(layer.activations(column(values, 2))[:, 1, 2], expected, atol=1e-14)
    slopes = torch.tensor([-2.0, -1.9, -0.7, 0.0, -2.0, 0.0], dtype=torch.float64)
    assert torch.allclose(layer.derivatives(column(values, 2))[:, 1, 2], slopes, atol=1e-14)
    missing = torch.full((1,), math.nan, dtype=torch.float64)
    assert torch.equal(layer.activations(column(missing, 2))[:, 1, 2], kept.unsqueeze(0))
    assert layer.form(1, 2) == "symbolic"


def test_symbolic_edge_is_scaled_in_training_without_losing_its_shape() -> None:
    layer, form = random_layer(), SymbolicForm("square", 1.0, -1.0, 1e-6, 2e-6)
    layer.set_symbolic(1, 2, form)
    (gradient,) = torch.autograd.grad(layer.activations(ROWS[:1])[0, 1, 2], layer.scales)
    assert torch.allclose(gradient, form.evaluate(ROWS[:1, 2]), rtol=1e-12)
    with torch.no_grad():
        layer.scales[0] = 1.5
    assert layer.symbolic_form(1, 2) == SymbolicForm("square", 1.0, -1.0, 1.5 * 1e-6, 1.5 * 2e-6)


def test_edge_can_be_snapped_twice_and_removed() -> None:
    layer = random_layer()
    first, second = SymbolicForm("sin", 1.0, 0.0, 1.0, 0.0), SymbolicForm("exp", 1.0, 0.0, 2.0, 0.0)
    layer.set_symbolic(0, 0, first)
    layer.set_symbolic(0, 2, second)
    layer.set_symbolic(0, 0, second)
    assert layer.symbolic_form(0, 0) == second
    layer.set_zero(0, 0)
    assert (layer.symbolic_form(0, 0), layer.symbolic_form(0, 2)) == (None, second)
    assert layer.activations(ROWS)[:, 0, 0].abs().max() == 0


def test_table_edge_refuses_a_formula() -> None:
    with pytest.raises(EdgeFormRefused, match="categorical"):
        random_layer().set_symbolic(0, 1, SymbolicForm("sin", 1.0, 0.0, 1.0, 0.0))


def test_training_never_touches_removed_edges() -> None:
    layer = random_layer()
    layer.set_zero(0, 2)
    layer.combine(layer.features(ROWS), ROWS).square().sum().backward()
    assert layer.weights.grad is not None
    assert layer.weights.grad[0, 2].abs().max() == 0
    assert layer.weights.grad[0, 0].abs().max() > 0


@pytest.mark.parametrize("degree", [1, 2, 3, 4, 5])
def test_function_that_fits_both_grids_survives_a_move_exactly(degree: int) -> None:
    layer = Layer((LayerInput(),), 1, grid_size=3, degree=degree)
    with torch.no_grad():
        layer.weights[0, 0, 0] = 0.7
        layer.weights[0, 0, 1 : layer.functions + 1] = 2 * greville(layer.knots, degree)[0] - 1
    points = torch.linspace(-1, 1, 201, dtype=torch.float64).unsqueeze(1)
    before = layer.activations(points)
    moved = clamped(torch.tensor([[-1.0, -0.8, 0.7, 1.0]], dtype=torch.float64), degree)
    assert layer.set_knots(moved, points) < 1e-12
    assert torch.equal(layer.knots, moved)
    assert torch.allclose(layer.activations(points), before, atol=1e-12)


def test_move_of_knots_reports_the_largest_change_at_the_rows() -> None:
    layer = random_layer()
    rows = torch.cat([column(torch.linspace(6, 14, 50, dtype=torch.float64), 0), ROWS])
    before = layer.activations(rows)
    knots = layer.knots.clone()
    knots[:, 4:7] += 0.15
    error = layer.set_knots(knots, rows)
    assert error == pytest.approx(float((layer.activations(rows) - before).detach().abs().max()), rel=1e-6)
    assert 0 < error < 1


def test_straight_lines_are_not_rough() -> None:
    layer = Layer((LayerInput(has_missing=True),), 1, grid_size=3, degree=3)
    layer.knots.copy_(clamped(torch.tensor([[-1.0, -0.9, 0.5, 1.0]], dtype=torch.float64), 3))
    weights = torch.zeros(layer.width, dtype=torch.float64)
    weights[1:7] = 2 * greville(layer.knots, 3)[0] - 1
    assert (layer.roughness()[0] @ weights).abs().max() < 1e-12
    weights[4] += 0.1
    assert (layer.roughness()[0] @ weights).abs().max() > 0.05


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(ShapeMismatch, match=r"\(rows, 3\)"):
        random_layer().features(ROWS[:, :2])
