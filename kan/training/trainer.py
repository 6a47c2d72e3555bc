"""A training run from encoded rows to a finished network: scale, place knots, minimise, centre, scale back.

It runs on one thread: the matrices are small, threads that wait for each other cost more than they bring, and
sums then have one order, so that a seed gives the same network on every number of cores.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor

from kan.losses import FAMILIES, Family, FamilyName
from kan.network import Network
from kan.training.first_order import History, Rows, minimise, split
from kan.training.knots import centre_edges, follow_hidden_nodes, place_input_knots
from kan.training.settings import ProgressCallback, TrainingSettings


def start(
    network: Network,
    x: Float[Tensor, "rows inputs"],
    target: Float[Tensor, "rows outputs"],
    family: FamilyName,
    settings: TrainingSettings,
) -> Network:
    """Return a copy of a random network, knots where the data are, outputs at the scale of the target."""
    started = network.copy()
    with one_thread():
        place_input_knots(started, x, settings.grid_eps)
    centre, scale = _scaling(target, FAMILIES[family])
    started.layer(len(started.layers) - 1).rescale(scale, centre)
    return started


def train(
    network: Network,
    x: Float[Tensor, "rows inputs"],
    target: Float[Tensor, "rows outputs"],
    family: FamilyName,
    settings: TrainingSettings,
    *,
    stage: str = "fit",
    callback: ProgressCallback | None = None,
) -> tuple[Network, History]:
    """Return a trained copy of a network on the link scale of the target, and the history of its losses.

    Afterwards every training row lies inside every hidden domain and every learned edge has mean zero over the rows.
    Raises TrainingDiverged.
    """
    trained = network.copy()
    with one_thread():
        return trained, _run(trained, Rows(x, target), FAMILIES[family], settings, stage, callback)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch use one thread, and afterwards as many as before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _run(
    network: Network,
    rows: Rows,
    family: Family,
    settings: TrainingSettings,
    stage: str,
    callback: ProgressCallback | None,
) -> History:
    """Train a network in place."""
    generator = torch.Generator().manual_seed(settings.seed)
    centre, scale = _scaling(rows.target, family)
    outputs = network.layer(len(network.layers) - 1)
    outputs.rescale(1 / scale, -centre / scale)
    scaled = Rows(rows.x, (rows.target - centre) / scale)
    training, validation = split(scaled, family, settings.validation_fraction, generator)
    follow_hidden_nodes(network, rows.x, settings.grid_eps)
    history = minimise(
        network, training, validation, family, settings, stage=stage, callback=callback, generator=generator
    )
    follow_hidden_nodes(network, rows.x, settings.grid_eps)
    outputs.rescale(scale, centre)
    centre_edges(network, rows.x)
    return history


def _scaling(target: Tensor, family: Family) -> tuple[float, float]:
    """Return mean and standard deviation of a gaussian target; classes are not scaled."""
    if family.name != "gaussian":
        return 0.0, 1.0
    deviation = target.std(correction=0).item()
    return target.mean().item(), deviation if deviation > 0 else 1.0
