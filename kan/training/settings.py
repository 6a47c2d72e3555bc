"""Settings of a training run and the progress it reports."""

from collections.abc import Callable
from dataclasses import dataclass

from kan.errors import InvalidSetting
from kan.regularization import Penalties


@dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained; see `KANRegressor` for the meaning of each number."""

    penalties: Penalties
    steps: int
    learning_rate: float
    grid_eps: float
    validation_fraction: float
    batch_size: int
    seed: int

    def __post_init__(self) -> None:
        """Raise InvalidSetting where a number is out of range."""
        require("steps", self.steps, self.steps >= 1, "at least 1")
        require("learning_rate", self.learning_rate, self.learning_rate > 0, "a number above 0")
        require("grid_eps", self.grid_eps, 0 <= self.grid_eps <= 1, "a number from 0 (quantile) to 1 (uniform)")
        allowed = 0 <= self.validation_fraction < 1
        require("validation_fraction", self.validation_fraction, allowed, "a number from 0 to below 1")
        require("batch_size", self.batch_size, self.batch_size >= 1, "at least 1")
        for name in ("l1", "entropy", "smoothness"):
            value = getattr(self.penalties, name)
            require(name, value, value >= 0, "a number of at least 0")


@dataclass(frozen=True)
class Progress:
    """Where a training run stands; `stage` is fit, simplify or symbolify."""

    stage: str
    step: int
    steps: int
    loss: float
    validation_loss: float | None
    active_edges: int


ProgressCallback = Callable[[Progress], None]


def require(name: str, value: object, holds: bool, expected: str) -> None:
    """Raise InvalidSetting unless the condition holds."""
    if not holds:
        raise InvalidSetting(name, value, expected)
