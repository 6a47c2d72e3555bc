"""Formulas for the splines of a network, chosen by what the whole network loses.

Every spline has a short list of fitted forms. First all splines become their best form at once and the network is
refitted; where that loses more than is allowed, they become formulas one by one, and one for which no form is good
enough stays a spline. How much is lost is measured on held-out rows. Then every formula is compared with its rivals
inside the network: the simplest one wins whose loss can hardly be told from the best. Where the data have no noise,
other drafts of all formulas go the same way until one is exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from kan.comparison import ENOUGH, Judge, Trial
from kan.edges import edge_domain
from kan.errors import TrainingDiverged
from kan.model import FittedModel
from kan.network import EdgeId, Network
from kan.ranges import formulas_are_defined, settle_domains
from kan.snapping import ReferenceGrid, grid_candidates, reference_grid
from kan.stability import Tried, share_of_resamples, tolerance_range, winner
from kan.symbolic.direction import has_shape
from kan.symbolic.fitting import Candidate, pareto
from kan.training.history import History
from kan.training.rows import Rows
from kan.training.settings import ProgressCallback, TrainingSettings, require
from kan.training.trainer import train

STAGE = "symbolify"
CHUNK_ROWS = 4096  # that are traced at once
HELD_OUT = 0.2  # share of the rows on which networks are compared
COMPARED_ROWS = 10_000  # of which at most so many are looked at for one choice
RIVALS = 3  # forms of one edge that are compared, beside those that nothing simpler is as good as
JOINT_STEPS, TRIAL_STEPS = 40, 10  # of the refit of all formulas together, and of one that changes
SWEEPS = 2  # rounds in which every formula meets its rivals
FAR_WORSE = 100.0  # a form that misses so many times more of its spline, and is not simpler, is no rival
SIMPLE_ENOUGH = (0.99, 0.9)  # R² of forms that are tried together because they are simple
EXACT = 1e-20  # share of what is explained below which a loss is rounding: nothing is left to compare
NOISELESS = 1e-6  # share of what is explained below which the loss of splines shows that the data have no noise
HOPELESS = 0.5  # a form that misses so much of its spline is not tried


@dataclass(frozen=True)
class ChosenForm:
    """What became of one spline edge, and how sure that is.

    `grid` is the digest of the points at which forms were fitted, `function` None where the edge stays a spline. `r2`
    and `max_abs_deviation` compare the form with the spline before the refit. `cost` is the loss by which the network
    is worse than with the best rival, as a share of what it explains; `stability` the share of resamples of the rows in
    which the same function wins; `tolerances` from which tolerance to which one the same choice would be made, as far
    as forms were tried.
    """

    edge: str
    grid: str
    function: str | None
    r2: float | None
    max_abs_deviation: float | None
    cost: float | None
    stability: float | None
    tolerances: tuple[float, float]
    rivals: tuple[str, ...]


@dataclass(frozen=True)
class Symbolification:
    """Loss on held-out rows with splines and with formulas, what was allowed, and every edge.

    `lost` is the share of what the splines explain that the formulas do not, below 0 where they explain more.
    """

    loss_splines: float
    loss_formulas: float
    largest_loss: float
    lost: float
    edges: tuple[ChosenForm, ...]


@dataclass
class _Search:
    """The network on its way, with the candidate in force and the rivals' losses for every formula."""

    model: FittedModel
    judge: Judge
    largest: float
    slack: float
    grids: Mapping[EdgeId, str]
    candidates: Mapping[EdgeId, list[Candidate]]
    trial: Trial
    chosen: dict[EdgeId, Candidate]
    compared: dict[EdgeId, list[Tried]]


def symbolify(
    model: FittedModel,
    rows: Rows,
    settings: TrainingSettings,
    *,
    tolerance: float,
    names: Sequence[str] | None,
    callback: ProgressCallback | None,
) -> tuple[Network, History | None, Symbolification]:
    """Return a network with formulas for splines, refitted, its history, and what was decided.

    The loss on held-out rows may rise by `tolerance` times what the network explains: the loss of the best constant
    minus its own. `names` are the functions to choose from, those of the library or formulas of x. The history is None
    where no spline became a formula, then the network is the one that came, and where the refit to all rows diverges or
    leads a formula across its pole, then it is the one that was compared. Where only rounding is left to gain, there is
    no refit to all rows.
    Raises InvalidSetting, UnknownFunction, InvalidFormula.
    """
    require("tolerance", tolerance, 0 <= tolerance < 1, "a share of what is explained, from 0 to below 1")
    judge = Judge.of(rows, model.family, settings, callback, fraction=HELD_OUT, limit=COMPARED_ROWS)
    grids, candidates = _candidates(model, rows, names)
    constant = judge.constant_loss()
    enough = min(ENOUGH * tolerance, NOISELESS) * constant
    splines = judge.refitted(model.network, TRIAL_STEPS, enough=enough) or judge.trial(model.network)
    explained = max(constant - splines.loss, 0.0)
    slack = tolerance * explained
    search = _Search(model, judge, splines.loss + slack, slack, grids, candidates, splines, {}, {})
    search = _best_found(search, explained)
    report = _report(search, splines.loss, explained)
    if not search.chosen:
        return model.network, None, report
    if search.trial.loss <= EXACT * explained:
        network, history = search.trial.network, search.trial.history
    else:
        network, history = _refitted(search, rows, settings, callback)
    settle_domains(network, model.features, rows.x)
    return network, history, report


def _best_found(search: _Search, explained: float) -> _Search:
    """Return what the rivals leave of a draft; of every draft until one is exact where the splines know of no noise."""
    found: list[_Search] = []
    drafts, exact = _drafted(search) or [_snapped_one_by_one(search)], EXACT * explained
    is_noiseless = search.trial.loss <= NOISELESS * explained
    for start in drafts if is_noiseless else drafts[:1]:
        for _ in range(SWEEPS):
            if start.trial.loss <= exact or not _compare_rivals(start):
                break
        if is_noiseless and start.trial.loss > exact:
            start.trial = _refit(start, start.trial.network, JOINT_STEPS) or start.trial
        found.append(start)
        if start.trial.loss <= exact:
            break
    return found[_winner(found)]


def _winner(found: Sequence[_Search]) -> int:
    """Return the position of the simplest network that is about as good as the best."""
    complexities = [sum(candidate.complexity for candidate in one.chosen.values()) for one in found]
    return winner(complexities, [one.trial.losses for one in found], found[0].slack)


def _refitted(
    search: _Search, rows: Rows, settings: TrainingSettings, callback: ProgressCallback | None
) -> tuple[Network, History | None]:
    """Return the chosen network refitted to all rows; as it was compared where that leads formulas astray."""
    network, family = search.trial.network, search.model.family
    try:
        refitted, history = train([network], rows, family, settings, stage=STAGE, is_refit=True, callback=callback)
    except TrainingDiverged:
        return network, None
    return (refitted, history) if formulas_are_defined(refitted, search.judge.everything.x) else (network, None)


@torch.no_grad()
def _candidates(
    model: FittedModel, rows: Rows, names: Sequence[str] | None
) -> tuple[dict[EdgeId, str], dict[EdgeId, list[Candidate]]]:
    """Return the digest of the grid, and the rivals, of every spline edge; best first, of the shape it is held to.

    A form behind a hidden node that feeds no other edge need not be defined beyond the values that the node takes.
    """
    domains: dict[EdgeId, tuple[float, float]] = {}
    grids: dict[EdgeId, ReferenceGrid] = {}
    seen, nodes = _node_ranges(model.network, rows.x), model.network.trace(model.reference).inputs
    edges = model.network.active_edges()
    for edge in edges:
        if model.network.form(edge) != "spline":
            continue
        alone = sum((one.layer, one.source) == (edge.layer, edge.source) for one in edges) == 1
        is_free = edge.layer > 0 and alone
        domains[edge] = seen[edge.layer][edge.source] if is_free else edge_domain(model, edge)
        grid = reference_grid(model, edge, domains[edge], nodes)
        if grid is not None:
            grids[edge] = grid
    fitted = dict(zip(grids, grid_candidates(list(grids.values()), names), strict=True))
    found = {edge: _rivals(model.network, edge, fitted.get(edge, []), domain) for edge, domain in domains.items()}
    return {edge: grids[edge].digest if edge in grids else "" for edge in domains}, found


def _rivals(
    network: Network, edge: EdgeId, fitted: Sequence[Candidate], domain: tuple[float, float]
) -> list[Candidate]:
    """Return the best of the forms of an edge and those that nothing simpler is as good as, of the edge's shape."""
    shape = int(network.layer(edge.layer).shapes[edge.target, edge.source])
    near = [one for one in fitted if one.r2 >= 1 - HOPELESS]
    shaped = [one for one in near if has_shape(one.form.expression, shape, *domain)]
    front = pareto(shaped)
    return [one for at, one in enumerate(shaped) if at < RIVALS or one in front]


def _node_ranges(network: Network, x: Float[Tensor, "rows inputs"]) -> list[list[tuple[float, float]]]:
    """Return the smallest and the largest value of every node at the rows, some rows at a time; inputs first."""
    ends = [
        torch.stack([torch.stack([node.amin(dim=0), node.amax(dim=0)]) for node in nodes])
        for nodes in zip(*(network.trace(part).inputs for part in x.split(CHUNK_ROWS)), strict=True)
    ]
    return [list(zip(one[:, 0].amin(dim=0).tolist(), one[:, 1].amax(dim=0).tolist(), strict=True)) for one in ends]


def _drafted(search: _Search) -> list[_Search]:
    """Return all splines as formulas at once where that loses little enough: the best ones, and the simplest good ones.

    What one edge could be depends on the others: where the best form of each is no more than near, simple ones together
    may be exact. The one to begin with comes first, then the others by what they lose.
    """
    if not search.candidates or not all(search.candidates.values()):
        return []
    drafts = [{edge: candidates[0] for edge, candidates in search.candidates.items()}]
    for least in SIMPLE_ENOUGH:
        draft = {edge: _simplest(candidates, least) for edge, candidates in search.candidates.items()}
        drafts += [draft] if draft not in drafts else []
    found = []
    for draft in drafts:
        network = search.trial.network
        for edge, candidate in draft.items():
            network = network.with_symbolic(edge, candidate.form)
        trial = _refit(search, network, JOINT_STEPS)
        if trial is not None and trial.loss <= search.largest:
            found.append(replace(search, chosen=draft, trial=trial, compared={}))
    if not found:
        return []
    first = found.pop(_winner(found))
    return [first, *sorted(found, key=lambda one: one.trial.loss)]


def _simplest(candidates: Sequence[Candidate], least: float) -> Candidate:
    """Return the simplest of the candidates with an R² of at least `least`, the best where none has it."""
    good = [one for one in candidates if one.r2 >= least]
    return min(good, key=lambda one: one.complexity) if good else candidates[0]


def _snapped_one_by_one(start: _Search) -> _Search:
    """Return splines as formulas, those with the best forms first, as long as the loss allows."""
    search = replace(start, chosen={}, compared={})
    ranked = sorted((candidates[0].score, edge) for edge, candidates in search.candidates.items() if candidates)
    for _, edge in ranked:
        search.compared[edge] = _trials(search, edge, search.candidates[edge])
        trials = _allowed(search, edge)
        if trials:
            search.chosen[edge], search.trial = _preferred(trials, search.slack)
    return search


def _compare_rivals(search: _Search) -> bool:
    """Compare every formula with its rivals; return whether one of them won."""
    changed = False
    for edge, candidate in list(search.chosen.items()):
        rivals = [one for one in search.candidates[edge] if one is not candidate and _may_win(one, candidate)]
        search.compared[edge] = [(candidate, search.trial), *_trials(search, edge, rivals)]
        chosen, trial = _preferred(_allowed(search, edge), search.slack)
        if chosen is not candidate:
            search.chosen[edge], search.trial, changed = chosen, trial, True
    return changed


def _may_win(rival: Candidate, present: Candidate) -> bool:
    """Return whether a rival is simpler, or misses not much more of the spline than the form in force."""
    return rival.complexity < present.complexity or 1 - rival.r2 <= FAR_WORSE * (1 - present.r2)


def _trials(search: _Search, edge: EdgeId, candidates: Sequence[Candidate]) -> list[Tried]:
    """Return the candidates, each with the network after a short refit; without those whose refit diverges."""
    found = []
    for candidate in candidates:
        network = search.trial.network.with_symbolic(edge, candidate.form)
        trial = _refit(search, network, TRIAL_STEPS)
        if trial is not None:
            found.append((candidate, trial))
    return found


def _refit(search: _Search, network: Network, steps: int) -> Trial | None:
    """Return a network after a short refit; None where it diverges or leads a formula across its pole."""
    trial = search.judge.refitted(network, steps, search.largest)
    if trial is None or not formulas_are_defined(trial.network, search.judge.everything.x):
        return None
    return trial


def _allowed(search: _Search, edge: EdgeId) -> list[Tried]:
    """Return what was tried for an edge and loses little enough."""
    return [one for one in search.compared.get(edge, []) if one[1].loss <= search.largest]


def _preferred(trials: Sequence[Tried], slack: float) -> Tried:
    """Return the simplest of the candidates that are about as good as the best."""
    return trials[winner([one.complexity for one, _ in trials], [trial.losses for _, trial in trials], slack)]


def _report(search: _Search, loss_splines: float, explained: float) -> Symbolification:
    own, seed = float(search.trial.losses.mean()), search.judge.settings.seed
    edges = []
    for edge, candidates in search.candidates.items():
        rivals = tuple(one.form.function for one in candidates)
        chosen, grid = search.chosen.get(edge), search.grids[edge]
        tolerances = tolerance_range(chosen, search.compared.get(edge, []), search.slack, loss_splines, explained)
        if chosen is None:
            edges.append(ChosenForm(str(edge), grid, None, None, None, None, None, tolerances, rivals))
            continue
        trials = _allowed(search, edge)
        best = min((float(trial.losses.mean()) for _, trial in trials), default=own)
        edges.append(
            ChosenForm(
                edge=str(edge),
                grid=grid,
                function=chosen.form.function,
                r2=chosen.r2,
                max_abs_deviation=chosen.max_abs_deviation,
                cost=max(own - best, 0.0) / explained if explained > 0 else 0.0,
                stability=share_of_resamples(chosen, trials, search.slack, seed),
                tolerances=tolerances,
                rivals=rivals,
            )
        )
    lost = (search.trial.loss - loss_splines) / explained if explained > 0 else 0.0
    return Symbolification(loss_splines, search.trial.loss, search.largest, lost, tuple(edges))
