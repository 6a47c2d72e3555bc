"""What a training run tells: losses by step, progress to a callback, and the network that did best on held-out rows."""

import math
import time
from dataclasses import dataclass, field

from torch import Tensor

from kan.network import Network
from kan.training.gauss_newton import Regularization
from kan.training.settings import Progress, ProgressCallback


@dataclass
class History:
    """Losses by step: (step, training loss, validation loss or None), the step that was kept, and what found it.

    Steps are counted from 1 for each of several random starts, one start after the other; the best of them goes on from
    its own number. The last ones, which bring every row into every hidden domain, may be above the most that a stage
    takes. `regularization` is what second-order steps have learned about the noise.
    """

    losses: list[tuple[int, float, float | None]] = field(default_factory=list)
    kept_step: int = 0
    optimizer: str = ""
    seconds: float = 0.0
    regularization: Regularization | None = None


class Recorder:
    """Collects the history of one stage and keeps its best network."""

    def __init__(self, stage: str, steps: int, optimizer: str, callback: ProgressCallback | None) -> None:
        """Start the clock."""
        self.stage, self.steps, self.callback = stage, steps, callback
        self.history = History(optimizer=optimizer)
        self.first = self.best = math.inf
        self.kept: tuple[Network, dict[str, Tensor]] | None = None
        self.started = time.monotonic()

    def compare(self, network: Network, validation_loss: float | None, step: int, sparsity: float = 0.0) -> None:
        """Keep a copy of the network if no other did as well on the held-out rows, with what its edges cost."""
        if validation_loss is None:
            return
        if not math.isfinite(self.first):
            self.first = validation_loss + sparsity
        if validation_loss + sparsity < self.best:
            state = {name: value.clone() for name, value in network.state_dict().items()}
            self.best, self.kept, self.history.kept_step = validation_loss + sparsity, (network, state), step

    def best_network(self) -> Network | None:
        """Return the network that did best on held-out rows, as it was then; None without such rows."""
        if self.kept is None:
            return None
        network, state = self.kept
        network.load_state_dict(state)
        return network

    def report(
        self,
        network: Network,
        step: int,
        loss: float,
        validation_loss: float | None,
        *,
        sparsity: float = 0.0,
        damping: float = 0.0,
    ) -> None:
        """Record a step and tell the callback; what that raises passes through."""
        self.history.losses.append((step, loss, validation_loss))
        self.history.seconds = time.monotonic() - self.started
        self.compare(network, validation_loss, step, sparsity)
        if self.callback is not None:
            self.callback(
                Progress(
                    stage=self.stage,
                    step=min(step, self.steps),
                    steps=self.steps,
                    loss=loss,
                    validation_loss=validation_loss,
                    active_edges=len(network.active_edges()),
                    optimizer=self.history.optimizer,
                    damping=damping,
                    grid_size=max(network.grid_sizes),
                    seconds=self.history.seconds,
                )
            )
