"""A training run from encoded rows to a finished network: scale, place knots, minimise, centre, scale back.

It runs on one thread, but for large tables whose chunks are shared out and summed in their order: sums then have one
order, so that a seed gives the same network on every number of cores.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

from kan.losses import FAMILIES, Family, FamilyName
from kan.network import Network
from kan.training import first_order, second_order
from kan.training.checkpoint import Checkpoint, fingerprint
from kan.training.gauss_newton import Regularization
from kan.training.history import History, Recorder
from kan.training.knots import (
    centre_edges,
    cover_hidden_nodes,
    follow_hidden_nodes,
    place_input_knots,
    spread_hidden_nodes,
)
from kan.training.parameters import Parameters
from kan.training.problem import Problem
from kan.training.resumption import RunFile, StepFile
from kan.training.rows import Rows, split
from kan.training.settings import Optimizer, ProgressCallback, TrainingSettings, require

LARGEST_SECOND_ORDER = 3000  # parameters
LARGEST_FORCED = 10_000  # parameters of a network whose matrix is asked for all the same
SMALLEST_SPREAD = 1e-12  # share of the mean below which a target is constant
LARGEST_STEP = 3e12  # multiplications of one Gauss–Newton matrix


def start(network: Network, rows: Rows, family: FamilyName, settings: TrainingSettings) -> Network:
    """Return a copy of a random network, knots where the data are, outputs at the best constant for the target.

    An additive network starts as that constant: its problem has one minimum.
    """
    started = network.copy()
    with one_thread():
        place_input_knots(started, rows.x, settings.grid_eps)
        if started.layer(0).base == "zero":
            spread_hidden_nodes(started, rows.x)
        follow_hidden_nodes(started, rows.x)
        _answer_a_constant(started, rows, FAMILIES[family])
    return started


@torch.no_grad()
def _answer_a_constant(network: Network, rows: Rows, family: Family) -> None:
    """Bring the outputs into the unit of the target, around the best constant."""
    outputs = network.layer(len(network.layers) - 1)
    if len(network.layers) == 1:
        outputs.weights.zero_()
    outputs.rescale(target_scaling(rows, family)[1], 0.0)
    outputs.bias.copy_(family.start(rows.target, rows.weights, rows.offset))


@torch.no_grad()
def _beat_a_constant(network: Network, problem: Problem) -> None:
    """Let a network without formulas that held-out rows find worse than the best constant answer this constant."""
    loss, outputs = problem.validation_loss(network), network.layer(len(network.layers) - 1)
    if loss is None or loss <= problem.constant_loss() or outputs.forms:
        return
    outputs.weights.zero_()
    outputs.bias.copy_(problem.family.start(problem.rows.target, problem.rows.weights, problem.rows.offset))
    problem.recorder.history.kept_step = 0


def train(
    networks: Sequence[Network],
    rows: Rows,
    family: FamilyName,
    settings: TrainingSettings,
    *,
    stage: str = "fit",
    is_refit: bool = False,
    held_out: Rows | None = None,
    callback: ProgressCallback | None = None,
    checkpoint: Path | None = None,
    goal: float = math.inf,
    enough: float = -math.inf,
) -> tuple[Network, History]:
    """Return a trained copy of the best of some networks on the link scale of the target, and the run's history.

    Afterwards every training row lies inside every hidden domain and every learned edge has mean zero over the rows.
    A refit begins at a trained network of which some edges have changed; any other network that held-out rows find
    worse than the best constant answers with that constant. Rows `held_out` choose the best iterate and
    are not learned from; without them the settings may hold out a share of the rows. A run of second order ends early
    where it will not bring its loss below the `goal`, and where the held-out loss is low `enough`. With a `checkpoint`
    the run can be interrupted at any time; the same call goes on where it stood, and the file is deleted at the end.
    Raises TrainingDiverged, CheckpointRefused.
    """
    settings = replace(settings, optimizer=chosen_optimizer(networks[0], rows, settings))
    recorder = Recorder(stage, settings.steps, settings.optimizer, callback)
    mark = fingerprint(networks, rows, settings, stage) if checkpoint is not None else ""
    file = Checkpoint(checkpoint, mark)
    with one_thread():
        copies, limits = [network.copy() for network in networks], (goal, enough)
        trained = _run(copies, rows, held_out, FAMILIES[family], settings, recorder, file, limits, is_refit=is_refit)
    file.remove()
    return trained, recorder.history


def chosen_optimizer(network: Network, rows: Rows, settings: TrainingSettings) -> Optimizer:
    """Return the optimizer that was asked for, or the one that fits the size of the network and the table.

    Raises InvalidSetting where second-order steps were asked for and their matrix would fill the memory.
    """
    size = Parameters(network).size
    for position, wanted in enumerate(settings.grid_sizes):
        layer = network.layer(position)
        size += (wanted - layer.grid_size) * int((layer.kinds != 0).sum())
    if settings.optimizer != "auto":
        fits = settings.optimizer != "gauss_newton" or size <= LARGEST_FORCED
        expected = f"adam, or a network of at most {LARGEST_FORCED} parameters; this one has {size}"
        require("optimizer", settings.optimizer, fits, expected)
        return settings.optimizer
    work = len(rows) * rows.target.shape[1] * size**2
    return "gauss_newton" if size <= LARGEST_SECOND_ORDER and work <= LARGEST_STEP else "adam"


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
    networks: list[Network],
    rows: Rows,
    held_out: Rows | None,
    family: Family,
    settings: TrainingSettings,
    recorder: Recorder,
    checkpoint: Checkpoint,
    limits: tuple[float, float],
    *,
    is_refit: bool,
) -> Network:
    """Train copies of networks."""
    generator = torch.Generator().manual_seed(settings.seed)
    centre, scale = target_scaling(rows, family)
    device = torch.device(settings.device)
    # A Gauss–Newton matrix squares the condition of the problem: single precision would not carry it.
    dtype = torch.float64 if settings.optimizer == "gauss_newton" else getattr(torch, settings.precision)
    for network in networks:
        network.layer(len(network.layers) - 1).rescale(1 / scale, -centre / scale)
        network.to(device, dtype)
    training, validation = _standardised(rows, centre, scale), None
    if held_out is None:
        training, validation = split(training, family, settings.validation_fraction, generator)
    else:
        validation = _standardised(held_out, centre, scale)
    training = training.to(device, dtype)
    validation = validation.to(device, dtype) if validation is not None else None
    goal, enough = (limit / scale**2 for limit in limits)
    problem = Problem(training, validation, family, settings, recorder, held_out is None, goal, enough)
    if settings.optimizer == "gauss_newton":
        saved = RunFile(checkpoint, recorder, networks[0])
        network = second_order.minimise(
            networks, problem, is_refit=is_refit, save=saved.write, resumed=saved.read(), generator=generator
        )
    else:
        network = first_order.minimise(networks[0], problem, StepFile(checkpoint, recorder, networks[0]))
    if not is_refit:
        _beat_a_constant(network, problem)
    network.to(torch.device("cpu"), torch.float64)
    cover_hidden_nodes(network, rows.x)
    network.layer(len(network.layers) - 1).rescale(scale, centre)
    if recorder.history.regularization is not None:
        to_unit_of_target(recorder.history.regularization, scale)
    centre_edges(network, rows.x)
    return network


def _standardised(rows: Rows, centre: float, scale: float) -> Rows:
    return replace(rows, target=(rows.target - centre) / scale, offset=rows.offset / scale)


def to_unit_of_target(regularization: Regularization, scale: float) -> None:
    """Bring dispersion and λ from a standardised target to one of this scale, which only outputs are multiplied by."""
    regularization.dispersion *= scale**2
    strengths = [one.cpu().double() for one in regularization.strengths or []]
    regularization.strengths = [*strengths[:-1], *(one / scale**2 for one in strengths[-1:])]


def target_scaling(rows: Rows, family: Family) -> tuple[float, float]:
    """Return mean and standard deviation of a gaussian target; other targets are not scaled."""
    if family.name != "gaussian":
        return 0.0, 1.0
    deviation = rows.target.std(correction=0).item()
    mean = rows.target.mean().item()
    return mean, deviation if deviation > SMALLEST_SPREAD * abs(mean) else 1.0
