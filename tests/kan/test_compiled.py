"""Compiled loops give what PyTorch's operations give: nodes, gradients, and exactly 0 where no row has been."""

from typing import Any

import pytest
import torch

from kan import compiled
from kan.layer import Layer, LayerInput
from kan.network import combined
from kan.symbolic.library import SymbolicForm
from kan.training import first_order
from kan.training.rows import weighted_rows
from kan.training.trainer import train
from tests.kan.training.runs import settings, started

GENERATOR = torch.Generator().manual_seed(0)
IN_UNITS = LayerInput(centre=0.1, half_width=1.5)


def layer_of(outputs: int, *, inputs: tuple[LayerInput, ...] = (IN_UNITS,) * 3, **more: Any) -> Layer:
    layer = Layer(inputs, outputs, **({"grid_size": 6, "degree": 3} | more))
    with torch.no_grad():
        layer.weights.copy_(torch.randn(layer.weights.shape, generator=GENERATOR, dtype=torch.float64) * layer.mask)
        layer.bias.copy_(torch.randn(outputs, generator=GENERATOR, dtype=torch.float64))
    return layer


def points(rows: int = 100, inputs: int = 3) -> torch.Tensor:
    """Return points inside the knots, on their borders and beyond them."""
    x = 4 * torch.rand(rows, inputs, generator=GENERATOR, dtype=torch.float64) - 2
    x[0], x[1] = 1.6, -1.4
    return x.requires_grad_()


def answers(combine: Any, layer: Layer, x: torch.Tensor) -> list[torch.Tensor]:
    nodes = combine(layer, x)
    pull = torch.linspace(-1, 1, nodes.numel(), dtype=nodes.dtype).view(nodes.shape)
    wanted = (x, layer.weights, layer.bias) if x.requires_grad else (layer.weights, layer.bias)
    return [nodes.detach(), *torch.autograd.grad(nodes, wanted, pull)]


def assert_same(layer: Layer, x: torch.Tensor, precision: float = 1e-12) -> None:
    assert compiled.supports(layer)
    for one, other in zip(answers(compiled.combine, layer, x), answers(combined, layer, x), strict=True):
        torch.testing.assert_close(one, other, atol=precision, rtol=precision)


@pytest.mark.parametrize("outputs", [1, 2, 4])
@pytest.mark.parametrize("degree", [1, 2, 3, 5])
@pytest.mark.parametrize("base", ["silu", "identity", "zero"])
def test_nodes_and_gradients_are_those_of_matrix_products(base: str, degree: int, outputs: int) -> None:
    assert_same(layer_of(outputs, base=base, degree=degree), points())


@pytest.mark.parametrize("outputs", [1, 4])
def test_inputs_that_are_data_need_no_gradient(outputs: int) -> None:
    assert_same(layer_of(outputs), points().detach())


@pytest.mark.parametrize("outputs", [1, 4])
def test_single_precision_is_as_near_as_it_can_be(outputs: int) -> None:
    layer = layer_of(outputs).to(torch.float32)
    assert_same(layer, points().detach().float().requires_grad_(), 1e-4)


@pytest.mark.parametrize("outputs", [1, 4])
@pytest.mark.parametrize("grid_size", [1, 40])
def test_weights_of_functions_that_no_row_meets_have_no_gradient_at_all(grid_size: int, outputs: int) -> None:
    layer = layer_of(outputs, grid_size=grid_size)
    x = (0.2 * torch.rand(50, 3, generator=GENERATOR, dtype=torch.float64)).requires_grad_()
    by_weight = answers(compiled.combine, layer, x)[2]
    assert torch.equal(by_weight == 0, answers(combined, layer, x)[2] == 0)


@pytest.mark.parametrize("outputs", [1, 4])
def test_formulas_and_removed_edges_count_too(outputs: int) -> None:
    layer = layer_of(outputs)
    layer.set_zero(0, 1)
    layer.set_symbolic(0, 2, SymbolicForm("sin", 2.0, 0.1, 3.0, -1.0))
    assert_same(layer, points())


def test_categories_gaps_and_formulas_alone_are_left_to_matrix_products() -> None:
    assert not compiled.supports(layer_of(1, inputs=(IN_UNITS, LayerInput(categories=2))))
    assert not compiled.supports(layer_of(1, inputs=(IN_UNITS, LayerInput(has_missing=True))))
    empty = layer_of(1, inputs=(IN_UNITS,))
    empty.set_zero(0, 0)
    assert not compiled.supports(empty)


@pytest.mark.parametrize("memory", [2**28, 2**20])
def test_long_training_by_loops_ends_where_the_other_ends(memory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x = 2 * torch.rand(6000, 4, generator=GENERATOR, dtype=torch.float64) - 1
    rows = weighted_rows(x, torch.sin(3 * x[:, :1]) * x[:, 1:2])
    chosen: dict[str, Any] = {"grid_sizes": (4, 4), "optimizer": "adam", "steps": 40, "batch_size": 64}
    ends = []
    for points_needed in (0, 10**9):
        monkeypatch.setattr(first_order, "COMPILED_POINTS", points_needed)
        start = started(rows, hidden=(3,), **chosen)
        ends.append(train([start], rows, "gaussian", settings(**chosen, memory=memory)))
    (network, history), (other, record) = ends
    torch.testing.assert_close(network(x), other(x), atol=1e-9, rtol=1e-9)
    assert [loss for _, loss, _ in history.losses] == pytest.approx([loss for _, loss, _ in record.losses])
