"""Counterfactuals: the smallest change of a row with which the output reaches a goal, and how sure that is.

Source: S. Wachter, B. Mittelstadt and C. Russell, "Counterfactual Explanations without Opening the Black Box" (2018);
several answers with different features as in R. Mothilal, A. Sharma and C. Tan, "Explaining Machine Learning
Classifiers through Diverse Counterfactual Explanations" (2020); exact solutions by discrete optimisation as in
B. Ustun, A. Spangher and Y. Liu, "Actionable Recourse in Linear Classification" (2019), here for sums of any functions.

Where the score is a sum of one function per feature, the answer is the cheapest on the grid of all steps
(`kan.explanation.knapsack`); otherwise it is found by `kan.explanation.local_search`. Every answer is scored again by
the network itself before it is given.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from kan.errors import InvalidSetting
from kan.explanation.goals import Aim, Goal
from kan.explanation.landscape import Landscape
from kan.explanation.options import Adjustable, options_of
from kan.explanation.solvers import Counterfactual, ExactSolver, Method, SearchSolver, Solver, distinct, scored
from kan.model import FittedModel

MOST_ALTERNATIVES = 5


@dataclass(frozen=True, eq=False)
class Counterfactuals:
    """The answer to a goal: alternatives, cheapest first, none where no change was found that reaches it.

    `closest` comes as near to the goal as was found, `candidates` counts the rows that were scored or, if exact, the
    values that were combined. `is_optimal` says that nothing cheaper exists on the step grid or, of an empty answer,
    that no row of the grid reaches the goal.
    """

    found: tuple[Counterfactual, ...]
    closest: Counterfactual
    method: Method
    is_optimal: bool
    candidates: int


@torch.no_grad()
def counterfactuals(
    model: FittedModel,
    row: Float[Tensor, " features"],
    goal: Goal,
    adjustable: Sequence[Adjustable] | None = None,
    *,
    immutable: Collection[str] = (),
    most_changes: int | None = None,
    alternatives: int = 1,
) -> Counterfactuals:
    """Return the cheapest changes of an encoded row that reach a goal; without `adjustable`, every feature may change.

    No alternative changes all the features that a cheaper one changes. A row that is there already has one answer,
    without changes. Raises: InvalidGoal, UnknownFeature, ImmutableFeature, InvalidChange, InvalidSetting,
    OutputUndefined (the row itself has no output).
    """
    if not 1 <= alternatives <= MOST_ALTERNATIVES:
        raise InvalidSetting("alternatives", alternatives, f"a whole number from 1 to {MOST_ALTERNATIVES}")
    if most_changes is not None and most_changes < 1:
        raise InvalidSetting("most_changes", most_changes, "a whole number above 0")
    model.predict_link(row.unsqueeze(0))
    aim = Aim(model, goal)
    landscape = Landscape(aim, row, options_of(model, row, adjustable, immutable))
    unchanged = scored(landscape, landscape.staying)
    solver: Solver = ExactSolver(landscape, most_changes) if aim.is_additive else SearchSolver(landscape, most_changes)
    if aim.is_reached(unchanged.value):
        return Counterfactuals((unchanged,), unchanged, solver.method, True, 0)
    found = tuple(distinct(solver, alternatives))
    closest = found[0] if found else max((unchanged, solver.closest()), key=lambda one: aim.sign * one.value)
    return Counterfactuals(found, closest, solver.method, solver.is_optimal, solver.candidates)
