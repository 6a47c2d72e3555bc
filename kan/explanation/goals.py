"""What an output shall reach: a threshold on the response or the link scale, and how near a row is to it.

Every response rises strictly with the link of its own output (P. McCullagh and J. Nelder, "Generalized Linear Models",
1989), so that a goal for it is a goal for a score: the link, or of three classes or more the log odds of one of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from kan.errors import InvalidGoal
from kan.losses import FAMILIES
from kan.model import FittedModel

Scale = Literal["response", "link"]


@dataclass(frozen=True)
class Goal:
    """At least or at most a number, on the response scale (unit of the target, probability) or on the link scale.

    Exactly one of `at_least` and `at_most` is given. `outcome` is the class that is spoken of: needed for three classes
    or more, the positive one of two where nothing is said.
    """

    at_least: float | None = None
    at_most: float | None = None
    scale: Scale = "response"
    outcome: str | None = None


class Aim:
    """A goal of one model, ready to be compared with; `score` rises towards `need` whatever was asked for."""

    def __init__(self, model: FittedModel, goal: Goal) -> None:
        """Read a goal; raises InvalidGoal."""
        self.model, self.scale = model, goal.scale
        self.threshold, self.sign = _threshold(goal)
        self.output, self.is_complement = _output(model, goal.outcome)
        if self.is_complement and goal.scale == "link":
            raise InvalidGoal("outcome", f"the link is that of {model.classes[1]!r}; on its scale, turn the goal round")
        self.is_odds = model.family == "multinomial" and goal.scale == "response"
        link = self.threshold if goal.scale == "link" else _link(model, self.threshold)
        self.need = self.sign * link

    @property
    def is_additive(self) -> bool:
        """Whether the score is a sum of one function per feature."""
        return len(self.model.network.layers) == 1 and not self.is_odds

    def score(self, links: Float[Tensor, "rows outputs"]) -> Float[Tensor, " rows"]:
        """Return how far the outputs have come; NaN where they are not finite."""
        score = links[:, self.output]
        if self.is_odds:
            others = [output for output in range(links.shape[1]) if output != self.output]
            score = score - torch.logsumexp(links[:, others], dim=1)
        towards = -score if self.is_complement else score
        return torch.where(links.isfinite().all(dim=1), self.sign * towards, math.nan)

    def value(self, links: Float[Tensor, "1 outputs"]) -> float:
        """Return what the threshold is compared with, for one row."""
        if self.scale == "link":
            return float(links[0, self.output])
        response = float(FAMILIES[self.model.family].response(links)[0, self.output])
        return 1 - response if self.is_complement else response

    def is_reached(self, value: float) -> bool:
        """Return whether this value satisfies the goal."""
        return self.sign * value >= self.sign * self.threshold


def _threshold(goal: Goal) -> tuple[float, int]:
    if (goal.at_least is None) == (goal.at_most is None):
        raise InvalidGoal("at_least or at_most", "give exactly one of them")
    threshold, sign = (goal.at_most, -1) if goal.at_least is None else (goal.at_least, 1)
    if threshold is None or not math.isfinite(threshold):
        raise InvalidGoal("at_least or at_most", f"{threshold!r} is not a finite number")
    return threshold, sign


def _output(model: FittedModel, outcome: str | None) -> tuple[int, bool]:
    """Return the output that is meant, and whether it is the other class's."""
    classes: Sequence[str] = model.classes
    if outcome is None:
        if len(classes) > 2:
            raise InvalidGoal("outcome", f"the model has {len(classes)} classes; name one of them")
        return 0, False
    if outcome not in classes:
        known = ", ".join(repr(one) for one in classes) if classes else "none, it predicts a quantity"
        raise InvalidGoal("outcome", f"{outcome!r} is not an outcome of the model; it has {known}")
    position = list(classes).index(outcome)
    return (0, position == 0) if model.family == "binomial" else (position, False)


def _link(model: FittedModel, response: float) -> float:
    """Return the link (of three classes or more: the log odds) at a response; raises InvalidGoal if no row has it."""
    if model.family == "gaussian":
        return response
    if model.family in ("poisson", "gamma"):
        if not response > 0:
            raise InvalidGoal("at_least or at_most", f"{response!r} is out of reach: the response is above 0")
        return math.log(response)
    if not 0 < response < 1:
        raise InvalidGoal(
            "at_least or at_most", f"{response!r} is out of reach: a probability lies between 0 and 1, without these"
        )
    return math.log(response) - math.log1p(-response)
