"""One layer: feature map, continuation, exact edits."""

import math

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline

from kan.constraints import INCREASING
from kan.errors import EdgeFormRefused, ShapeMismatch
from kan.grid import clamped
from kan.layer import Layer, LayerInput
from kan.symbolic.library import SymbolicForm
from tests.kan.random_models import network_with_every_form

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


@pytest.mark.parametrize("grid_size", [1, 5, 48])
def test_features_of_a_row_have_the_same_bits_wherever_it_stands(grid_size: int) -> None:
    layer = Layer((LayerInput(),) * 7, 1, grid_size=grid_size, degree=3)
    rows = torch.randn(203, 7, generator=torch.Generator().manual_seed(grid_size), dtype=torch.float64)
    together = layer.features_and_slopes(rows)
    for start in range(0, 203, 29):
        for stop in (start + 1, start + 3, start + 17):
            for alone, all_rows in zip(layer.features_and_slopes(rows[start:stop]), together, strict=True):
                assert torch.equal(alone, all_rows[start:stop])


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


@pytest.mark.parametrize("degree", [1, 2, 3, 4, 5])
def test_features_and_slopes_are_those_of_scipy(degree: int) -> None:
    layer = Layer((LayerInput(centre=1.0, half_width=2.0), LayerInput()), 1, grid_size=6, degree=degree, base="zero")
    breakpoints = torch.tensor([[-1, -0.999, -0.9, 0.1, 0.11, 0.7, 1], [-8, -1, 0, 1e-3, 2, 3, 50]]).double()
    layer.knots.copy_(clamped(breakpoints, degree))
    u = torch.stack([torch.linspace(-1, 1, 402)[1:-1], torch.linspace(-8, 50, 402)[1:-1]], dim=1).double()
    values, slopes = layer.features_and_slopes(u * layer.half_width + layer.centre)
    assert torch.equal(values, layer.features(u * layer.half_width + layer.centre))
    for i, half_width in enumerate((2.0, 1.0)):
        spline = BSpline(layer.knots[i].numpy(), np.eye(layer.functions), degree)
        expected = spline.derivative()(u[:, i].numpy()) / half_width
        np.testing.assert_allclose(values[:, i, 1:-1].numpy(), spline(u[:, i].numpy()), atol=1e-12)
        np.testing.assert_allclose(slopes[:, i, 1:-1].numpy(), expected, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("base", ["silu", "identity", "zero"])
@pytest.mark.parametrize("degree", [1, 3, 5])
def test_gradient_of_the_features_is_their_slope(base: str, degree: int) -> None:
    layer, rows = random_layer(base=base, degree=degree), ROWS.clone().requires_grad_()
    for m in range(layer.width):
        (gradient,) = torch.autograd.grad(layer.features(rows)[:, :, m].sum(), rows)
        torch.testing.assert_close(gradient, layer.features_and_slopes(ROWS)[1][:, :, m], atol=1e-13, rtol=1e-13)
    numbers = Layer((LayerInput(centre=10.0, half_width=4.0), LayerInput()), 1, grid_size=4, degree=degree)
    points = torch.tensor([[8.1, 0.3], [12.4, -0.9], [30.0, 2.0], [-5.0, -7.0]], dtype=torch.float64)
    assert torch.autograd.gradcheck(numbers.features, points.requires_grad_())


def test_missing_value_that_was_never_seen_in_training_stays_missing() -> None:
    layer = random_layer()
    rows = torch.tensor([[math.nan, 0.0, 0.3], [8.0, 0.0, 0.3]], dtype=torch.float64)
    assert layer(rows).isnan().tolist() == [[True, True], [False, False]]
    assert layer.derivatives(rows)[:, :, 0].isnan().tolist() == [[True, True], [False, False]]


def test_single_precision_is_kept() -> None:
    layer, single = random_layer(), random_layer().float()
    x = ROWS.float().requires_grad_()
    nodes = single.combine(single.features(x), x)
    torch.testing.assert_close(nodes.double(), layer(ROWS), atol=1e-4, rtol=1e-4)
    nodes.sum().backward()
    assert x.grad is not None
    assert x.grad.dtype == single.features_and_slopes(x)[1].dtype == torch.float32


@pytest.mark.parametrize("inputs", [INPUTS, (LayerInput(categories=2),), (LayerInput(), LayerInput())])
def test_table_without_rows_has_features_too(inputs: tuple[LayerInput, ...]) -> None:
    layer = Layer(inputs, 2, grid_size=4, degree=3)
    x = torch.zeros(0, len(inputs), dtype=torch.float64)
    assert layer.features(x).shape == layer.features_and_slopes(x)[1].shape == (0, len(inputs), layer.width)


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


def test_training_changes_the_free_coefficients_of_a_symbolic_edge_only() -> None:
    layer, form = random_layer(), SymbolicForm("tanh", 0.5, -1.0, 3.0, 2.0, fixed=("b",))
    layer.set_symbolic(1, 2, form)
    x = ROWS[:1, 2]
    (gradient,) = torch.autograd.grad(layer.activations(ROWS[:1])[0, 1, 2], layer.coefficients)
    slope = 1 - torch.tanh(0.5 * x - 1) ** 2
    assert torch.allclose(gradient[0], torch.stack([3 * slope * x, 0 * x, torch.tanh(0.5 * x - 1)])[:, 0], rtol=1e-12)
    with torch.no_grad():
        layer.coefficients[0] = torch.tensor([0.25, -1.0, 1.5])
    assert layer.symbolic_form(1, 2) == SymbolicForm("tanh", 0.25, -1.0, 1.5, 2.0, fixed=("b",))


def test_jacobian_of_symbolic_edges_is_the_difference_quotient_also_outside_of_the_domain() -> None:
    layer = random_layer()
    layer.set_symbolic(1, 2, SymbolicForm("tanh", 0.5, -1.0, 3.0, 2.0))
    layer.set_symbolic(0, 0, SymbolicForm("exp", 0.3, 0.0, 2.0, 0.0))
    rows = torch.where(ROWS.isnan(), ROWS, 3 * ROWS)
    found = layer.symbolic_jacobian(rows)
    for name in range(3):
        moved = []
        for step in (1e-6, -1e-6):
            with torch.no_grad():
                layer.coefficients[:, name] += step
                moved.append(layer.symbolic_terms(rows)[0])
                layer.coefficients[:, name] -= step
        assert torch.allclose(found[:, :, name], (moved[0] - moved[1]) / 2e-6, rtol=1e-6, atol=1e-7)


def test_symbolic_terms_are_value_and_slope_of_every_formula() -> None:
    layer, form = random_layer(), SymbolicForm("square", 1.0, -1.0, 0.5, 2.0)
    layer.set_symbolic(1, 2, form)
    layer.set_symbolic(0, 0, SymbolicForm("sin", 0.3, 0.0, 2.0, 0.0))
    values, slopes = layer.symbolic_terms(ROWS)
    assert values.shape == slopes.shape == (len(ROWS), 2)
    for k, (target, source) in enumerate([(1, 2), (0, 0)]):
        present = ~ROWS[:, source].isnan()
        activation, derivative = (f(ROWS)[present, target, source] for f in (layer.activations, layer.derivatives))
        assert torch.allclose(values[present, k], activation, rtol=1e-12)
        assert torch.allclose(slopes[present, k], derivative, rtol=1e-12)
        assert values[~present, k].tolist() == slopes[~present, k].tolist() == [0.0] * int((~present).sum())


def test_edge_that_is_held_to_a_shape_has_no_base_and_is_brought_back_to_it() -> None:
    layer = random_layer()
    layer.shapes[0, 0] = INCREASING
    layer.refresh_mask()
    assert (float(layer.mask[0, 0, 0]), float(layer.mask[1, 0, 0])) == (0.0, 1.0)
    with torch.no_grad():
        layer.weights.mul_(layer.mask)
    others = layer.weights[1].clone()
    layer.hold_shapes()
    points = torch.linspace(-20, 40, 300, dtype=torch.float64)
    assert float(layer.activations(column(points, 0))[:, 0, 0].detach().diff().min()) >= -1e-13
    assert torch.equal(layer.weights[1], others)
    layer.set_symbolic(0, 0, SymbolicForm("sin", 1.0, 0.0, 1.0, 0.0))
    before = layer.weights.clone()
    layer.hold_shapes()
    assert torch.equal(layer.weights, before)


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


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(ShapeMismatch, match=r"\(rows, 3\)"):
        random_layer().features(ROWS[:, :2])


@torch.no_grad()
def test_learned_edge_starts_at_zero_and_forgets_its_formula() -> None:
    layer = network_with_every_form().layer(0)
    kept = [layer.symbolic_form(*edge) for edge in layer.forms if edge != (0, 0)]
    layer.set_learned(0, 0)
    assert layer.form(0, 0) == "spline"
    assert float(layer.weights[0, 0].abs().max()) == 0.0
    assert bool((layer.mask[0, 0] == layer.columns()[0]).all())
    assert [layer.symbolic_form(*edge) for edge in layer.forms] == kept
    layer.set_zero(0, 2)
    layer.set_learned(0, 2)
    assert layer.form(0, 2) == "table"
