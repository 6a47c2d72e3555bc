"""What a training run works on, whatever its steps."""

from dataclasses import dataclass

from kan.losses import Family
from kan.network import Network
from kan.training.history import Recorder
from kan.training.rows import Rows
from kan.training.settings import TrainingSettings


@dataclass(frozen=True)
class Problem:
    """Rows to learn from, rows that are held out, what is minimised and how, and who is told.

    `joins` says whether the rows held out are learned from in the end.
    """

    rows: Rows
    validation: Rows | None
    family: Family
    settings: TrainingSettings
    recorder: Recorder
    joins: bool = True

    def validation_loss(self, network: Network) -> float | None:
        """Return the loss of the held-out rows, None where there are none."""
        return None if self.validation is None else self.validation.loss_of(self.family, network)
