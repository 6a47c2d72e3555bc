"""Learning on from new rows without the old ones.

What the old rows say is kept as the gradient b and the Gauss–Newton matrix A of their loss at the parameters θ₀ that
they led to: the new rows are fitted with bᵀ·(θ − θ₀) + (θ − θ₀)ᵀ·A·(θ − θ₀)/2 beside their loss, and then added to
both. For an additive gaussian model that is exactly the fit to all rows at once (recursive least squares); in general
it is the Laplace approximation (J. Kirkpatrick et al., "Overcoming catastrophic forgetting in neural networks", 2017,
with the whole matrix instead of its diagonal). A coefficient whose basis function no new row meets is not pulled at
all: an additive model forgets nothing elsewhere. With hidden layers a node may carry what is new to where old rows are,
so that A, and not locality, is what protects them there.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from kan.errors import ArtifactCorrupted
from kan.losses import FAMILIES, FamilyName
from kan.network import Network
from kan.training.evidence import EXPECTED_EDGES
from kan.training.gauss_newton import GaussNewton, Past, Regularization
from kan.training.history import History, Recorder
from kan.training.normal_equations import Chunks
from kan.training.parameters import Parameters
from kan.training.rows import Rows
from kan.training.settings import ProgressCallback, TrainingSettings
from kan.training.trainer import one_thread

TOLERANCE, PATIENCE = 1e-6, 2
STAGE = "update"
NUMBERS = ("dispersion", "freedom", "damping")  # of a regularization, beside the strengths


@dataclass
class Memory:
    """Gauss–Newton matrix and gradient of all rows seen, summed over them, their number, and the noise."""

    gram: Float[Tensor, "parameters parameters"]
    gradient: Float[Tensor, " parameters"]
    rows: int
    regularization: Regularization


def recorded(regularization: Regularization | None) -> dict[str, Any] | None:
    """Return what is known about the noise in the form that JSON keeps; None where nothing is."""
    if regularization is None or regularization.strengths is None:
        return None
    numbers = {name: getattr(regularization, name) for name in NUMBERS}
    return {**numbers, "strengths": [one.tolist() for one in regularization.strengths]}


def regularization_of(network: Network, training: Mapping[str, Any]) -> Regularization:
    """Return what the training record of a network says about the noise, else what is assumed before any training.

    Raises ArtifactCorrupted where the record does not fit the network.
    """
    record = training.get("regularization")
    if record is None:
        return Regularization()
    try:
        numbers = {name: float(record[name]) for name in NUMBERS}
        strengths = [torch.tensor(one, dtype=torch.float64) for one in record["strengths"]]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ArtifactCorrupted("the regularization of its training holds no numbers") from error
    kinds = [network.layer(position).kinds for position in range(len(network.layers))]
    shapes = [(len(EXPECTED_EDGES), *one.shape) for one in kinds]
    fits = [one.shape for one in strengths] == shapes and all(bool((one >= 0).all()) for one in strengths)
    if not fits or not numbers["dispersion"] > 0 or not all(0 <= one < math.inf for one in numbers.values()):
        raise ArtifactCorrupted("the regularization of its training does not fit its network")
    return Regularization(strengths, **numbers)


def keep_known(regularization: Regularization, network: Network, known: Regularization) -> None:
    """Let the frozen edges of a network keep the strengths that were known of them, in place."""
    for position, (found, old) in enumerate(zip(regularization.strengths or [], known.strengths or [], strict=False)):
        frozen = network.layer(position).frozen
        found[:, frozen] = old[:, frozen]


def remember(
    network: Network, rows: Rows, family: FamilyName, settings: TrainingSettings, regularization: Regularization
) -> Memory:
    """Return the memory of rows that a network was fitted to."""
    with one_thread():
        seen = _chunks(network, rows, family, settings).normal_equations()
    return Memory(seen.gram * len(rows), seen.gradient * len(rows), len(rows), regularization)


def update(
    network: Network,
    memory: Memory,
    rows: Rows,
    family: FamilyName,
    settings: TrainingSettings,
    *,
    callback: ProgressCallback | None = None,
) -> tuple[Network, History, Memory]:
    """Return the network fitted to new rows on the same knots, its history, and the memory of all rows.

    Raises TrainingDiverged.
    """
    updated, recorder = network.copy(), Recorder(STAGE, settings.steps, "gauss_newton", callback)
    count, values = len(rows), Parameters(updated).read()
    past = Past(memory.gram / count, memory.gradient / count, values)
    regularization = replace(memory.regularization)
    with one_thread():
        engine = GaussNewton(
            updated,
            rows,
            FAMILIES[family],
            settings.penalties,
            regularization,
            memory=settings.memory,
            past=past,
        )
        idle, step = 0, 0
        while idle < PATIENCE and step < settings.steps:
            result, step = engine.step(estimate=False), step + 1
            recorder.report(updated, step, result.loss, None, damping=regularization.damping)
            idle = idle + 1 if result.decrease <= TOLERANCE * abs(result.objective) else 0
        recorder.history.kept_step, recorder.history.regularization = step, memory.regularization
        seen = _chunks(updated, rows, family, settings).normal_equations()
    gram = memory.gram + seen.gram * count
    gradient = memory.gradient + memory.gram @ (Parameters(updated).read() - values) + seen.gradient * count
    return updated, recorder.history, Memory(gram, gradient, memory.rows + count, regularization)


def _chunks(network: Network, rows: Rows, family: FamilyName, settings: TrainingSettings) -> Chunks:
    return Chunks(network, Parameters(network), rows, FAMILIES[family], settings.memory)
