"""Fewer edges for nearly the same loss: sparsify, prune, refit, and compare.

How many edges can go is found by bisection over their ranking by score: a choice counts by its loss after a short
refit, not by the scores alone. The loss is that of the held-out rows, or of the training rows where none are held out.
Networks with hidden layers are first trained on with the L1 and entropy penalties, so that the work gathers on few
edges (Z. Liu et al., "KAN: Kolmogorov-Arnold Networks", 2024, section 2.5).
"""

import math
from dataclasses import dataclass, replace

import torch

from kan.errors import NoEdgesLeft, TrainingDiverged
from kan.losses import FAMILIES, FamilyName
from kan.network import EdgeId, Network
from kan.pruning import connected, edge_scores, ranking, without
from kan.training.history import History
from kan.training.rows import Rows, split
from kan.training.settings import ProgressCallback, TrainingSettings, require
from kan.training.trainer import train

L1, ENTROPY = 1e-3, 2e-3  # of the sparsifying refit, beside a loss of about 1
TRIAL_STEPS = 12  # of a refit that only compares
STAGE, COMPARISON = "simplify", "compare"
ROUNDS = 3  # the ranking is made anew on what is left


@dataclass(frozen=True)
class Simplification:
    """Edges and loss before and after, as they were compared."""

    edges_before: int
    edges_after: int
    loss_before: float
    loss_after: float
    largest_loss: float


@dataclass(frozen=True)
class _Judge:
    """How a smaller network is trained and compared."""

    rows: Rows
    compared: Rows
    family: FamilyName
    settings: TrainingSettings
    callback: ProgressCallback | None

    def loss(self, network: Network) -> float:
        return self.compared.loss_of(FAMILIES[self.family], network)

    def refitted(self, network: Network, steps: int) -> tuple[Network, float]:
        """Return the network after some steps, and its loss; raises TrainingDiverged."""
        settings = replace(self.settings, steps=min(steps, self.settings.steps))
        result, _ = train([network], self.rows, self.family, settings, stage=COMPARISON, callback=self.callback)
        return result, self.loss(result)

    def tried(self, network: Network, steps: int) -> tuple[Network, float]:
        """Return the same, but where the training diverges the network as it is and an infinite loss."""
        try:
            return self.refitted(network, steps)
        except TrainingDiverged:
            return network, math.inf


def simplify(
    network: Network,
    rows: Rows,
    family: FamilyName,
    settings: TrainingSettings,
    *,
    tolerance: float,
    max_edges: int | None,
    callback: ProgressCallback | None,
) -> tuple[Network, History, Simplification]:
    """Return a network with fewer edges, refitted, and what that cost.

    The loss may rise by `tolerance` times what the network explains: the loss of the best constant minus its own.
    `max_edges` is kept whatever it costs. The callback sees the refits that only compare too, so that it can stop
    them. A trial that diverges costs too much. Raises InvalidSetting, NoEdgesLeft, TrainingDiverged.
    """
    require("tolerance", tolerance, 0 <= tolerance < 1, "a share of what is explained, from 0 to below 1")
    require("max_edges", max_edges, max_edges is None or max_edges >= 1, "at least 1")
    judge = _judge(rows, family, settings, callback)
    edges_before = len(network.active_edges())
    smaller, before = judge.refitted(network, TRIAL_STEPS)
    largest = before + tolerance * max(_constant_loss(judge) - before, 0.0)
    if len(network.layers) > 1:
        penalties = replace(
            settings.penalties, l1=settings.penalties.l1 + L1, entropy=settings.penalties.entropy + ENTROPY
        )
        sparse = replace(judge, settings=replace(settings, penalties=penalties))
        smaller, _ = sparse.tried(network, settings.steps)
    for _ in range(ROUNDS):
        edges = len(smaller.active_edges())
        smaller = _fewest(smaller, judge, largest, max_edges)
        if len(smaller.active_edges()) == edges:
            break
    result, history = train([smaller], rows, family, settings, stage=STAGE, callback=callback)
    record = Simplification(edges_before, len(result.active_edges()), before, judge.loss(result), largest)
    return result, history, record


def _fewest(network: Network, judge: _Judge, largest: float, max_edges: int | None) -> Network:
    """Return the smallest of the networks tried whose loss after a short refit is small enough."""
    ranked = ranking(edge_scores(network, judge.rows.x))
    fewest, most = 1, len(ranked)
    if max_edges is not None and most > max_edges:
        kept = connected(set(ranked[:max_edges]), network)
        network, _ = judge.tried(_pruned(network, judge, kept), TRIAL_STEPS)
        most = len(kept)
    best = network
    while fewest < most:
        middle = (fewest + most) // 2
        trial = _trial(network, judge, ranked, middle)
        if trial is not None and trial[1] <= largest:
            best, most = trial[0], middle
        else:
            fewest = middle + 1
    return best


def _trial(network: Network, judge: _Judge, ranked: list[EdgeId], count: int) -> tuple[Network, float] | None:
    """Return the network with the first `count` edges, refitted, and its loss; None where they make no path."""
    try:
        kept = connected(set(ranked[:count]), network)
    except NoEdgesLeft:
        return None
    return judge.tried(_pruned(network, judge, kept), TRIAL_STEPS)


def _pruned(network: Network, judge: _Judge, kept: set[EdgeId]) -> Network:
    return without(network, judge.rows.x, set(network.active_edges()) - kept)


def _judge(rows: Rows, family: FamilyName, settings: TrainingSettings, callback: ProgressCallback | None) -> _Judge:
    generator = torch.Generator().manual_seed(settings.seed)
    training, validation = split(rows, FAMILIES[family], settings.validation_fraction, generator)
    return _Judge(rows, training if validation is None else validation, family, settings, callback)


def _constant_loss(judge: _Judge) -> float:
    constant = FAMILIES[judge.family].start(judge.rows.target, judge.rows.weights)
    rows = judge.compared
    return float(rows.loss(FAMILIES[judge.family], constant.expand(len(rows), -1)))
