"""Exact interventional Shapley values of features and groups of features, from the structure of the network.

    φ[g] = Σ_{S∌g} |S|! (d − 1 − |S|)! / d! · (v(S ∪ g) − v(S)),    v(S) = f(x_S, x′_rest)

averaged over reference rows x′: L. S. Shapley, "A Value for n-Person Games" (1953); D. Janzing, L. Minorics and
P. Blöbaum, "Feature Relevance Quantification in Explainable AI: A Causal Problem" (2020). The network is taken apart
into small games (`kan.explanation.coalitions`). In each of them a coalition and the one of all other players have the
same weight with opposite sign, so that half of the differences suffice:

    φ[g] = Σ_{S∋g} w(|S| − 1) · (v(S) − v(all without S)),    w(s) = s! (d − 1 − s)! / d!

Players that add nothing to any node are left out, pair of rows by pair of rows: they get 0. Games that are too large
are sampled (`kan.explanation.permutations`).

Symbols: d players of a game, `rows` explained, `groups` of features, `pairs` of a row and a reference row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from kan.errors import IdentityViolated, InvalidSetting
from kan.explanation.coalitions import (
    Game,
    Pairs,
    TracedGames,
    TracedRows,
    block_sizes,
    coalition_values,
    ordered_sum,
    paired,
    shapley_weights,
    sizes,
)
from kan.explanation.edge_flow import TOLERANCE
from kan.explanation.permutations import sampled

COALITIONS = 2**14  # per game, row and reference row
CHUNK_ROWS = 4096
Method = Literal["additive", "exact", "sampled"]


@dataclass(frozen=True, eq=False)
class ShapleyValues:
    """The Shapley values of some rows for one output, on the link scale.

    `groups` are positions of features; one column of `values` belongs to each. `method` is additive (a closed form),
    exact (coalitions were enumerated) or sampled (some game was too large); `standard_errors` are 0 unless sampled.
    Values always sum to f(x) − `base_value`: `residuals` is |Σ φ − Δf| / max(1, |Δf|) of every row.
    """

    outputs: Float[Tensor, " rows"]
    base_value: float
    values: Float[Tensor, "rows groups"]
    standard_errors: Float[Tensor, "rows groups"]
    method: Method
    residuals: Float[Tensor, " rows"]
    groups: tuple[tuple[int, ...], ...]


def shapley_values(
    games: TracedGames, x: Float[Tensor, "rows features"], *, coalitions: int = COALITIONS
) -> ShapleyValues:
    """Return the Shapley value of every group for every row, measured against the mean over the reference rows.

    A game with more than so many `coalitions` is sampled, with about as many evaluations. Raises `ShapeMismatch`,
    `InvalidSetting`, and `IdentityViolated` where the values miss the difference or an output is not finite.
    """
    if coalitions < 1:
        raise InvalidSetting("coalitions", coalitions, "a whole number of at least 1")
    parts = [_explained(games, games.trace(chunk), coalitions) for chunk in x.split(CHUNK_ROWS)]
    outputs, values, errors = (torch.from_numpy(np.concatenate(part, axis=-1)) for part in zip(*parts, strict=True))
    base_value = mean_output(games)
    return ShapleyValues(
        outputs=outputs,
        base_value=base_value,
        values=values.T,
        standard_errors=errors.T,
        method=shapley_method(games, coalitions),
        residuals=checked_residuals(values.T, outputs - base_value),
        groups=games.groups,
    )


def shapley_method(games: TracedGames, coalitions: int = COALITIONS) -> Method:
    """Return how the values of these games are found, where more than so many `coalitions` are sampled."""
    if not games.games:
        return "additive"
    return "exact" if all(_is_small(game, coalitions) for game in games.games) else "sampled"


def mean_output(games: TracedGames) -> float:
    """Return the mean of the output over the reference rows."""
    return float(ordered_sum(games.reference.outputs)) / len(games.reference)


def checked_residuals(
    values: Float[Tensor, "rows groups"], difference: Float[Tensor, " rows"]
) -> Float[Tensor, " rows"]:
    """Return how far every row is from its difference, relatively; raises `IdentityViolated` above the tolerance."""
    total = torch.from_numpy(ordered_sum(values.T.numpy()))
    residuals = (total - difference).abs() / difference.abs().clamp(min=1.0)
    largest = float(residuals.max()) if len(residuals) else 0.0
    if not largest <= TOLERANCE:
        raise IdentityViolated(0, largest, TOLERANCE)
    return residuals


def line_values(games: TracedGames, rows: TracedRows) -> Float[np.ndarray, "groups rows"]:
    """Return what every group contributes by lines alone, in closed form."""
    values = np.zeros((len(games.groups), len(rows)))
    for slope, node in games.lines:
        shares, own = rows.shares[node], games.reference.shares[node]
        first = own[:, :1]  # the mean is measured from it, so that equal shares have exactly themselves as mean
        mean = first[:, 0] + ordered_sum((own - first).T) / len(games.reference)
        values += slope * (shares - mean[:, None])
    return values


def exact_sum(
    game: Game,
    rows: TracedRows,
    reference: TracedRows,
    of_pairs: Callable[[Game, Pairs], Float[np.ndarray, "*results pairs"]],
) -> Float[np.ndarray, "*results rows"]:
    """Return the sum over the reference rows of what `of_pairs` says about pairs, block by block."""
    row_count, reference_count = block_sizes(2 ** len(game.players), len(reference))
    blocks = []
    for start in range(0, len(rows), row_count):
        own = rows.rows(start, start + row_count)
        sums = []
        for first in range(0, len(reference), reference_count):
            others = reference.rows(first, first + reference_count)
            found = of_pairs(game, paired(game, own, others))
            sums.append(ordered_sum(np.moveaxis(found.reshape(*found.shape[:-1], len(own), len(others)), -1, 0)))
        blocks.append(ordered_sum(np.stack(sums)) if len(sums) > 1 else sums[0])
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=-1)


def _explained(
    games: TracedGames, rows: TracedRows, coalitions: int
) -> tuple[Float[np.ndarray, " rows"], Float[np.ndarray, "groups rows"], Float[np.ndarray, "groups rows"]]:
    """Return outputs, values and standard errors."""
    values, variances = line_values(games, rows), np.zeros((len(games.groups), len(rows)))
    for game in games.games if len(rows) else ():
        players = list(game.players)
        if _is_small(game, coalitions):
            values[players] += exact_sum(game, rows, games.reference, _of_pairs) / len(games.reference)
        else:
            means, squares = sampled(game, rows, games.reference, coalitions)
            values[players] += means
            variances[players] += squares
    return rows.outputs, values, np.sqrt(variances)


def _is_small(game: Game, coalitions: int) -> bool:
    size: int = 2 ** len(game.players)
    return size <= coalitions


def _of_pairs(game: Game, pairs: Pairs) -> Float[np.ndarray, "players pairs"]:
    """Return the Shapley values of every pair; only active players are enumerated."""
    active = (pairs.steps != 0).any(axis=0)
    if active.all():
        return _enumerated(game, pairs)
    values = np.zeros(active.shape)
    for players, columns in by_active_players(active):
        values[players, columns] = _enumerated(game, chosen_players(pairs, players, columns))
    return values


def by_active_players(
    active: Bool[np.ndarray, "players pairs"],
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the pairs with equally many active players: which players those are, and which pairs."""
    counts, order = active.sum(axis=0), np.argsort(~active, axis=0, kind="stable")
    found = []
    for count in np.unique(counts[counts > 0]):
        columns = np.flatnonzero(counts == count)
        found.append((order[:count, columns], columns))
    return found


def chosen_players(pairs: Pairs, players: np.ndarray, columns: np.ndarray) -> Pairs:
    """Return some pairs with some players of each."""
    return Pairs(pairs.begin[:, columns], pairs.end[:, columns], pairs.steps[:, players, columns])


def _enumerated(game: Game, pairs: Pairs) -> Float[np.ndarray, "players pairs"]:
    """Return the Shapley values by the value of every coalition.

    With T the coalitions that have the last player, Σ_{T∋g} (w(|T| − 1) + w(|T|)) · Δ(T) − Σ_T w(|T|) · Δ(T) is the
    value of g, where Δ(T) = v(T) − v(all without T); folding the coalitions in half, player by player, gives all sums.
    """
    values = coalition_values(game, pairs)
    half, players = len(values) // 2, pairs.steps.shape[1]
    differences = values[half:] - values[half - 1 :: -1]
    before, after = _weights(players)
    common = ordered_sum(differences * after)
    np.multiply(differences, before + after, out=differences)
    found = np.empty((players, values.shape[1]))
    for player in range(players - 2, -1, -1):
        with_player = differences[len(differences) // 2 :]
        found[player] = ordered_sum(with_player)
        differences = differences[: len(differences) // 2] + with_player
    found[players - 1] = differences[0]
    found -= common
    return found


@lru_cache
def _weights(players: int) -> tuple[Float[np.ndarray, "coalitions 1"], Float[np.ndarray, "coalitions 1"]]:
    """Return w(|T| − 1) and w(|T|) of the coalitions that have the last player; w(d) is 0."""
    counts = sizes(players - 1).astype(np.intp)
    weights = np.append(shapley_weights(players), 0.0)
    return weights[counts][:, None], weights[counts + 1][:, None]
