"""Fewer edges for nearly the same loss: sparsify, prune, refit, and compare.

How many edges can go is found by bisection over their ranking by score: a choice counts by its loss after a short
refit, not by the scores alone. The loss is that of held-out rows, or of the training rows where none are held out.
Networks with hidden layers are first trained on with the L1 and entropy penalties, so that the work gathers on few
edges (Z. Liu et al., "KAN: Kolmogorov-Arnold Networks", 2024, section 2.5).
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace

from kan.comparison import STAGE as COMPARISON
from kan.comparison import Judge
from kan.errors import NoEdgesLeft, TrainingDiverged
from kan.losses import FamilyName
from kan.network import EdgeId, Network
from kan.pruning import connected, edge_scores, ranking, without
from kan.training.history import History
from kan.training.rows import Rows
from kan.training.settings import ProgressCallback, TrainingSettings, require
from kan.training.trainer import train

L1, ENTROPY = 1e-3, 2e-3  # of the sparsifying refit, beside a loss of about 1
SPARSE_STEPS = 30  # of it
TRIAL_STEPS = 12  # of a refit that only compares
STAGE = "simplify"
COMPARED_ROWS = 50_000  # of a table on which networks are compared
ROUNDS = 3  # the ranking is made anew on what is left


@dataclass(frozen=True)
class Simplification:
    """Edges and loss before and after, as they were compared."""

    edges_before: int
    edges_after: int
    loss_before: float
    loss_after: float
    largest_loss: float


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
    fraction = settings.validation_fraction
    judge = Judge.of(rows, family, settings, callback, fraction=fraction, limit=COMPARED_ROWS)
    edges_before = len(network.active_edges())
    present = judge.refitted(network, TRIAL_STEPS) or judge.trial(network)
    smaller, largest = present.network, present.loss + tolerance * max(judge.constant_loss() - present.loss, 0.0)
    if len(network.layers) > 1:
        penalties = replace(
            settings.penalties, l1=settings.penalties.l1 + L1, entropy=settings.penalties.entropy + ENTROPY
        )
        with suppress(TrainingDiverged):
            sparse = replace(judge.settings, penalties=penalties, steps=min(SPARSE_STEPS, settings.steps))
            rows_seen, stage = judge.training, COMPARISON
            smaller, _ = train([network], rows_seen, family, sparse, stage=stage, is_refit=True, callback=callback)
    refused: set[frozenset[EdgeId]] = set()
    for _ in range(ROUNDS):
        edges = len(smaller.active_edges())
        smaller = _fewest(smaller, judge, largest, max_edges, refused)
        if len(smaller.active_edges()) == edges:
            break
    # Without most of its edges a network may be far from its best: it is trained like a new one.
    result, history = train([smaller], rows, family, settings, stage=STAGE, callback=callback)
    loss = judge.trial(result).loss
    record = Simplification(edges_before, len(result.active_edges()), present.loss, loss, largest)
    return result, history, record


def _fewest(
    network: Network, judge: Judge, largest: float, max_edges: int | None, refused: set[frozenset[EdgeId]]
) -> Network:
    """Return the smallest of the networks tried whose loss after a short refit is small enough.

    Edges that were `refused` in an earlier round are not tried again.
    """
    ranked = ranking(edge_scores(network, judge.everything.x))
    fewest, most = 1, len(ranked)
    if max_edges is not None and most > max_edges:
        kept = frozenset(connected(set(ranked[:max_edges]), network))
        smaller = _pruned(network, judge, kept)
        trial, most = judge.refitted(smaller, TRIAL_STEPS), len(kept)
        network = smaller if trial is None else trial.network
    best = network
    while fewest < most:
        middle = (fewest + most) // 2
        kept = _on_a_path(ranked[:middle], network)
        trial = judge.refitted(_pruned(network, judge, kept), TRIAL_STEPS) if kept and kept not in refused else None
        if trial is not None and trial.loss <= largest:
            best, most = trial.network, middle
        else:
            refused.add(kept)
            fewest = middle + 1
    return best


def _on_a_path(edges: Sequence[EdgeId], network: Network) -> frozenset[EdgeId]:
    """Return the edges that lie on a path from an input to an output, none where there is no such path."""
    try:
        return frozenset(connected(set(edges), network))
    except NoEdgesLeft:
        return frozenset()


def _pruned(network: Network, judge: Judge, kept: AbstractSet[EdgeId]) -> Network:
    return without(network, judge.everything.x, set(network.active_edges()) - kept)
