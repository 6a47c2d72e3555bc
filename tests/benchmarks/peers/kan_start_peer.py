"""Trainings of this repository's regressor from other random weights than its own, on the same grids."""

import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

from kan import KANRegressor, network
from kan.layer import Layer

Answer = tuple[dict[str, Any], dict[str, Any]]
Start = Callable[[Layer, torch.Generator], Tensor]

POINTS = 1001  # of the domain of every input, for the moments of its features
NOISE = 0.1  # of the splines of pykan's networks


def warm_up() -> None:
    """Fit a small table."""
    x = np.random.default_rng(0).uniform(size=(60, 2))
    KANRegressor(hidden=(1,), grid_size=3, random_state=0).fit(x, x.prod(axis=1))


def regress(data: dict[str, Any], *, start: str, seeds: list[int], **settings: Any) -> Answer:
    """Fit a regressor for each seed; return the predictions of the test rows."""
    answers, started = {}, time.perf_counter()
    with patch.object(network, "_random_weights", STARTS[start]):
        for seed in seeds:
            model = KANRegressor(random_state=seed, **settings).fit(data["X_train"], data["y_train"])
            answers[f"test_{seed}"] = model.predict(data["X_test"])
    return {"seconds": time.perf_counter() - started}, answers


def _lecun(layer: Layer, generator: torch.Generator) -> Tensor:
    """Every feature contributes the same variance, and a node has that of its inputs."""
    values, _ = _moments(layer)
    return _drawn(layer, generator, 1 / (layer.in_features * values))


def _glorot(layer: Layer, generator: torch.Generator) -> Tensor:
    """The variance of nodes and that of gradients are kept as well as both can be."""
    values, slopes = _moments(layer)
    return _drawn(layer, generator, 2 / (layer.in_features * values + layer.out_features * slopes))


def _pykan(layer: Layer, generator: torch.Generator) -> Tensor:
    """The base by Glorot, the splines nearly 0."""
    variance = torch.full((layer.in_features, layer.width), NOISE**2 * (layer.functions + 1), dtype=torch.float64)
    variance[:, 0] = 2 / (layer.in_features + layer.out_features) * (layer.functions + 1)
    return _drawn(layer, generator, variance)


def _drawn(layer: Layer, generator: torch.Generator, variance: Tensor) -> Tensor:
    """Return normal weights whose variances are given for all features of an input together."""
    noise = torch.randn(layer.weights.shape, generator=generator, dtype=torch.float64)
    deviation = (variance / (layer.functions + 1)).sqrt()
    deviation[:, layer.functions + 1 :] = 0.0
    return noise * deviation * layer.mask


def _moments(layer: Layer) -> tuple[Tensor, Tensor]:
    """Return the mean squares of every feature of numeric inputs and of its slope, where points fill the domain."""
    points = torch.linspace(-1, 1, POINTS, dtype=torch.float64).unsqueeze(1)
    values, slopes = layer.features_and_slopes(layer.centre + layer.half_width * points)
    in_units = slopes * layer.half_width.unsqueeze(1)
    return values.square().mean(dim=0).clamp(min=1e-12), in_units.square().mean(dim=0)


#: Sources: S. Rigas et al., "Initialization Schemes for Kolmogorov-Arnold Networks" (2025) for all four.
STARTS: dict[str, Start] = {
    "power law": network._random_weights,
    "LeCun": _lecun,
    "Glorot": _glorot,
    "pykan": _pykan,
}
