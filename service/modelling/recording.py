"""What a training says on its way: every event is passed on and kept."""

import math
from collections.abc import Callable
from typing import Literal

from kan.training.settings import Progress as EngineProgress
from kan.training.settings import ProgressCallback
from service.domain.training_configuration import Progress

CURVE_POINTS = 200

Stage = Literal["fit", "refit", "symbolify"]


class Recorder:
    """Passes progress on and keeps it; a callback of the engine under the service's name of a stage."""

    def __init__(self, report: Callable[[Progress], None]) -> None:
        self.report = report
        self.events: list[Progress] = []

    def __call__(self, progress: Progress) -> None:
        self.events.append(progress)
        self.report(progress)

    def stage(self, stage: Stage) -> ProgressCallback:
        """A callback of the engine that tells its progress under the service's name of a stage."""

        def callback(progress: EngineProgress) -> None:
            event = Progress(
                stage=stage,
                step=progress.step,
                steps=progress.steps,
                loss=_finite(progress.loss),
                validation_loss=_finite(progress.validation_loss),
                active_edges=progress.active_edges,
                optimizer=progress.optimizer,
                damping=_finite(progress.damping),
                grid_size=progress.grid_size,
                seconds=progress.seconds,
                remaining_seconds=_remaining(progress),
            )
            # A refit that only compares is told, so that it can be cancelled, and left out of the curve.
            if progress.stage == "compare":
                self.report(event)
            else:
                self(event)

        return callback

    def curve(self) -> tuple[Progress, ...]:
        """Events with a loss, evenly thinned."""
        events = [event for event in self.events if event.loss is not None]
        stride = max(1, -(-len(events) // CURVE_POINTS))
        return tuple(events[::-1][::stride][::-1])


def _remaining(progress: EngineProgress) -> float | None:
    """Seconds until the last step that the stage may take, at its mean pace so far."""
    if progress.step < 1:
        return None
    return max(0.0, progress.seconds / progress.step * (progress.steps - progress.step))


def _finite(loss: float | None) -> float | None:
    return loss if loss is not None and math.isfinite(loss) else None
