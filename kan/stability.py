"""Which of some forms of an edge is chosen, and how sure that is: over the rows, and over the tolerance.

Every form was tried inside the network. Those are allowed whose loss on held-out rows is above that of the splines by
at most the tolerance times what these explain; of them the simplest wins that is hardly worse than the best.
"""

import itertools
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from kan.comparison import Trial, is_no_worse, paired_difference
from kan.symbolic.fitting import Candidate

RESAMPLES = 200  # draws of the rows that tell how stable a choice is

Tried = tuple[Candidate, Trial]


def winner(complexities: Sequence[int], losses: Sequence[Float[Tensor, " rows"]], slack: float) -> int:
    """Return the place of the simplest of those that are hardly worse than the best; `slack` does not matter."""
    best = min(losses, key=lambda one: float(one.mean()))
    good = [at for at, one in enumerate(losses) if is_no_worse(one, best, slack)]
    return min(good, key=lambda at: (complexities[at], float(losses[at].mean())))


def share_of_resamples(chosen: Candidate, trials: Sequence[Tried], slack: float, seed: int) -> float:
    """Return in which share of bootstrap samples of the rows the same function wins."""
    if len(trials) < 2:
        return 1.0
    generator = torch.Generator().manual_seed(seed)
    complexities, losses = [one.complexity for one, _ in trials], torch.stack([trial.losses for _, trial in trials])
    rows, same = losses.shape[1], 0
    for _ in range(RESAMPLES):
        drawn = torch.randint(rows, (rows,), generator=generator)
        won = trials[winner(complexities, list(losses[:, drawn]), slack)][0]
        same += won.form.function == chosen.form.function
    return same / RESAMPLES


def tolerance_range(
    chosen: Candidate | None, trials: Sequence[Tried], slack: float, loss_splines: float, explained: float
) -> tuple[float, float]:
    """Return from which tolerance to which one an edge would become the same function, or stay a spline for None.

    `slack` is the tolerance of the choice times what the splines `explain`. Only forms that were tried can win; a refit
    that was ended early because its loss was out of reach may have made its form look worse than it is.
    """
    if explained <= 0 or not trials:
        return 0.0, 1.0
    present = slack / explained
    wanted = None if chosen is None else chosen.form.function
    turns = _turns(trials, loss_splines, explained)
    inside = next(at for at, end in enumerate(turns[1:]) if present < end)
    same = [
        _function(trials, (low + high) / 2, loss_splines, explained) == wanted
        for low, high in itertools.pairwise(turns)
    ]
    first = last = inside
    while first > 0 and same[first - 1]:
        first -= 1
    while last + 1 < len(same) and same[last + 1]:
        last += 1
    return turns[first], turns[last + 1]


def _turns(trials: Sequence[Tried], loss_splines: float, explained: float) -> list[float]:
    """Return 0, the tolerances at which another form may win, and 1."""
    found = {(trial.loss - loss_splines) / explained for _, trial in trials}
    for (_, one), (_, other) in itertools.permutations(trials, 2):
        found.add(paired_difference(one.losses, other.losses)[0] / explained)
    return [0.0, *sorted(one for one in found if 0 < one < 1), 1.0]


def _function(trials: Sequence[Tried], tolerance: float, loss_splines: float, explained: float) -> str | None:
    """Return the function that wins at a tolerance, None where no form is allowed."""
    slack = tolerance * explained
    allowed = [one for one in trials if one[1].loss <= loss_splines + slack]
    if not allowed:
        return None
    losses = [trial.losses for _, trial in allowed]
    return allowed[winner([one.complexity for one, _ in allowed], losses, slack)][0].form.function
