"""First-order training, for networks with too many parameters for a Gauss–Newton matrix: Adam, and L-BFGS to compare.

Source: D. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization" (2015); I. Loshchilov and F. Hutter, "SGDR"
(2017) for the cosine schedule; D. Liu and J. Nocedal, "On the limited memory BFGS method" (1989).

Up to `batch_size` rows the whole table is one batch. The feature map of the first layer, which never changes while its
knots stay, is computed once for all rows where it fits into `memory`, else anew for every batch. Long trainings compute
the other layers by compiled loops. Adam brings edges that
are held to a shape back to it after every step; L-BFGS, whose line search would not survive that, refuses them.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from kan import compiled
from kan.errors import TrainingDiverged
from kan.network import Combine, Network, combined
from kan.regularization import Costs, network_costs, network_sparsity, penalty
from kan.training.knots import follow_hidden_nodes
from kan.training.problem import Problem
from kan.training.resumption import StepFile
from kan.training.rows import Rows
from kan.training.settings import require

REPORT_EVERY = 20  # steps between two looks at the validation rows
KNOT_UPDATES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5)  # shares of the run after which hidden knots follow the data
MEASURE_EVERY = 100  # steps between two measurements of spreads, at which a checkpoint is written
LINE_SEARCH = 25  # evaluations of one line search of L-BFGS
WARM_UP = 0.05  # share of the run in which the learning rate rises
COMPILED_POINTS = (
    3 * 10**7
)  # values of inputs and hidden nodes in a training, from which on compiled loops save seconds
SMOOTHNESS = 0.5  # per row, where it shall be automatic: first-order steps do not estimate it


@dataclass(frozen=True)
class Batch:
    """Rows ready for a step, with the feature map of the first layer where it is known."""

    rows: Rows
    features: Float[Tensor, "rows inputs width"] | None

    def part(self, index: Int[Tensor, " part"]) -> "Batch":
        """Return some of the rows with their features."""
        return Batch(self.rows.part(index), None if self.features is None else self.features.index_select(0, index))


def minimise(network: Network, problem: Problem, saved: StepFile) -> Network:
    """Return the trained network, its best step by validation loss (its last step without validation rows).

    The network as it came is a candidate too: with validation rows a refit never ends worse than it began.
    Raises TrainingDiverged; whatever the callback raises passes through.
    """
    settings, recorder = problem.settings, problem.recorder
    if settings.penalties.smoothness is None:
        penalties = replace(settings.penalties, smoothness=SMOOTHNESS / len(problem.rows))
        problem = replace(problem, settings=replace(settings, penalties=penalties))
    recorder.compare(network, problem.validation_loss(network), 0)
    if settings.optimizer == "lbfgs":
        free = not any(bool(network.layer(position).shapes.any()) for position in range(len(network.layers)))
        require("optimizer", settings.optimizer, free, "auto, gauss_newton or adam where features are constrained")
        _lbfgs(network, problem)
    else:
        _adam(network, problem, saved)
    best = recorder.best_network()
    if best is None:
        recorder.history.kept_step = settings.steps
    return best or network


@torch.no_grad()
def batch_of(network: Network, rows: Rows) -> Batch:
    """Return rows as a batch."""
    return Batch(rows, network.layer(0).features(rows.x))


def batches(network: Network, rows: Rows, *, size: int, memory: int, seed: int, first: int = 1) -> Iterator[Batch]:
    """Yield from step `first` on the whole table where it fits, else shuffled parts of it, shuffled anew each time.

    `memory` bounds the features that are kept for all parts, in bytes.
    """
    if len(rows) <= size:
        whole = batch_of(network, rows)
        while True:
            yield whole
    parts, table = len(rows) // size, _table(network, rows, size, memory)
    for step in itertools.count(first - 1):
        if step == first - 1 or step % parts == 0:
            generator = torch.Generator().manual_seed(seed + step // parts)
            order = torch.randperm(len(rows), generator=generator).to(rows.x.device)
        start = step % parts * size
        chosen = order[start : start + size]
        yield table.part(chosen)


def combine_of(network: Network, steps: int, batch_rows: int) -> Combine:
    """Return how a training of so many steps computes the nodes of a layer.

    That depends on nothing but the size of the task, so that a seed gives the same bits everywhere.
    """
    if steps * batch_rows * sum(network.shape[:-1]) < COMPILED_POINTS:
        return combined
    return lambda layer, x: compiled.combine(layer, x) if compiled.supports(layer) else combined(layer, x)


@torch.no_grad()
def _table(network: Network, rows: Rows, size: int, memory: int) -> Batch:
    """Return all rows with their features, computed `size` rows at a time, without where these exceed the memory."""
    layer = network.layer(0)
    if len(rows) * layer.in_features * layer.width * rows.x.element_size() > memory:
        return Batch(rows, None)
    features = rows.x.new_empty(len(rows), layer.in_features, layer.width)
    for part, x in zip(features.split(size), rows.x.split(size), strict=True):
        part.copy_(layer.features(x))
    return Batch(rows, features)


def _adam(network: Network, problem: Problem, saved: StepFile) -> None:
    """Take Adam's steps in place, from where a checkpoint stands."""
    rows, settings = problem.rows, problem.settings
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
    updates = _knot_updates(network, settings.steps)
    first = saved.read(network, optimiser) + 1
    size, memory, seed = settings.batch_size, settings.memory, settings.seed
    steps = batches(network, rows, size=size, memory=memory, seed=seed, first=first)
    combine, costs = combine_of(network, settings.steps, min(size, len(rows))), list[Costs]()
    for step in range(first, settings.steps + 1):
        if step in updates:
            follow_hidden_nodes(network, rows.x)
        if step in updates or step % MEASURE_EVERY == 1:
            costs = network_costs(network, rows.x)
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * _rate(step, settings.steps)
        loss, objective = _objective(network, next(steps), costs, problem, combine)
        if not math.isfinite(objective.item()):
            raise TrainingDiverged(f"the loss of step {step} is not finite")
        _differentiate(network, optimiser, objective)
        optimiser.step()
        _hold_shapes(network)
        if step % REPORT_EVERY == 0 or step == settings.steps:
            _report(network, problem, costs, step, loss)
        if step % MEASURE_EVERY == 0:
            saved.write(network, optimiser, step)


def _lbfgs(network: Network, problem: Problem) -> None:
    """Take L-BFGS steps with strong Wolfe line search in place, on all rows at once; new knots forget its past."""
    rows, settings = problem.rows, problem.settings
    updates = _knot_updates(network, settings.steps)
    batch, costs, optimiser = batch_of(network, rows), network_costs(network, rows.x), _lbfgs_optimiser(network)
    combine = combine_of(network, settings.steps, len(rows))

    def closure() -> Tensor:
        objective = _objective(network, batch, costs, problem, combine)[1]
        _differentiate(network, optimiser, objective)
        return objective

    for step in range(1, settings.steps + 1):
        if step in updates:
            follow_hidden_nodes(network, rows.x)
            costs, optimiser = network_costs(network, rows.x), _lbfgs_optimiser(network)
        if not math.isfinite(float(optimiser.step(closure).detach())):
            raise TrainingDiverged(f"the loss of step {step} is not finite")
        if step % REPORT_EVERY == 0 or step == settings.steps:
            loss = _objective(network, batch, costs, problem, combine)[0]
            _report(network, problem, costs, step, loss)


def _lbfgs_optimiser(network: Network) -> torch.optim.LBFGS:
    return torch.optim.LBFGS(
        network.parameters(), max_iter=1, max_eval=LINE_SEARCH, tolerance_change=0.0, line_search_fn="strong_wolfe"
    )


def _knot_updates(network: Network, steps: int) -> set[int]:
    """Return the steps before which the hidden knots follow their nodes."""
    return {round(share * steps) for share in KNOT_UPDATES} if len(network.layers) > 1 else set()


def _rate(step: int, steps: int) -> float:
    """Return the share of the learning rate at a step: a short rise, then half a cosine down to zero."""
    done = step / steps
    return min(1.0, (done + 1 / steps) / WARM_UP) * (1 + math.cos(math.pi * min(done, 1.0))) / 2


def _objective(
    network: Network, batch: Batch, costs: list[Costs], problem: Problem, combine: Combine
) -> tuple[Tensor, Tensor]:
    """Return the loss and the objective on one batch."""
    loss = batch.rows.loss(problem.family, network.evaluate(batch.rows.x, batch.features, combine))
    return loss, loss + penalty(network, costs, problem.settings.penalties)


def _differentiate(network: Network, optimiser: torch.optim.Optimizer, objective: Tensor) -> None:
    """Compute the gradient, 0 for the weights of frozen edges."""
    optimiser.zero_grad()
    objective.backward()
    for position in range(len(network.layers)):
        layer = network.layer(position)
        if layer.weights.grad is not None:
            layer.weights.grad.masked_fill_(layer.frozen.unsqueeze(2), 0.0)


def _hold_shapes(network: Network) -> None:
    for position in range(len(network.layers)):
        network.layer(position).hold_shapes()


@torch.no_grad()
def _report(network: Network, problem: Problem, costs: list[Costs], step: int, loss: Tensor) -> None:
    """Tell a step; raises TrainingDiverged where the loss of the held-out rows is not finite."""
    validation_loss = problem.validation_loss(network)
    if validation_loss is not None and not math.isfinite(validation_loss):
        raise TrainingDiverged(f"the validation loss of step {step} is not finite")
    sizes_cost = float(network_sparsity(network, costs, problem.settings.penalties))
    problem.recorder.report(network, step, loss.item(), validation_loss, sparsity=sizes_cost)
