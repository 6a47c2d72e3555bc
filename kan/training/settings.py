"""Settings of a training run and the progress it reports."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from kan.errors import InvalidSetting
from kan.regularization import Penalties

Optimizer = Literal["auto", "gauss_newton", "adam", "lbfgs"]
Precision = Literal["float64", "float32"]


@dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained; see `KANRegressor` for the meaning of each number.

    `grid_sizes` are the intervals per layer that a run ends with; `grid_eps` is one number or one per numeric input.
    """

    penalties: Penalties
    optimizer: Optimizer
    steps: int
    learning_rate: float
    grid_sizes: tuple[int, ...]
    grid_eps: float | tuple[float, ...]
    validation_fraction: float
    batch_size: int
    memory: int
    device: str
    precision: Precision
    seed: int

    def __post_init__(self) -> None:
        """Raise InvalidSetting where a number is out of range."""
        require("optimizer", self.optimizer, self.optimizer in get_args(Optimizer), f"one of {get_args(Optimizer)}")
        require("precision", self.precision, self.precision in get_args(Precision), f"one of {get_args(Precision)}")
        require("steps", self.steps, self.steps >= 1, "at least 1")
        require("learning_rate", self.learning_rate, self.learning_rate > 0, "a number above 0")
        shares = self.grid_eps if isinstance(self.grid_eps, tuple) else (self.grid_eps,)
        inside = all(0 <= share <= 1 for share in shares)
        require("grid_eps", self.grid_eps, inside, "numbers from 0 (quantile) to 1 (uniform)")
        allowed = 0 <= self.validation_fraction < 1
        require("validation_fraction", self.validation_fraction, allowed, "a number from 0 to below 1")
        require("batch_size", self.batch_size, self.batch_size >= 1, "at least 1")
        require("memory", self.memory, self.memory >= 2**20, "at least 1 MiB, in bytes")
        for name in ("l1", "entropy", "smoothness"):
            value = getattr(self.penalties, name)
            holds = value >= 0 if value is not None else name == "smoothness"
            require(name, value, holds, "a number of at least 0")


@dataclass(frozen=True)
class Progress:
    """Where a training run stands.

    `stage` is fit, pairs, compare (a refit of simplify that only compares), simplify, symbolify or update; `grid_size`
    the largest of any layer; `damping` is 0 for first-order steps; `seconds` are counted from the start of the stage.
    `step` begins anew at 1 for each of several random starts and for each refit that compares, and the best start goes
    on from its own number: it tells how far one of them is, not the whole call.
    """

    stage: str
    step: int
    steps: int
    loss: float
    validation_loss: float | None
    active_edges: int
    optimizer: str = "gauss_newton"
    damping: float = 0.0
    grid_size: int = 0
    seconds: float = 0.0


ProgressCallback = Callable[[Progress], None]


def require(name: str, value: object, holds: bool, expected: str) -> None:
    """Raise InvalidSetting unless the condition holds."""
    if not holds:
        raise InvalidSetting(name, value, expected)
