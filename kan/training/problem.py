"""What a training run works on, whatever its steps."""

import math
from dataclasses import dataclass

from kan.losses import Family
from kan.network import Network
from kan.training.history import Recorder
from kan.training.rows import Rows
from kan.training.settings import TrainingSettings


@dataclass(frozen=True)
class Problem:
    """Rows to learn from, rows that are held out, what is minimised and how, and who is told.

    `joins` says whether the rows held out are learned from in the end. A run of second order ends early where its loss
    will not come below the `goal`, and where that of the rows held out, or of all without such rows, is low `enough`.
    """

    rows: Rows
    validation: Rows | None
    family: Family
    settings: TrainingSettings
    recorder: Recorder
    joins: bool = True
    goal: float = math.inf
    enough: float = -math.inf

    def validation_loss(self, network: Network) -> float | None:
        """Return the loss of the held-out rows, None where there are none."""
        return None if self.validation is None else self.validation.loss_of(self.family, network)

    def constant_loss(self) -> float:
        """Return the loss of the held-out rows under the best constant of the others; infinite without such rows."""
        if self.validation is None:
            return math.inf
        constant = self.family.start(self.rows.target, self.rows.weights, self.rows.offset)
        return float(self.validation.loss(self.family, constant.expand(len(self.validation), -1)))
