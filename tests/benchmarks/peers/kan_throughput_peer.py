"""The training path of this repository's networks, below the estimators."""

import statistics
import time
from typing import Any

import torch

from kan.features import NumericFeature
from kan.losses import FAMILIES
from kan.network import Network, initial_network
from kan.training.first_order import batch_of
from kan.training.rows import weighted_rows

Answer = tuple[dict[str, Any], dict[str, Any]]


def warm_up() -> None:
    """Take one pass through a small network."""
    forward_backward(_network(2, 2, 3, torch.float64, 0), torch.rand(20, 2).double(), torch.rand(20, 1).double())


def forward_backward(network: Network, x: torch.Tensor, y: torch.Tensor) -> None:
    """Compute the loss of a batch that was never seen before, and its gradient."""
    rows = weighted_rows(x, y)
    batch = batch_of(network, rows)
    rows.loss(FAMILIES["gaussian"], network.evaluate(batch.rows.x, batch.features)).backward()


def throughput(
    data: dict[str, Any], *, inputs: int, width: int, grid_size: int, precision: str, repetitions: int, seed: int
) -> Answer:
    """Time forward and backward passes on the given batch through a network with one hidden layer."""
    dtype = getattr(torch, precision)
    network = _network(inputs, width, grid_size, dtype, seed)
    x, y = torch.tensor(data["X"], dtype=dtype), torch.tensor(data["y"], dtype=dtype).unsqueeze(1)
    times = []
    for _ in range(repetitions):
        network.zero_grad()
        started = time.perf_counter()
        forward_backward(network, x, y)
        times.append(time.perf_counter() - started)
    edges = inputs * width + width
    return {"seconds": statistics.median(times), "parameters": edges * (grid_size + network.layer(0).degree + 1)}, {}


def _network(inputs: int, width: int, grid_size: int, dtype: torch.dtype, seed: int) -> Network:
    features = [NumericFeature(f"x{position}", None, -1.0, 1.0) for position in range(inputs)]
    generator = torch.Generator().manual_seed(seed)
    sizes = (grid_size, grid_size)
    network = initial_network(features, (width,), 1, grid_sizes=sizes, degree=3, base="silu", generator=generator)
    return network.to(dtype)
