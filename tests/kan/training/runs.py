"""Settings and started networks for runs of training."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from kan.feature_maps import Base
from kan.features import NumericFeature
from kan.losses import FamilyName
from kan.network import Network, first_grid, initial_network
from kan.regularization import Penalties
from kan.training.rows import Rows
from kan.training.settings import TrainingSettings
from kan.training.trainer import start

PLAIN = TrainingSettings(
    penalties=Penalties(0.0, 0.0, None),
    optimizer="gauss_newton",
    steps=200,
    learning_rate=0.03,
    grid_sizes=(5,),
    grid_eps=0.6,
    validation_fraction=0.0,
    batch_size=8192,
    memory=2**28,
    device="cpu",
    precision="float64",
    seed=0,
)


def settings(**changes: Any) -> TrainingSettings:
    """Return second-order settings without held-out rows, with some of them changed."""
    return replace(PLAIN, **changes)


def started(
    rows: Rows,
    family: FamilyName = "gaussian",
    hidden: Sequence[int] = (),
    *,
    base: Base = "silu",
    shapes: Sequence[int] = (),
    **changes: Any,
) -> Network:
    """Return a network as an estimator would begin with it; the domains of its inputs are the ranges of the rows."""
    changes.setdefault("grid_sizes", (5,) * (len(hidden) + 1))
    chosen = settings(**changes)
    features = [
        NumericFeature(f"x{i}", None, float(column.min()), float(column.max())) for i, column in enumerate(rows.x.T)
    ]
    network = initial_network(
        features,
        hidden,
        rows.target.shape[1],
        grid_sizes=[first_grid(size) if hidden else size for size in chosen.grid_sizes],
        degree=3,
        base=base,
        shapes=shapes,
        generator=torch.Generator().manual_seed(chosen.seed),
    )
    return start(network, rows, family, chosen)
