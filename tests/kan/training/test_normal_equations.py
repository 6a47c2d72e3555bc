"""Gradient and Gauss–Newton matrix against automatic differentiation."""

import os
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch

from kan.losses import FAMILIES, FamilyName
from kan.network import Network
from kan.training import normal_equations
from kan.training.normal_equations import Chunks, NormalEquations
from kan.training.parameters import Parameters
from kan.training.rows import Rows, weighted_rows
from tests.kan.random_models import MIXED, network_with_every_form, random_rows

MEMORY = 2**28
OUTPUTS: dict[FamilyName, int] = {"gaussian": 2, "binomial": 1, "multinomial": 3, "poisson": 1, "gamma": 1}
SHAPES: list[Sequence[int]] = [(), (3,), (3, 2)]


def targets(family: FamilyName, count: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    noise = torch.rand(count, OUTPUTS[family], generator=generator, dtype=torch.float64)
    if family == "multinomial":
        return torch.nn.functional.one_hot(noise.argmax(dim=1), 3).double()
    return {"gaussian": noise - 0.5, "binomial": noise.round(), "poisson": (4 * noise).round()}.get(family, noise + 0.1)


def task(family: FamilyName, hidden: Sequence[int], count: int = 40) -> tuple[Network, Rows]:
    """Return a network with every form of edge, and weighted rows with gaps, unseen categories and an offset."""
    network = network_with_every_form(seed=2, hidden=hidden, outputs=OUTPUTS[family])
    with torch.no_grad():  # links of moderate size, so that no answer is certain
        network.layer(len(hidden)).rescale(0.1, 0.0)
        for parameter in network.parameters():
            parameter.add_(1e-3 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
        for position in range(len(hidden) + 1):
            network.layer(position).weights.mul_(network.layer(position).mask)
    weights = torch.rand(count, generator=torch.Generator().manual_seed(4), dtype=torch.float64) + 0.1
    offset = torch.linspace(-0.5, 0.5, count, dtype=torch.float64)
    return network, weighted_rows(random_rows(MIXED, count, 5, spread=1.2), targets(family, count), weights, offset)


def equations(network: Network, rows: Rows, family: FamilyName, memory: int = MEMORY) -> NormalEquations:
    return Chunks(network, Parameters(network), rows, FAMILIES[family], memory).normal_equations()


def in_order(network: Network, parts: Sequence[torch.Tensor | None]) -> torch.Tensor:
    """Return what belongs to weights, biases and coefficients of every layer as one vector of the numbers in use."""
    found: list[torch.Tensor] = []
    for (name, parameter), part in zip(network.named_parameters(), parts, strict=True):
        whole = torch.zeros_like(parameter) if part is None else part
        layer = network.layer(int(name.split(".")[1]))
        used = {"weights": layer.mask > 0, "coefficients": layer.free_coefficients()}.get(name.split(".")[2])
        found.append(whole.flatten() if used is None else whole[used])
    return torch.cat(found)


def jacobian(network: Network, rows: Rows) -> torch.Tensor:
    """Return the derivative of every output of every row, row by row by automatic differentiation."""
    link, parameters, lines = network.evaluate(rows.x), list(network.parameters()), []
    for row in range(len(rows)):
        for output in range(link.shape[1]):
            parts = torch.autograd.grad(link[row, output], parameters, retain_graph=True, allow_unused=True)
            lines.append(in_order(network, parts))
    return torch.stack(lines).view(len(rows), link.shape[1], -1)


@pytest.mark.parametrize("hidden", SHAPES)
@pytest.mark.parametrize("family", OUTPUTS)
def test_gradient_and_loss_are_those_of_automatic_differentiation(family: FamilyName, hidden: Sequence[int]) -> None:
    network, rows = task(family, hidden)
    found, loss = equations(network, rows, family), rows.loss(FAMILIES[family], network.evaluate(rows.x))
    loss.backward()
    expected = in_order(network, [parameter.grad for parameter in network.parameters()])
    assert found.loss == pytest.approx(float(loss.detach()), rel=1e-12)
    torch.testing.assert_close(found.gradient, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("hidden", SHAPES)
@pytest.mark.parametrize("family", OUTPUTS)
def test_matrix_is_that_of_the_jacobian_row_by_row(family: FamilyName, hidden: Sequence[int]) -> None:
    network, rows = task(family, hidden)
    slopes = jacobian(network, rows)
    with torch.no_grad():
        factors = FAMILIES[family].factors(network.evaluate(rows.x) + rows.offset)
        curvature = torch.einsum("r,rdo,rdq->roq", rows.weights, factors, factors)
    expected = torch.einsum("rop,roq,rqs->ps", slopes, curvature, slopes) / len(rows)
    torch.testing.assert_close(equations(network, rows, family).gram, expected, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("hidden", [(), (3,)])
def test_size_of_the_chunks_changes_nothing_but_the_rounding(hidden: Sequence[int]) -> None:
    network, rows = task("multinomial", hidden, count=300)
    whole, parameters = equations(network, rows, "multinomial"), Parameters(network)
    for memory in (2**15, 2**19):
        chunks = Chunks(network, parameters, rows, FAMILIES["multinomial"], memory)
        assert len(chunks.starts) > 1
        assert bool(chunks.kept) == (memory == 2**19)
        found = chunks.normal_equations()
        assert found.loss == pytest.approx(whole.loss, rel=1e-12)
        assert chunks.loss() == pytest.approx(whole.loss, rel=1e-12)
        assert found.pearson == pytest.approx(whole.pearson, rel=1e-12)
        torch.testing.assert_close(found.gradient, whole.gradient, rtol=1e-10, atol=1e-13)
        torch.testing.assert_close(found.gram, whole.gram, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("hidden", [(), (3,)])
def test_what_a_loss_remembers_gives_the_same_equations_to_the_last_bit(hidden: Sequence[int]) -> None:
    network, rows = task("gaussian", hidden, count=60)
    chunks, parameters = Chunks(network, Parameters(network), rows, FAMILIES["gaussian"], MEMORY), Parameters(network)
    moved = parameters.read() + 1e-3
    chunks.loss(remember=True)
    parameters.write(moved)
    assert chunks.loss(remember=True) == Chunks(network, parameters, rows, FAMILIES["gaussian"], MEMORY).loss()
    assert chunks.remembered is not None
    found, wanted = chunks.normal_equations(), equations(network, rows, "gaussian")
    assert (found.loss, found.pearson) == (wanted.loss, wanted.pearson)
    assert torch.equal(found.gradient, wanted.gradient)
    assert torch.equal(found.gram, wanted.gram)
    chunks.forget()
    assert chunks.remembered is None


@pytest.mark.parametrize("hidden", [(), (3,)])
def test_threads_give_the_same_bits_as_one(hidden: Sequence[int], monkeypatch: pytest.MonkeyPatch) -> None:
    network, rows = task("gaussian", hidden, count=400)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    found = []
    for work in (1e18, 0.0):
        monkeypatch.setattr(normal_equations, "THREADED_WORK", work)
        chunks = Chunks(network, Parameters(network), rows, FAMILIES["gaussian"], 2**18)
        assert chunks.workers == (1 if work else 3)
        found.append((chunks.normal_equations(), chunks.loss()))
    (one, one_loss), (several, several_loss) = found
    assert (one.loss, one.pearson, one_loss) == (several.loss, several.pearson, several_loss)
    assert torch.equal(one.gradient, several.gradient)
    assert torch.equal(one.gram, several.gram)


def test_pearson_is_the_weighted_mean_over_the_rows() -> None:
    network, rows = task("poisson", (3,))
    with torch.no_grad():
        mean = (network.evaluate(rows.x) + rows.offset).exp()
    expected = (rows.weights.unsqueeze(1) * (rows.target - mean) ** 2 / mean).mean()
    assert equations(network, rows, "poisson").pearson == pytest.approx(float(expected), rel=1e-12)


def test_single_precision_is_kept_and_near() -> None:
    network, rows = task("gaussian", (3,))
    double = equations(network, rows, "gaussian")
    single = network.copy().float()
    found = equations(single, replace(rows).to(torch.device("cpu"), torch.float32), "gaussian")
    assert found.gram.dtype == torch.float32
    torch.testing.assert_close(found.gram.double(), double.gram, rtol=1e-2, atol=1e-4)
