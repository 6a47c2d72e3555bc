"""Challengers: models of other kinds on the split of a version, and whether one of them is the better tool."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from service.domain.documents import Document
from service.domain.training_configuration import Metric

ChallengerName = Literal["linear", "gradient_boosting", "random_forest", "perceptron"]


class Challenger(Document):
    """One other model and how it does on the same held-out rows."""

    name: ChallengerName
    title: str
    settings: str
    metrics: tuple[Metric, ...]
    difference: float = Field(description="Its compared loss minus the KAN's: negative where the challenger is better.")
    lower: float = Field(description="Lower end of the 95 % interval of the difference.")
    upper: float

    @property
    def is_better(self) -> bool:
        """Whether it beats the KAN beyond the interval."""
        return self.upper < 0


class ChallengerReport(Document):
    """All challengers of a version, and the conclusion."""

    compared: str = Field(description="The loss whose differences have intervals: Brier score, or RMSE.")
    rows: int
    resamples: int
    seed: int
    metrics: tuple[Metric, ...] = Field(description="Of the version itself, on the same rows.")
    challengers: tuple[Challenger, ...]
    kan_is_wrong_tool: bool
    verdict: str
    library_versions: dict[str, str]


def conclude(compared: str, challengers: Sequence[Challenger]) -> tuple[bool, str]:
    """Whether the best challenger beats the KAN beyond chance, and a sentence that says so plainly."""
    best = min(challengers, key=lambda one: one.difference)
    gap = f"{abs(best.difference):.4g}"
    if best.is_better:
        interval = f"95 % interval {-best.upper:.4g} to {-best.lower:.4g}"
        return True, (
            f"A KAN is the wrong tool here, if accuracy is what counts: {best.title} has a {compared} that is lower "
            f"by {gap} ({interval})."
        )
    interval = f"95 % interval of the difference {best.lower:.4g} to {best.upper:.4g}"
    side = "lower" if best.difference < 0 else "higher"
    return False, (
        f"No challenger is better than the KAN beyond chance: the best, {best.title}, has a {compared} that is {side} "
        f"by {gap} ({interval})."
    )
