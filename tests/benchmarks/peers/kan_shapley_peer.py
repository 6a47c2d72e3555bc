"""Shapley values of this repository's networks: of a pruned one, and of random ones that grow."""

import time
from typing import Any

import numpy as np
import torch

from kan import KANClassifier
from kan.explanation.coalitions import TracedGames, trace_games
from kan.explanation.shapley import shapley_values
from kan.features import NumericFeature
from kan.layer import ZERO
from kan.network import Network, initial_network

Answer = tuple[dict[str, Any], dict[str, Any]]
REPETITIONS = 5


def warm_up() -> None:
    """Explain a few rows."""
    network = _random(4, (2,), 3, seed=0)
    shapley_values(trace_games(network, torch.zeros(1, 4).double()), torch.rand(20, 4).double())


def pruned(data: dict[str, Any], *, hidden: int, max_edges: int, repeated: int, few: int, seed: int) -> Answer:
    """Fit a classifier, prune it, explain all rows against one; return the values, and the network as plain arrays.

    "X_few" are rows in which only so `few` features differ from the reference row.
    """
    model = KANClassifier(hidden=(hidden,), random_state=seed).fit(data["X"], data["y"])
    network = model.simplify(max_edges=max_edges).model_.network
    x, reference = torch.from_numpy(data["X"]), model.model_.reference[:1]
    games = trace_games(network, reference)
    seconds = _seconds(games, x.repeat(repeated, 1))
    active = sorted({edge.source for edge in network.active_edges() if edge.layer == 0})[:few]
    partly = reference.repeat(len(x), 1)
    partly[:, active] = x[:, active]
    first, last = network.layer(0), network.layer(1)
    arrays = {
        "values": shapley_values(games, x).values.numpy(),
        "X_few": partly.numpy(),
        "values_few": shapley_values(games, partly).values.numpy(),
        "reference": reference.numpy(),
        "centre": first.centre.numpy(),
        "half_width": first.half_width.numpy(),
    }
    for name, layer in (("first", first), ("last", last)):
        arrays |= {f"{name}_knots": layer.knots.numpy(), f"{name}_bias": layer.bias.detach().numpy()}
        arrays[f"{name}_weights"] = (layer.weights * layer.mask).detach().numpy()
    figures = {
        "rows_per_second": len(x) * repeated / seconds,
        "seconds": seconds,
        "players": [len(game.players) for game in games.games],
        "active": active,
        "accuracy": float(model.score(data["X"], data["y"])),
    }
    return figures, arrays


def grown(
    data: dict[str, Any], *, features: int, hidden: list[int], inputs: int, references: int, rows: int, seed: int
) -> Answer:
    """Explain random rows with a random network in which so many `inputs` reach every node of the first layer."""
    generator = np.random.default_rng(seed)
    x, reference = (torch.from_numpy(generator.uniform(-1, 1, (count, features))) for count in (rows, references))
    games = trace_games(_random(features, tuple(hidden), inputs, seed), reference)
    seconds = _seconds(games, x)
    return {"seconds": seconds, "microseconds": seconds / rows * 1e6, "method": shapley_values(games, x).method}, {}


def _seconds(games: TracedGames, x: torch.Tensor) -> float:
    times = []
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        shapley_values(games, x)
        times.append(time.perf_counter() - started)
    return min(times)


def _random(features: int, hidden: tuple[int, ...], inputs: int, seed: int) -> Network:
    columns = [NumericFeature(f"x{position}", None, -1.0, 1.0) for position in range(features)]
    generator, sizes = torch.Generator().manual_seed(seed), [10] * (len(hidden) + 1)
    network = initial_network(columns, hidden, 1, grid_sizes=sizes, degree=3, base="silu", generator=generator)
    layer = network.layer(0)
    for target in range(layer.out_features):
        for source in torch.randperm(features, generator=generator)[inputs:].tolist():
            layer.kinds[target, source] = ZERO
    layer.refresh_mask()
    with torch.no_grad():
        layer.weights.mul_(layer.mask)
    return network
