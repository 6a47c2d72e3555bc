"""A second-order run: several random starts on a coarse grid, then finer and finer grids.

Source: Z. Liu et al., "KAN: Kolmogorov-Arnold Networks" (2024), section 2.4 for grid extension. Every extension
doubles the grid, so that it is exact; the knots of hidden nodes follow their values before it, not after it. Then all
knots follow the curvature as far as the rows show it. A large table is first met by a sample of its rows.

A run is a list of phases, and a phase a series of steps. Whenever the engine is made anew, network and `Run` are all
there is to know about it: that is what a checkpoint holds.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from kan.network import Network
from kan.refinement import refined
from kan.regularization import ORDERS
from kan.training.curvature import curvatures, follow_curvature
from kan.training.gauss_newton import GaussNewton, Regularization, StepResult
from kan.training.knots import LARGEST_WIDENING, cover_hidden_nodes, follow_hidden_nodes, hidden_fit
from kan.training.parameters import Parameters
from kan.training.problem import Problem
from kan.training.rows import joined, sample
from kan.training.settings import TrainingSettings

FOLLOW_STEPS = (3, 6, 10, 15)  # of a start: the nodes still move
LOOK_EVERY = 5  # steps after which nodes that have strayed from their knots are looked for
MEASURE_EVERY = 20  # steps after which the spread of the features is measured anew
LONGEST_DOMAIN = 1.6  # a hidden domain so many times as long as the range of its node is too long
WARM_STEPS = 25  # of one of several starts
LEVEL_STEPS, LEVEL_TOLERANCE = 30, 1e-2  # of a grid that a finer one will follow
LAST_TOLERANCE = 1e-3
CHANCE = 0.1  # share of what chance adds to the loss, a parameter's worth for each row, that a step must gain at least
NOISELESS = 1e-4  # dispersion, of a standardised target, up to which residuals are errors of approximation
SETTLE_STEPS, SETTLE_ROUNDS = 6, 3
OVERFITTED = 0.02  # share by which the last validation loss may be above the best
NEGLIGIBLE = 1e-4  # share of the first validation loss that does not count
WORTHWHILE = 0.9  # share of the loss that is left after knots have followed, if they shall do so again
EXACT = 1e-27  # loss of a fit that nothing but rounding keeps from the target
HOPELESS_STEPS = 2  # one after the other, after each of which a goal was out of reach
PATIENCE = 3  # steps that may gain less than the tolerance
VALIDATION_PATIENCE = 15  # steps without a better validation loss
SAMPLE_ROWS, SAMPLE_PER_PARAMETER = 50_000, 40  # of a table that is met by a sample first


@dataclass
class Run:
    """A network on its way, what is known about the noise, and where the run and its present phase stand.

    `start` is its position among the starts, and `rival` the best of those before it while they are compared. `idle`
    and `waited` count steps that gained little, `hopeless` those after which the goal was out of reach, `best`
    is the best validation loss of the phase with what sparsity costs, `sparsity` that cost, `stuck` the loss at which
    knots followed because steps gained nothing. `rounds` of settling have begun at the end of the phase, the last of
    which takes steps as far as `until`.
    """

    network: Network
    state: Regularization
    start: int = 0
    rival: "Run | None" = None
    step: int = 0
    phase: int = 0
    phase_step: int = 0
    idle: int = 0
    waited: int = 0
    hopeless: int = 0
    loss: float = math.inf
    sparsity: float = 0.0
    best: float = math.inf
    objective: float = math.inf
    stuck: float = math.inf
    rounds: int = 0
    until: int = 0

    def enter(self, phase: int) -> None:
        """Begin a phase."""
        self.phase, self.phase_step, self.rounds = phase, 0, 0
        self.idle = self.waited = self.hopeless = 0
        self.loss = self.best = self.stuck = math.inf


Save = Callable[[Run], None]


@dataclass(frozen=True)
class Phase:
    """Some steps on the same rows: when they end, and at which of them the hidden knots follow the nodes.

    `save` is called whenever the run could go on from its state.
    """

    problem: Problem
    save: Save
    steps: int
    tolerance: float
    follow: tuple[int, ...] = ()
    estimate_from: int = 0
    patience: int = PATIENCE
    refines: bool = False
    settles: bool = False
    unsticks: bool = False


def minimise(
    starts: list[Network],
    problem: Problem,
    *,
    is_refit: bool,
    save: Save,
    resumed: Run | None,
    generator: torch.Generator,
) -> Network:
    """Return the network that second-order steps make of the best of the starts, or of a run that was interrupted.

    A refit begins at a trained network, whose nodes are where they will be.

    With validation rows it is the iterate that did best on them; if that is about the last one, so that nothing was
    learned by heart, more steps follow on all rows if these may join. Raises TrainingDiverged; whatever the callback
    raises passes through.
    """
    script = _script(starts[0], problem, is_refit, save, generator)
    run = resumed if resumed is not None else Run(starts[0], Regularization())
    if run.phase == 0 and len(starts) > 1:
        run = _chosen(run, starts, script[0])
    for position, phase in enumerate(script):
        if position < run.phase:
            continue
        if position > run.phase:
            if phase.problem.validation is None and problem.validation is not None and _learned_by_heart(run, problem):
                break
            run.enter(position)
        _complete(run, phase)
    problem.recorder.history.regularization = run.state
    if script[run.phase].problem.validation is not None:
        run.network = problem.recorder.best_network() or run.network
        while any(_is_coarse(run.network, problem.settings)):
            _refine(run, problem.settings)
        return run.network
    problem.recorder.history.kept_step = run.step
    return run.network


def _script(network: Network, problem: Problem, is_refit: bool, save: Save, generator: torch.Generator) -> list[Phase]:
    """Return the phases of a run: a start, grids, the last grid, and the last grid with all rows.

    A refit has the last grid only.
    """
    settings, rows = problem.settings, problem.rows
    size = max(SAMPLE_ROWS, SAMPLE_PER_PARAMETER * Parameters(network).size)
    small = replace(problem, rows=sample(rows, size, generator)) if len(rows) > 2 * size else problem
    deep = len(network.layers) > 1
    phases = []
    if deep and not is_refit:
        phases.append(Phase(small, save, WARM_STEPS, LEVEL_TOLERANCE, FOLLOW_STEPS, estimate_from=2))
    elif small is not problem:
        phases.append(Phase(small, save, settings.steps, LEVEL_TOLERANCE, estimate_from=1))
    levels = max(
        int(math.log2(wanted / present))
        for wanted, present in zip(settings.grid_sizes, network.grid_sizes, strict=True)
    )
    phases += [Phase(problem, save, LEVEL_STEPS if deep else 0, LEVEL_TOLERANCE, refines=True)] * levels
    estimate_from = 0 if phases or is_refit else 1
    last = Phase(problem, save, settings.steps, LAST_TOLERANCE, estimate_from=estimate_from, settles=deep)
    last = replace(last, unsticks=deep and is_refit)
    # After a sample an additive model is where it will be: one step that gains little says so.
    phases.append(replace(last, patience=1) if small is not problem and not deep else last)
    if problem.validation is not None and problem.joins:
        everything = replace(problem, rows=joined(rows, problem.validation), validation=None)
        phases.append(replace(phases[-1], problem=everything, estimate_from=0))
    return phases


def _chosen(run: Run, starts: list[Network], phase: Phase) -> Run:
    """Return the start that is the best after the first phase; `run` is the one at which the comparison stands."""
    _optimise(run, phase)
    for position in range(run.start + 1, len(starts)):
        best = _better(run, phase.problem)
        run = Run(starts[position], Regularization(), position, best)
        _optimise(run, phase)
    return _better(run, phase.problem)


def _better(run: Run, problem: Problem) -> Run:
    """Return the run or its rival, whichever has the lower validation loss, or objective without validation rows."""
    both = [run] if run.rival is None else [run.rival, run]
    run.rival = None
    return min(both, key=lambda one: one.objective if problem.validation is None else one.best)


def _complete(run: Run, phase: Phase) -> None:
    """Take the steps of a phase from where it stands, then extend the grids or settle."""
    if run.rounds == 0:
        _optimise(run, phase)
    if phase.refines:
        _follow(run, phase.problem)
        _extend(run, phase.problem)
    if phase.settles and run.hopeless < HOPELESS_STEPS:
        _settle(run, phase)


def _optimise(run: Run, phase: Phase) -> None:
    """Take steps until they gain too little, or none are left of all that the run may take."""
    problem, engine = phase.problem, None
    while run.phase_step < phase.steps and run.step < problem.settings.steps:
        if _is_done(run, phase):
            # A changed network is stuck where its nodes have left their knots.
            if not phase.unsticks or not _may_unstick(run, problem) or not _follow(run, problem):
                break
            run.idle, run.hopeless, run.stuck, engine = 0, 0, run.loss, None
        if engine is None:
            engine = _engine(run, problem)
            phase.save(run)
        result = engine.step(estimate=run.phase_step >= phase.estimate_from, afresh=run.step == 0)
        run.hopeless = run.hopeless + 1 if _is_out_of_reach(run, phase, result.loss) else 0
        gained, run.loss, run.objective = abs(run.loss - result.loss), result.loss, result.objective
        run.idle = run.idle + 1 if gained <= _least_gain(run, phase) * result.loss else 0
        run.step += 1
        run.phase_step += 1
        _record(run, problem, result, engine.validation_loss())
        if _needs_following(run, phase):
            _follow(run, problem)
            engine = None
        elif run.phase_step % MEASURE_EVERY == 0:
            engine = None


def _record(run: Run, problem: Problem, result: StepResult, validation_loss: float | None) -> None:
    """Report a step, and count how long no better one was found on the held-out rows."""
    run.sparsity = result.sparsity
    problem.recorder.report(
        run.network, run.step, result.loss, validation_loss, sparsity=run.sparsity, damping=run.state.damping
    )
    if validation_loss is not None:
        judged = validation_loss + run.sparsity
        run.waited = 0 if judged < run.best else run.waited + 1
        run.best = min(run.best, judged)


def _least_gain(run: Run, phase: Phase) -> float:
    """Return the share of the loss that a step must gain: more than chance adds where residuals are noise."""
    chance = CHANCE * run.state.freedom / len(phase.problem.rows) if run.state.dispersion > NOISELESS else 0.0
    return max(phase.tolerance, chance)


def _is_out_of_reach(run: Run, phase: Phase, loss: float) -> bool:
    """Return whether the goal is missed even if every step to come lowers the loss by the share of the last one."""
    left = min(phase.steps - run.phase_step, phase.problem.settings.steps - run.step) - 1
    return loss * min(loss / run.loss, 1.0) ** left > phase.problem.goal


def _is_done(run: Run, phase: Phase) -> bool:
    if run.waited >= VALIDATION_PATIENCE or run.loss <= EXACT or run.hopeless >= HOPELESS_STEPS:
        return True
    if _is_enough(run, phase.problem):
        return True
    earliest = max((*phase.follow, phase.estimate_from)) + phase.patience if phase.patience > 1 else 0
    return run.idle >= phase.patience and run.phase_step > earliest


def _is_enough(run: Run, problem: Problem) -> bool:
    return (run.loss if problem.validation is None else run.best) <= problem.enough


def _may_unstick(run: Run, problem: Problem) -> bool:
    """Return whether there is a loss to lower, and the last time that knots followed helped."""
    return EXACT < run.loss < WORTHWHILE * run.stuck and not _is_enough(run, problem)


def _engine(run: Run, problem: Problem) -> GaussNewton:
    settings = problem.settings
    return GaussNewton(
        run.network,
        problem.rows,
        problem.family,
        settings.penalties,
        run.state,
        memory=settings.memory,
        validation=problem.validation,
    )


def _needs_following(run: Run, phase: Phase) -> bool:
    if len(run.network.layers) == 1:
        return False
    if run.phase_step in phase.follow:
        return True
    return run.phase_step % LOOK_EVERY == 0 and hidden_fit(run.network, phase.problem.rows.x).outside > LARGEST_WIDENING


def _follow(run: Run, problem: Problem) -> bool:
    """Let the hidden knots follow their nodes where these have left them or use little of them; return if they did."""
    fit = hidden_fit(run.network, problem.rows.x)
    is_off = fit.outside > 0 or fit.length > LONGEST_DOMAIN
    if is_off:
        follow_hidden_nodes(run.network, problem.rows.x)
    return is_off


def _settle(run: Run, phase: Phase) -> None:
    """Bring every row into every hidden domain, and mend what that costs the rows that were outside."""
    while True:
        if run.rounds > 0:
            settings = replace(phase.problem.settings, steps=run.until)
            _optimise(run, replace(phase, problem=replace(phase.problem, settings=settings), estimate_from=0))
        last = SETTLE_ROUNDS if phase.problem.joins else 1  # where networks are only compared
        if run.rounds == last or hidden_fit(run.network, phase.problem.rows.x).outside <= 0:
            return
        cover_hidden_nodes(run.network, phase.problem.rows.x)
        rounds = run.rounds + 1
        run.enter(run.phase)
        run.rounds, run.until = rounds, run.step + SETTLE_STEPS


def _learned_by_heart(run: Run, problem: Problem) -> bool:
    """Return whether the held-out rows are answered worse at the end than before, or than by a constant."""
    last, recorder = problem.validation_loss(run.network), problem.recorder
    slack = OVERFITTED * abs(recorder.best) + NEGLIGIBLE * abs(recorder.first)
    return last is None or not (last + run.sparsity <= recorder.best + slack and last <= problem.constant_loss())


def _extend(run: Run, problem: Problem) -> None:
    """Double the grids that are too coarse, and move knots to where the coarse splines bend."""
    found = curvatures(run.network, problem.rows, problem.family)
    _refine(run, problem.settings)
    follow_curvature(run.network, problem.rows.x, found, run.state.dispersion, problem.settings.grid_eps)


def _refine(run: Run, settings: TrainingSettings) -> None:
    """Double the grids that are too coarse; λ of roughness grows so that the same functions cost the same."""
    layers = [run.network.layer(position) for position in range(len(run.network.layers))]
    coarse = _is_coarse(run.network, settings)
    run.network = Network([refined(one, 2) if short else one for one, short in zip(layers, coarse, strict=True)])
    for strength, short in zip(run.state.strengths or [], coarse, strict=False):
        for kind, order in enumerate(ORDERS if short else ()):
            strength[kind] *= 2.0 ** (2 * order - 1)


def _is_coarse(network: Network, settings: TrainingSettings) -> list[bool]:
    """Return which layers shall have at least twice as many intervals."""
    return [2 * size <= wanted for size, wanted in zip(network.grid_sizes, settings.grid_sizes, strict=True)]
