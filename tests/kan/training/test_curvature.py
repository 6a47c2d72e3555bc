"""Knots follow curvature: against closed forms, brute force and on noise."""

import math

import pytest
import torch
from torch import Tensor

from kan.layer import Layer, LayerInput
from kan.losses import FAMILIES
from kan.network import Network
from kan.refinement import move_knots
from kan.training.curvature import Curvature, curvatures, follow_curvature
from kan.training.rows import Rows, weighted_rows
from kan.training.trainer import train
from tests.kan.random_models import MIXED, random_network, random_rows
from tests.kan.training.runs import settings, started

X = torch.linspace(-1, 1, 4001, dtype=torch.float64).unsqueeze(1)
GAUSSIAN = FAMILIES["gaussian"]


def steep(x: Tensor) -> Tensor:
    """Return a function that bends on one side."""
    return torch.exp(4 * x)


def fitted(grid_size: int, degree: int = 3) -> Network:
    """Return the least-squares spline of the steep function on even knots, as a network of one edge."""
    layer = Layer([LayerInput()], 1, grid_size=grid_size, degree=degree)
    refit(layer)
    return Network([layer])


def refit(layer: Layer) -> None:
    with torch.no_grad():
        bases = layer.features(X)[:, 0, 1 : layer.functions + 1]
        layer.weights[0, 0, 1 : layer.functions + 1] = torch.linalg.lstsq(bases, steep(X)).solution[:, 0]


def squared_error(network: Network) -> float:
    return float((network(X) - steep(X)).detach().square().mean())


def rows_of(x: Tensor) -> Rows:
    return weighted_rows(x, steep(x))


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_estimated_error_is_that_of_the_least_squares_spline(degree: int) -> None:
    network = fitted(32, degree)
    found = float(curvatures(network, rows_of(X), GAUSSIAN)[0].error)
    assert found == pytest.approx(squared_error(network), rel=0.2)


def test_density_is_the_optimal_power_of_the_derivative() -> None:
    found = curvatures(fitted(32), rows_of(X), GAUSSIAN)[0]
    middle = slice(4, -4)
    exponent = found.density[0, middle].log().diff() / found.breakpoints[0, middle].diff()
    assert exponent.mean() == pytest.approx(2 * 4 / 9, rel=0.05)  # (exp(4x)²)^(1/9)


def test_moved_knots_are_nearly_as_good_as_the_best_of_their_kind() -> None:
    network = fitted(12)
    even = squared_error(network)
    found = curvatures(network, rows_of(X), GAUSSIAN)
    follow_curvature(network, X, found, dispersion=1e-30, grid_eps=0.5)
    refit(network.layer(0))
    others = []
    for rate in (0.4, 0.6, 0.8, 8 / 9, 1.0, 1.2):
        other = fitted(12)
        ends = torch.linspace(math.exp(-rate), math.exp(rate), 13, dtype=torch.float64).log() / rate
        knots = other.layer(0).knots.clone()
        knots[0, 3:-3] = ends
        knots[0, :3], knots[0, -3:] = ends[0], ends[-1]
        move_knots(other.layer(0), knots, X)
        refit(other.layer(0))
        others.append(squared_error(other))
    assert squared_error(network) < 1.2 * min(others) < even / 3


@pytest.mark.parametrize("grid_size", [3, 7])
def test_intervals_share_the_density_and_keep_their_distance(grid_size: int) -> None:
    breakpoints = torch.tensor([[0.0, 1.0, 3.0, 4.0]] * 2, dtype=torch.float64)
    density = torch.tensor([[1.0, 3.0, 0.0, 2.0], [0.0] * 4], dtype=torch.float64)
    found = Curvature(breakpoints, density, torch.zeros(2, dtype=torch.float64)).shared_out(grid_size)
    assert torch.allclose(found[:, [0, -1]], breakpoints[:, [0, -1]])
    assert float(found.diff(dim=1).min()) >= 0.05 * 4 / grid_size - 1e-12
    inside = (found[0] - 0.05 * torch.linspace(0, 4, grid_size + 1, dtype=torch.float64)) / 0.95
    fine = torch.linspace(0, 4, 400_001, dtype=torch.float64)
    at = torch.bucketize(fine, breakpoints[0, 1:-1])
    heights = density[0][at] + (fine - breakpoints[0][at]) * (density[0].diff() / breakpoints[0].diff())[at]
    shares = [float(heights[(fine >= low) & (fine < high)].sum() * 1e-5) for low, high in inside.unfold(0, 2, 1)]
    assert shares == pytest.approx([6.0 / grid_size] * grid_size, abs=1e-3)


def test_even_knots_that_were_asked_for_stay() -> None:
    network = fitted(8)
    before = network.layer(0).knots.clone()
    follow_curvature(network, X, curvatures(network, rows_of(X), GAUSSIAN), dispersion=1e-30, grid_eps=(1.0,))
    assert torch.equal(network.layer(0).knots, before)


def test_every_kind_of_input_has_a_finite_curvature() -> None:
    network, x = random_network(MIXED, (3, 1), seed=4), random_rows(MIXED, 300, seed=5)
    found = curvatures(network, weighted_rows(x, torch.ones(len(x), 1, dtype=torch.float64)), FAMILIES["poisson"])
    assert all(bool(one.density.isfinite().all()) and bool((one.error >= 0).all()) for one in found)


@pytest.mark.usefixtures("no_shape_checks")
def test_noise_hardly_moves_knots() -> None:
    generator = torch.Generator().manual_seed(1)
    x = 2 * torch.rand(400, 2, generator=generator, dtype=torch.float64) - 1
    noise = torch.randn(400, 1, generator=generator, dtype=torch.float64)
    moved = {}
    for name, size in (("exact", 0.0), ("noisy", 1.0)):
        rows = weighted_rows(x, torch.sin(4 * x[:, :1]) + x[:, 1:] + size * noise)
        chosen = settings(grid_sizes=(12, 12))
        network = started(rows, hidden=(2,), grid_sizes=(12, 12))
        present = network.layer(0).knots[:, 3:-3]
        trained, _ = train([network], rows, "gaussian", chosen)
        nested = trained.layer(0).knots[:, 3:-3:4]
        moved[name] = float((nested - present).abs().max())
    assert moved["noisy"] < 0.02 < moved["exact"] / 4
