"""Changed networks compared by what they do on rows that they were not refitted to."""

import math
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from kan.errors import TrainingDiverged
from kan.losses import FAMILIES, FamilyName
from kan.network import Network
from kan.training.history import History
from kan.training.rows import Rows, sample, split
from kan.training.settings import ProgressCallback, TrainingSettings
from kan.training.trainer import train

STAGE = "compare"
ENOUGH = 0.1  # share of the rise that is tolerated below which a loss need not be known better
OUT_OF_REACH = 2.0  # times a limit: a refit whose training loss will stay above that is not brought to its end


@dataclass(frozen=True, eq=False)
class Trial:
    """A network after a short refit, its weighted losses at held-out rows and at all rows, and the refit.

    The mean over held-out rows judges networks of unlike size. Networks of like size differ little in what they learn
    by heart, so that all rows may tell them apart.
    """

    network: Network
    held_out: Float[Tensor, " compared"]
    losses: Float[Tensor, " rows"]
    history: History | None

    @property
    def loss(self) -> float:
        """The mean loss on held-out rows."""
        return float(self.held_out.mean())


@dataclass(frozen=True)
class Judge:
    """How changed networks are refitted and on which rows they are compared; the callback sees every refit."""

    training: Rows
    compared: Rows
    everything: Rows
    family: FamilyName
    settings: TrainingSettings
    callback: ProgressCallback | None

    @classmethod
    def of(
        cls,
        rows: Rows,
        family: FamilyName,
        settings: TrainingSettings,
        callback: ProgressCallback | None,
        *,
        fraction: float,
        limit: int,
    ) -> "Judge":
        """Return a judge that holds out a share of at most `limit` rows; where they are few, it compares on all."""
        generator = torch.Generator().manual_seed(settings.seed)
        everything = sample(rows, limit, generator)
        training, held_out = split(everything, FAMILIES[family], fraction, generator)
        settings = replace(settings, validation_fraction=0.0)
        compared = training if held_out is None else held_out
        return cls(training, compared, everything, family, settings, callback)

    @torch.no_grad()
    def trial(self, network: Network, history: History | None = None) -> Trial:
        """Return a network as it is with its losses, and the history of the refit behind it."""
        held_out = self._losses(network, self.compared)
        losses = held_out
        if self.compared is not self.training:
            losses = torch.cat([self._losses(network, self.training), held_out])
        weights = self.everything.weights.mean(), self.compared.weights.mean()
        return Trial(network, held_out / weights[1], losses / weights[0], history)

    def _losses(self, network: Network, rows: Rows) -> Float[Tensor, " rows"]:
        link = network.evaluate(rows.x) + rows.offset
        return FAMILIES[self.family].loss(link, rows.target) * rows.weights

    def refitted(
        self, network: Network, steps: int, limit: float = math.inf, enough: float = -math.inf
    ) -> Trial | None:
        """Return the best iterate of some steps by the held-out rows, if any are; None where the steps diverge.

        Steps end early where they will not bring the loss near a `limit`, above which nobody wants the network, and
        where the loss is so low that it need not be known better.
        """
        settings = replace(self.settings, steps=min(steps, self.settings.steps))
        try:
            result, history = train(
                [network],
                self.training,
                self.family,
                settings,
                stage=STAGE,
                is_refit=True,
                held_out=None if self.compared is self.training else self.compared,
                callback=self.callback,
                goal=OUT_OF_REACH * limit,
                enough=enough,
            )
        except TrainingDiverged:
            return None
        trial = self.trial(result, history)
        return trial if bool(trial.losses.isfinite().all()) else None

    def constant_loss(self) -> float:
        """Return the mean loss of the best constant."""
        known = self.training
        constant = FAMILIES[self.family].start(known.target, known.weights, known.offset)
        rows = self.compared
        return float(rows.loss(FAMILIES[self.family], constant.expand(len(rows), -1)))


def is_no_worse(one: Float[Tensor, " rows"], other: Float[Tensor, " rows"], slack: float) -> bool:
    """Return whether losses can hardly be told from others by their paired difference.

    They are above by at most one standard error, or by two where that is no more than `slack`, which does not matter.
    Source: L. Breiman et al., "Classification and Regression Trees" (1984), section 3.4.3.
    """
    mean, standard_error = paired_difference(one, other)
    return mean <= max(standard_error, min(2 * standard_error, slack))


def paired_difference(one: Float[Tensor, " rows"], other: Float[Tensor, " rows"]) -> tuple[float, float]:
    """Return the mean of the differences row by row, and its standard error."""
    difference = one - other
    return float(difference.mean()), float(difference.std(correction=0)) / math.sqrt(len(difference))
