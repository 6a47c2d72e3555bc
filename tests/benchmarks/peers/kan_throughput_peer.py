"""The training path of this repository's networks, below the estimators."""

import statistics
import time
from typing import Any

import torch

from kan.features import NumericFeature
from kan.losses import FAMILIES
from kan.network import Combine, Network, initial_network
from kan.training.first_order import COMPILED_POINTS, Batch, batches, combine_of
from kan.training.rows import weighted_rows

Answer = tuple[dict[str, Any], dict[str, Any]]


def warm_up() -> None:
    """Take one pass through a small network."""
    network, rows = _network(2, 2, 3, torch.float64, 0), weighted_rows(torch.rand(20, 2).double(), torch.rand(20, 1))
    forward_backward(network, next(batches(network, rows, size=10, memory=0, seed=0)), _combine(network))


def forward_backward(network: Network, batch: Batch, combine: Combine) -> None:
    """Compute the loss of a batch and its gradient."""
    batch.rows.loss(FAMILIES["gaussian"], network.evaluate(batch.rows.x, batch.features, combine)).backward()


def throughput(
    data: dict[str, Any],
    *,
    inputs: int,
    width: int,
    grid_size: int,
    precision: str,
    batch: int,
    memory: int,
    repetitions: int,
    seed: int,
) -> Answer:
    """Time steps of training on shuffled parts of the table, without the optimiser, with one hidden layer.

    A step draws the next batch, with features kept in `memory` bytes or new ones, and passes forward and backward.
    """
    dtype = getattr(torch, precision)
    network = _network(inputs, width, grid_size, dtype, seed)
    x, y = torch.tensor(data["X"], dtype=dtype), torch.tensor(data["y"], dtype=dtype).unsqueeze(1)
    steps = batches(network, weighted_rows(x, y), size=batch, memory=memory, seed=seed)
    combine = _combine(network)
    forward_backward(network, next(steps), combine)  # computes the features that are kept, and compiles
    times = []
    for _ in range(repetitions):
        network.zero_grad()
        started = time.perf_counter()
        forward_backward(network, next(steps), combine)
        times.append(time.perf_counter() - started)
    edges = inputs * width + width
    return {"seconds": statistics.median(times), "parameters": edges * (grid_size + network.layer(0).degree + 1)}, {}


def _combine(network: Network) -> Combine:
    """Return how long trainings compute the layers."""
    return combine_of(network, COMPILED_POINTS, 1)


def _network(inputs: int, width: int, grid_size: int, dtype: torch.dtype, seed: int) -> Network:
    features = [NumericFeature(f"x{position}", None, -1.0, 1.0) for position in range(inputs)]
    generator = torch.Generator().manual_seed(seed)
    sizes = (grid_size, grid_size)
    network = initial_network(features, (width,), 1, grid_sizes=sizes, degree=3, base="silu", generator=generator)
    return network.to(dtype)
