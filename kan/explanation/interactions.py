"""Pairwise Shapley interactions: what two features contribute together, beyond what each contributes.

    I[g,k] = Σ_{S∌g,k} |S|! (d − 2 − |S|)! / (d − 1)! · (v(S ∪ g,k) − v(S ∪ g) − v(S ∪ k) + v(S))

M. Grabisch and M. Roubens, "An Axiomatic Approach to the Concept of Interaction Among Players in Cooperative Games"
(1999). As in S. Lundberg, G. Erion and S.-I. Lee, "Consistent Individualized Feature Attribution for Tree Ensembles"
(2018), each of the two has half of it, and the diagonal what is left of a feature's Shapley value: a row of the matrix
sums to the Shapley value, the matrix to the difference.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from kan.errors import InvalidSetting
from kan.explanation.coalitions import Game, Pairs, TracedGames, coalition_values, ordered_sum, sizes
from kan.explanation.shapley import (
    COALITIONS,
    by_active_players,
    checked_residuals,
    chosen_players,
    exact_sum,
    shapley_values,
)


@dataclass(frozen=True, eq=False)
class ShapleyInteractions:
    """The Shapley interactions of some rows for one output, on the link scale; `values` are symmetric.

    `groups` are positions of features; they are the rows and columns of `values`. `residuals` is
    |Σ values − Δf| / max(1, |Δf|) of every row, where Δf = f(x) − `base_value`.
    """

    outputs: Float[Tensor, " rows"]
    base_value: float
    values: Float[Tensor, "rows groups groups"]
    residuals: Float[Tensor, " rows"]
    groups: tuple[tuple[int, ...], ...]


def shapley_interactions(
    games: TracedGames, x: Float[Tensor, "rows features"], *, coalitions: int = COALITIONS
) -> ShapleyInteractions:
    """Return the exact interactions of all pairs of groups, measured against the mean over the reference rows.

    Raises what `shapley_values` raises, and `InvalidSetting` where a game has more than so many `coalitions`.
    """
    largest = 2 ** max((len(game.players) for game in games.games), default=0)
    if largest > coalitions:
        expected = f"at least {largest}, for so many coalitions has a node of this network; group some features"
        raise InvalidSetting("coalitions", coalitions, expected)
    alone = shapley_values(games, x, coalitions=coalitions)
    count = len(games.groups)
    found, rows = np.zeros((count, count, len(x))), games.trace(x)
    for game in games.games if len(x) else ():
        mean = exact_sum(game, rows, games.reference, _of_pairs) / len(games.reference)
        found[np.ix_(game.players, game.players)] += mean / 2
    diagonal = range(count)
    found[diagonal, diagonal] = alone.values.T.numpy() - ordered_sum(found)
    values = torch.from_numpy(found).permute(2, 0, 1)
    return ShapleyInteractions(
        outputs=alone.outputs,
        base_value=alone.base_value,
        values=values,
        residuals=checked_residuals(values.flatten(1), alone.outputs - alone.base_value),
        groups=games.groups,
    )


def _of_pairs(game: Game, pairs: Pairs) -> Float[np.ndarray, "players players pairs"]:
    """Return the interactions of every pair of rows; only active players are enumerated."""
    active = (pairs.steps != 0).any(axis=0)
    found = np.zeros((len(active), *active.shape))
    for players, columns in by_active_players(active):
        found[players[:, None], players[None], columns] = _enumerated(game, chosen_players(pairs, players, columns))
    return found


def _enumerated(game: Game, pairs: Pairs) -> Float[np.ndarray, "players players pairs"]:
    """Return the interactions by the value of every coalition; the diagonal is 0."""
    values, (_, players, count) = coalition_values(game, pairs), pairs.steps.shape
    found = np.zeros((players, players, count))
    if players < 2:
        return found
    each = np.array([1 / ((players - 1) * math.comb(players - 2, size)) for size in range(players - 1)])
    weights = each[sizes(players - 2).astype(np.intp)][:, None]
    for one in range(players):
        for other in range(one):
            # The bits of a coalition's number, apart: those above `one`, between both players, and below `other`.
            bits = values.reshape(2 ** (players - 1 - one), 2, 2 ** (one - other - 1), 2, 2**other, count)
            with_one, without = bits[:, 1], bits[:, 0]
            change = (with_one[:, :, 1] - with_one[:, :, 0]) - (without[:, :, 1] - without[:, :, 0])
            found[one, other] = found[other, one] = ordered_sum(change.reshape(-1, count) * weights)
    return found
