"""Shapley values of games with too many coalitions: means over permutations of the players, with standard errors.

In a permutation every player adds the change of the value when it joins those before it; the Shapley value is the
expectation. Permutations come in pairs, one the reverse of the other: J. Castro, D. Gómez and J. Tejada, "Polynomial
Calculation of the Shapley Value Based on Sampling" (2009); R. Mitchell, J. Cooper, E. Frank and G. Holmes, "Sampling
Permutations for Shapley Value Estimation" (2022). The changes along a permutation telescope, so that the values sum to
the difference exactly, however few permutations there are.

Permutations are drawn from the structure of the game and the place of a reference row among all, never from chance:
the same row has the same values whenever and with whatever rows it is explained. The standard error counts one pair of
permutations, taken for all reference rows, as one draw.

Symbols: d players, `draws` pairs of permutations, `pairs` of a row and a reference row.
"""

import numpy as np
from jaxtyping import Float, Int

from kan.explanation.coalitions import CHUNK, Game, Pairs, TracedRows, ordered_sum, paired

FEWEST_DRAWS = 16
TOTALS = 2**20  # numbers that are kept for the standard errors at once


def sampled(
    game: Game, rows: TracedRows, reference: TracedRows, evaluations: int
) -> tuple[Float[np.ndarray, "players rows"], Float[np.ndarray, "players rows"]]:
    """Return the Shapley values and their squared standard errors, by about so many evaluations per pair of rows."""
    players = len(game.players)
    draws = max(FEWEST_DRAWS, evaluations // (2 * players))
    row_count = max(1, TOTALS // (draws * players))
    parts = []
    for start in range(0, len(rows), row_count):
        totals = _totals(game, rows.rows(start, start + row_count), reference, draws) / len(reference)
        mean = ordered_sum(totals) / draws
        parts.append((mean, ordered_sum((totals - mean) ** 2) / (draws * (draws - 1))))
    means, squares = (np.concatenate(part, axis=1) for part in zip(*parts, strict=True))
    return means, squares


def _totals(game: Game, rows: TracedRows, reference: TracedRows, draws: int) -> Float[np.ndarray, "draws players rows"]:
    """Return for every draw the sum over the reference rows."""
    players = len(game.players)
    reference_count = min(len(reference), max(1, CHUNK // (2 * players)))
    row_count = max(1, CHUNK // (2 * players * reference_count))
    totals = np.zeros((draws, players, len(rows)))
    for first in range(0, len(reference), reference_count):
        others = reference.rows(first, first + reference_count)
        orders = _permutations(game, first, draws, len(others))
        for start in range(0, len(rows), row_count):
            own = rows.rows(start, start + row_count)
            pairs = paired(game, own, others)
            together = max(1, CHUNK // (2 * players * pairs.begin.shape[1]))
            for draw in range(0, draws, together):
                found = _changes(game, pairs, np.tile(orders[:, draw : draw + together], (1, 1, len(own))))
                summed = ordered_sum(np.moveaxis(found.reshape(*found.shape[:2], len(own), len(others)), -1, 0))
                totals[draw : draw + together, :, start : start + row_count] += summed.transpose(1, 0, 2)
    return totals


def _permutations(game: Game, first: int, draws: int, reference: int) -> Int[np.ndarray, "players draws reference"]:
    """Return random orders of the players; raw numbers of the generator never change with the version of NumPy."""
    players = len(game.players)
    generator = np.random.PCG64(np.random.SeedSequence([first, draws, *game.nodes, players, *game.players]))
    keys = np.asarray(generator.random_raw(draws * reference * players)).reshape(draws, reference, players)
    return np.ascontiguousarray(np.argsort(keys, axis=2, kind="stable").transpose(2, 0, 1))


def _changes(
    game: Game, pairs: Pairs, orders: Int[np.ndarray, "players draws pairs"]
) -> Float[np.ndarray, "players draws pairs"]:
    """Return what every player adds, on average over each order and its reverse."""
    steps = np.take_along_axis(pairs.steps[:, :, None], orders[None], axis=1)
    begin = np.broadcast_to(pairs.begin[:, None, None], (len(steps), 1, *orders.shape[1:]))
    end = np.broadcast_to(pairs.end[:, None, None], begin.shape)
    joined = np.concatenate([begin, begin + np.cumsum(steps[:, :-1], axis=1), end], axis=1)
    reverse = np.concatenate([begin, begin + np.cumsum(steps[:, :0:-1], axis=1), end], axis=1)
    both = np.stack([joined, reverse], axis=1)
    values = game.values(both.reshape(len(steps), -1)).reshape(both.shape[1:])
    changes = np.diff(values, axis=1)
    found = np.empty(orders.shape)
    np.put_along_axis(found, orders, (changes[0] + changes[1, ::-1]) / 2, axis=0)
    active = (pairs.steps != 0).any(axis=0)[:, None]
    return np.where(active, found, 0.0)  # the last player's change is not without rounding
