"""Scores and edge flow of this repository's networks, from encoded rows on."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kan import KANClassifier
from kan.explanation.edge_flow import edge_flow, trace_reference
from kan.features import NumericFeature
from kan.network import Network, initial_network
from kan.prepared.network import PreparedNetwork

Answer = tuple[dict[str, Any], dict[str, Any]]
SLOW_ROWS = 10  # of a hundred: as many rows are explained against many reference rows


def warm_up() -> None:
    """Explain a small table."""
    network, rows = _network(2, (2,), 0), torch.rand(20, 2, dtype=torch.float64)
    edge_flow(network, rows, rows)


def classifier(data: dict[str, Any], *, hidden: list[int], simplified: bool, repetitions: int, seed: int) -> Answer:
    """Fit a classifier and measure it on the rows of "X_rows"; `simplified` removes idle edges before."""
    model = KANClassifier(hidden=tuple(hidden), random_state=seed).fit(data["X_train"], data["y_train"])
    if simplified:
        model.simplify()
    return _measured(model.model_.network, data["X_rows"], data["X_reference"], repetitions)


def untrained(data: dict[str, Any], *, hidden: list[int], repetitions: int, seed: int) -> Answer:
    """Measure a network with all edges and random weights: the time does not depend on them."""
    network = _network(data["X_rows"].shape[1], tuple(hidden), seed)
    return _measured(network, data["X_rows"], data["X_reference"], repetitions)


def _network(inputs: int, hidden: tuple[int, ...], seed: int) -> Network:
    features = [NumericFeature(f"x{position}", None, -1.0, 1.0) for position in range(inputs)]
    generator = torch.Generator().manual_seed(seed)
    sizes = [5] * (len(hidden) + 1)
    return initial_network(features, hidden, 1, grid_sizes=sizes, degree=3, base="silu", generator=generator)


def _measured(network: Network, rows: Any, reference: Any, repetitions: int) -> Answer:
    prepared, x, many = PreparedNetwork.of(network), torch.from_numpy(rows), torch.from_numpy(reference)
    some, one = x[: len(x) * SLOW_ROWS // 100], x[:1]
    single, several = trace_reference(network, many[:1]), trace_reference(network, many)
    figures = {
        "edges": len(network.active_edges()),
        "scores": len(x) / _fastest(lambda: prepared.outputs(rows), repetitions),
        "flows": len(x) / _fastest(lambda: edge_flow(network, x, single), repetitions),
        "flows_many": len(some) / _fastest(lambda: edge_flow(network, some, several), repetitions),
        "one_row": _fastest(lambda: edge_flow(network, one, several), 20 * repetitions),
    }
    return {**figures, "seconds": len(x) / figures["flows"]}, {}


def _fastest(call: Callable[[], Any], repetitions: int) -> float:
    """Return the shortest of several times: what else runs on the machine can only make a call slower."""
    times = []
    for _ in range(repetitions):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return float(np.min(times))
