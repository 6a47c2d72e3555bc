"""First-order training: Adam with a cosine schedule, early stopping on held-out rows.

Source: D. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization" (2015); I. Loshchilov and F. Hutter, "SGDR"
(2017) for the cosine schedule. All randomness comes from one generator, so a seed fixes the result.

Up to `batch_size` rows the whole table is one batch, and the feature map of the first layer, which never changes while
its knots stay, is computed once.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor

from kan.errors import TrainingDiverged
from kan.losses import Family, mean_loss
from kan.network import Network
from kan.regularization import feature_covariance, penalty
from kan.training.knots import follow_hidden_nodes
from kan.training.settings import Progress, ProgressCallback, TrainingSettings

REPORT_EVERY = 20  # steps between two looks at the validation rows
KNOT_UPDATES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5)  # shares of the run after which hidden knots follow the data
WARM_UP = 0.05  # share of the run in which the learning rate rises
SMALLEST_VALIDATION = 20  # fewer held-out rows say too little to stop on


@dataclass(frozen=True)
class Rows:
    """Encoded rows and their targets."""

    x: Float[Tensor, "rows inputs"]
    target: Float[Tensor, "rows outputs"]


@dataclass
class History:
    """Losses by step: (step, training loss, validation loss or None), and the step whose network was kept."""

    losses: list[tuple[int, float, float | None]] = field(default_factory=list)
    kept_step: int = 0


@dataclass(frozen=True)
class Batch:
    """Rows ready for a step: with the feature map of the first layer and its covariance."""

    rows: Rows
    features: Float[Tensor, "rows inputs width"]
    covariance: Float[Tensor, "inputs width width"]


def split(rows: Rows, family: Family, fraction: float, generator: torch.Generator) -> tuple[Rows, Rows | None]:
    """Return training and validation rows, drawn class by class; no validation rows where they would be too few."""
    held_out = _held_out(rows.target, family, fraction, generator)
    if int(held_out.sum()) < SMALLEST_VALIDATION:
        return rows, None
    kept = ~held_out
    return Rows(rows.x[kept], rows.target[kept]), Rows(rows.x[held_out], rows.target[held_out])


def minimise(
    network: Network,
    rows: Rows,
    validation: Rows | None,
    family: Family,
    settings: TrainingSettings,
    *,
    stage: str,
    callback: ProgressCallback | None,
    generator: torch.Generator,
) -> History:
    """Train the network in place and keep its best step by validation loss (its last step without validation rows).

    Step 0, the network as it came, is a candidate too: a refit never ends worse than it began.
    Raises TrainingDiverged; whatever the callback raises passes through.
    """
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, settings.steps))
    updates = {round(share * settings.steps) for share in KNOT_UPDATES} if len(network.layers) > 1 else set()
    roughness = _roughness(network)
    batches = _batches(network, rows, settings.batch_size, generator)
    held_out = _batch(network, validation) if validation is not None else None
    history, kept = History(), _state(network)
    first = _validation_loss(network, held_out, family)
    best = math.inf if first is None else first
    for step in range(1, settings.steps + 1):
        if step in updates:
            follow_hidden_nodes(network, rows.x, settings.grid_eps)
            roughness = _roughness(network)
        loss, price = _objective(network, next(batches), family, roughness, settings)
        objective = loss + price
        if not math.isfinite(objective.item()):
            raise TrainingDiverged(step, settings.learning_rate)
        optimiser.zero_grad()
        objective.backward()
        optimiser.step()
        schedule.step()
        if step % REPORT_EVERY == 0 or step == settings.steps:
            validation_loss = _validation_loss(network, held_out, family)
            if validation_loss is not None and not math.isfinite(validation_loss):
                raise TrainingDiverged(step, settings.learning_rate)
            history.losses.append((step, loss.item(), validation_loss))
            score = -step if validation_loss is None else validation_loss
            if score < best:
                best, kept, history.kept_step = score, _state(network), step
            if callback is not None:
                report = (stage, step, settings.steps, loss.item(), validation_loss, len(network.active_edges()))
                callback(Progress(*report))
    network.load_state_dict(kept)
    return history


def _held_out(target: Tensor, family: Family, fraction: float, generator: torch.Generator) -> Tensor:
    """Return which rows are held out: the same share of every class."""
    held_out = torch.zeros(len(target), dtype=torch.bool)
    if family.name == "gaussian":
        groups = torch.zeros(len(target), dtype=torch.long)
    else:
        groups = target.argmax(dim=1) if target.shape[1] > 1 else target[:, 0].long()
    for group in groups.unique():
        members = (groups == group).nonzero().flatten()
        order = torch.randperm(len(members), generator=generator)
        held_out[members[order[: int(len(members) * fraction)]]] = True
    return held_out


def _rate(step: int, steps: int) -> float:
    """Return the share of the learning rate at a step: a short rise, then half a cosine down to zero."""
    done = step / steps
    return min(1.0, (done + 1 / steps) / WARM_UP) * (1 + math.cos(math.pi * min(done, 1.0))) / 2


def _batch(network: Network, rows: Rows) -> Batch:
    with torch.no_grad():
        features = network.layer(0).features(rows.x)
        return Batch(rows, features, feature_covariance(features))


def _batches(network: Network, rows: Rows, size: int, generator: torch.Generator) -> Iterator[Batch]:
    """Yield the whole table for ever where it fits, else shuffled parts of it."""
    if len(rows.x) <= size:
        whole = _batch(network, rows)
        while True:
            yield whole
    while True:
        order: Int[Tensor, " rows"] = torch.randperm(len(rows.x), generator=generator)
        for start in range(0, len(order) - size + 1, size):
            part = order[start : start + size]
            yield _batch(network, Rows(rows.x[part], rows.target[part]))


def _propagate(network: Network, batch: Batch) -> tuple[Tensor, list[Tensor]]:
    """Return the outputs and the covariance of every layer's feature map."""
    covariances = [batch.covariance]
    nodes = network.layer(0).combine(batch.features, batch.rows.x)
    for position in range(1, len(network.layers)):
        layer = network.layer(position)
        features = layer.features(nodes)
        covariances.append(feature_covariance(features))
        nodes = layer.combine(features, nodes)
    return nodes, covariances


def _objective(
    network: Network, batch: Batch, family: Family, roughness: list[Tensor], settings: TrainingSettings
) -> tuple[Tensor, Tensor]:
    """Return the loss and the penalty on one batch."""
    nodes, covariances = _propagate(network, batch)
    loss = mean_loss(family, nodes, batch.rows.target)
    return loss, penalty(network, covariances, roughness, settings.penalties)


def _validation_loss(network: Network, held_out: Batch | None, family: Family) -> float | None:
    if held_out is None:
        return None
    with torch.no_grad():
        return mean_loss(family, _propagate(network, held_out)[0], held_out.rows.target).item()


def _roughness(network: Network) -> list[Tensor]:
    return [network.layer(position).roughness() for position in range(len(network.layers))]


def _state(network: Network) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}
