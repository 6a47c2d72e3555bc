"""Fewer edges for nearly the same loss: sparsify, prune, refit, and compare.

How many edges can go is found by bisection over their ranking by score: a choice counts by its loss after a short
refit, not by the scores alone. The loss is that of held-out rows, or of the training rows where none are held out.
Networks with hidden layers are first trained on with the L1 and entropy penalties, so that the work gathers on few
edges (Z. Liu et al., "KAN: Kolmogorov-Arnold Networks", 2024, section 2.5).
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from kan.comparison import ENOUGH, Judge, Trial, paired_difference
from kan.errors import NoEdgesLeft
from kan.losses import FamilyName
from kan.network import EdgeId, Network
from kan.pruning import connected, edge_scores, ranking, without
from kan.training.history import History
from kan.training.rows import Rows
from kan.training.settings import ProgressCallback, TrainingSettings, require
from kan.training.trainer import train

L1, ENTROPY = 1e-3, 2e-3  # of the sparsifying refit at most, beside a loss of about 1
SPARSE_ROUNDS, SPARSE_STEPS = 2, 10  # of it
DOUBT = 0.1  # share of what is explained by which the loss must not rise, by all that the held-out rows say
TRIAL_STEPS = 12  # of a refit that only compares
STAGE = "simplify"
COMPARED_ROWS = 50_000  # of a table on which networks are compared
ROUNDS = 3  # the ranking is made anew on what is left


@dataclass(frozen=True, eq=False)
class Allowance:
    """How much worse than a network another may be: its loss by `rise`, and beyond `doubt` with one standard error.

    Where few rows are held out a loss that seems no higher may be far from it; they must rule that out.
    """

    present: Trial
    rise: float
    doubt: float

    @property
    def limit(self) -> float:
        """The largest loss on held-out rows."""
        return self.present.loss + self.rise

    @property
    def enough(self) -> float:
        """The loss on held-out rows at which a refit that compares ends; out of reach where there is noise."""
        return ENOUGH * self.rise

    def bears(self, trial: Trial) -> bool:
        """Return whether a network is not too much worse."""
        mean, standard_error = paired_difference(trial.held_out, self.present.held_out)
        return mean <= self.rise and mean + standard_error <= max(self.rise, self.doubt)


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

    The loss may rise by `tolerance` times what the network explains: the loss of the best constant minus its own. A
    rise by more than a tenth of that must be beyond one standard error of the held-out rows.
    `max_edges` is kept whatever it costs. The callback sees the refits that only compare too, so that it can stop
    them. A trial that diverges costs too much. Raises InvalidSetting, NoEdgesLeft, TrainingDiverged.
    """
    require("tolerance", tolerance, 0 <= tolerance < 1, "a share of what is explained, from 0 to below 1")
    require("max_edges", max_edges, max_edges is None or max_edges >= 1, "at least 1")
    fraction = settings.validation_fraction
    judge = Judge.of(rows, family, settings, callback, fraction=fraction, limit=COMPARED_ROWS)
    edges_before = len(network.active_edges())
    constant = judge.constant_loss()
    present = judge.refitted(network, TRIAL_STEPS, enough=ENOUGH * tolerance * constant) or judge.trial(network)
    explained = max(constant - present.loss, 0.0)
    allowance = Allowance(present, tolerance * explained, DOUBT * explained)
    smaller = present.network
    refused: set[frozenset[EdgeId]] = set()
    for start in [_sparser(smaller, judge, allowance, tolerance), smaller] if len(network.layers) > 1 else [smaller]:
        smaller = start
        for _ in range(ROUNDS):
            edges = len(smaller.active_edges())
            smaller = _fewest(smaller, judge, allowance, max_edges, refused)
            if len(smaller.active_edges()) == edges:
                break
        if len(smaller.active_edges()) < edges_before:
            break
    else:
        smaller = network
    result, history = _finished(smaller, judge, rows, settings, is_refit=smaller is not network)
    loss = judge.trial(result).loss
    record = Simplification(edges_before, len(result.active_edges()), present.loss, loss, allowance.limit)
    return result, history, record


def _sparser(network: Network, judge: Judge, allowance: Allowance, tolerance: float) -> Network:
    """Return the network after steps that let few edges do the work, as many as its loss bears.

    The penalties are no stronger than the rise that is tolerated: stronger ones would cost more than that.
    """
    penalties, share = judge.settings.penalties, min(1.0, tolerance / L1)
    penalties = replace(penalties, l1=penalties.l1 + share * L1, entropy=penalties.entropy + share * ENTROPY)
    sparse = replace(judge, settings=replace(judge.settings, penalties=penalties))
    for _ in range(SPARSE_ROUNDS):
        trial = sparse.refitted(network, SPARSE_STEPS, allowance.limit)
        if trial is None or not allowance.bears(trial):
            break
        network = trial.network
    return network


def _finished(
    smaller: Network, judge: Judge, rows: Rows, settings: TrainingSettings, *, is_refit: bool
) -> tuple[Network, History]:
    """Return the network trained on all rows, or as it was compared where that made the held-out rows worse.

    One that has been refitted goes on from there; one of which no edge could go is trained like a new one.
    """
    callback = judge.callback
    result, history = train([smaller], rows, judge.family, settings, stage=STAGE, is_refit=is_refit, callback=callback)
    return (result if judge.trial(result).loss <= judge.trial(smaller).loss else smaller), history


def _fewest(
    network: Network, judge: Judge, allowance: Allowance, max_edges: int | None, refused: set[frozenset[EdgeId]]
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
        if kept == frozenset(best.active_edges()):
            most = middle
            continue
        trial = None
        if kept and kept not in refused:
            pruned = _pruned(network, judge, kept)
            trial = judge.refitted(pruned, TRIAL_STEPS, allowance.limit, allowance.enough)
        if trial is not None and allowance.bears(trial):
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
