"""The games of a network: who plays, and what every coalition of players is worth.

Against one reference row x′, the coalition S of features has the value f(x_S, x′_rest). Every node of the first hidden
layer is a sum, so that of a coalition is one cached number per player away from that of another:

    h[j](S) = h[j](x′) + Σ_{g∈S} Δ[j,g],    Δ[j,g] = Σ_{i∈g} φ[0,j,i](x_i) − φ[0,j,i](x′_i)

The output is a sum of edges too, f = b + Σ_j ψ[j](h[j]), and the Shapley value is additive over games, so that every
edge ψ[j] is a game of its own, in which only those features play that reach its node. Lines hand their sum on to the
node before them; what then comes from a feature itself is a game of one player. Edges with the same players share a
game.

Symbols: j nodes, i features, g players (a feature or a group of features), Δ `steps`, h `sums`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from kan.errors import InvalidSetting, NoRows, UnknownFeature
from kan.explanation.edge_functions import EdgeFunction, FormFunction, edge_function
from kan.layer import ZERO, Layer
from kan.network import Network
from kan.prepared.network import PreparedNetwork

CHUNK = 2**16  # numbers in one intermediate array (512 KiB), so that it stays near the processor

Place = tuple[int, int]  # layer and node


@dataclass(frozen=True, eq=False)
class Game:
    """Edges with the same players, and the part of the network between the first hidden layer and them.

    `players` are groups, `nodes` those of the first hidden layer, `inner` the nodes behind them in order of their
    layers: place, bias, and its edges by source. `ends` are the edges that end the game, each with a factor.
    """

    players: tuple[int, ...]
    nodes: tuple[int, ...]
    inner: tuple[tuple[Place, float, tuple[tuple[Place, EdgeFunction], ...]], ...]
    ends: tuple[tuple[float, Place, EdgeFunction], ...]

    def values(self, sums: Float[np.ndarray, "nodes coalitions"]) -> Float[np.ndarray, " coalitions"]:
        """Return the value of every coalition, given its sums at `nodes`."""
        count = sums.shape[1]
        parts = [self._values(sums[:, start : start + CHUNK]) for start in range(0, count, CHUNK)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _values(self, sums: Float[np.ndarray, "nodes coalitions"]) -> Float[np.ndarray, " coalitions"]:
        known: dict[Place, Float[np.ndarray, " coalitions"]] = {
            (1, node): one for node, one in zip(self.nodes, sums, strict=True)
        }
        for place, bias, edges in self.inner:
            total = np.full(sums.shape[1], bias)
            for source, function in edges:
                total += function(known[source])
            known[place] = total
        worth = [function(known[source]) for _, source, function in self.ends]
        for (factor, _, _), values in zip(self.ends, worth, strict=True):
            if factor != 1.0:
                values *= factor
        for values in worth[1:]:
            worth[0] += values
        return worth[0]


@dataclass(frozen=True, eq=False)
class TracedRows:
    """What the games need of some rows: the output, the first hidden layer, and per node the share of every group."""

    outputs: Float[np.ndarray, " rows"]
    nodes: Float[np.ndarray, "nodes rows"]
    shares: Float[np.ndarray, "nodes groups rows"]

    def __len__(self) -> int:
        return len(self.outputs)

    def rows(self, start: int, stop: int) -> "TracedRows":
        """Return the part between two rows."""
        return TracedRows(self.outputs[start:stop], self.nodes[:, start:stop], self.shares[:, :, start:stop])


@dataclass(frozen=True, eq=False)
class TracedGames:
    """One output of a network as games of groups of features, and the reference rows; made by `trace_games`.

    `lines` are the nodes of the first layer that reach the output by lines alone, with the slope. Reference rows are
    sorted, so that their order is no part of an answer.
    """

    network: PreparedNetwork
    output: int
    groups: tuple[tuple[int, ...], ...]
    lines: tuple[tuple[float, int], ...]
    games: tuple[Game, ...]
    reference: TracedRows

    @torch.no_grad()
    def trace(self, x: Float[Tensor, "rows features"]) -> TracedRows:
        """Return rows as the games need them; raises `ShapeMismatch`."""
        return _traced(self.network, x, self.output, self.groups)


@torch.no_grad()
def trace_games(
    network: Network,
    reference: Float[Tensor, "reference features"],
    *,
    output: int = 0,
    groups: Sequence[Sequence[int]] | None = None,
    prepared: PreparedNetwork | None = None,
) -> TracedGames:
    """Return the games of one output against the reference rows; who has the network prepared hands that in.

    `groups` are disjoint lists of all features, by position; every feature is a group of its own if there are none.
    Raises `ShapeMismatch`, `NoRows` (an empty reference), `InvalidSetting` (no such output, other groups).
    """
    if not 0 <= output < network.shape[-1]:
        raise InvalidSetting("output", output, f"a whole number from 0 to {network.shape[-1] - 1}")
    if len(reference) == 0:
        raise NoRows
    players = _checked_groups(groups, network.shape[0])
    ordered = torch.from_numpy(reference.numpy()[np.lexsort(reference.numpy().T)])
    lines, ends = _split(network, output)
    games = _games(network, ends, players)
    prepared = prepared or PreparedNetwork.of(network)
    traced = _traced(prepared, ordered, output, players)
    return TracedGames(prepared, output, players, lines, games, traced)


def group_positions(features: Sequence[str], groups: Mapping[str, Sequence[str]]) -> list[list[int]]:
    """Return the positions of the features of every group, then those that are in no group; raises UnknownFeature."""
    named = [name for group in groups.values() for name in group]
    for name in named:
        if name not in features:
            raise UnknownFeature(name, features)
    found = [[features.index(name) for name in group] for group in groups.values()]
    return found + [[position] for position, name in enumerate(features) if name not in named]


def _checked_groups(groups: Sequence[Sequence[int]] | None, features: int) -> tuple[tuple[int, ...], ...]:
    if groups is None:
        return tuple((feature,) for feature in range(features))
    found = tuple(tuple(sorted(group)) for group in groups)
    if sorted(feature for group in found for feature in group) != list(range(features)) or () in found:
        raise InvalidSetting("groups", groups, f"lists that have every feature from 0 to {features - 1} exactly once")
    return found


def _traced(
    network: PreparedNetwork, x: Float[Tensor, "rows features"], output: int, groups: tuple[tuple[int, ...], ...]
) -> TracedRows:
    first, rest = network.layers[0], network.layers[1:]
    player = {feature: position for position, group in enumerate(groups) for feature in group}
    edges = list(zip(first.edges.targets.tolist(), first.edges.sources.tolist(), strict=True))
    outputs, nodes = np.empty(len(x)), np.empty((first.out_features, len(x)))
    shares = np.zeros((first.out_features, len(groups), len(x)))
    with np.errstate(all="ignore"):
        for start, stop, block in network.blocks(x.numpy()):
            rows, count = slice(start, stop), stop - start
            values = first.values(block)
            for (target, source), one in zip(edges, values, strict=True):
                shares[target, player[source], rows] += one[:count]
            found = first.nodes(values)
            nodes[:, rows] = found[:, :count]
            for layer in rest:
                found = layer.nodes(layer.values(found))
            outputs[rows] = found[output, :count]
    return TracedRows(outputs, nodes, shares)


# How an output is taken apart


def _split(
    network: Network, output: int
) -> tuple[tuple[tuple[float, int], ...], list[tuple[float, Place, EdgeFunction]]]:
    """Return the nodes of the first layer that the output is linear in, and the edges that it is a sum of."""
    slopes: dict[Place, float] = {(len(network.layers), output): 1.0}
    ends: list[tuple[float, Place, EdgeFunction]] = []
    for position in range(len(network.layers) - 1, 0, -1):
        layer = network.layer(position)
        for (_, target), factor in [one for one in slopes.items() if one[0][0] == position + 1]:
            for source in _sources(layer, target):
                function = edge_function(layer, target, source)
                slope = function.slope if isinstance(function, FormFunction) else None
                if slope is None:
                    ends.append((factor, (position, source), function))
                else:
                    slopes[position, source] = slopes.get((position, source), 0.0) + factor * slope
    lines = tuple((factor, node) for (position, node), factor in slopes.items() if position == 1)
    return lines, ends


def _sources(layer: Layer, target: int) -> list[int]:
    sources: list[int] = (layer.kinds[target] != ZERO).nonzero().flatten().tolist()
    return sources


def _games(
    network: Network, ends: list[tuple[float, Place, EdgeFunction]], groups: tuple[tuple[int, ...], ...]
) -> tuple[Game, ...]:
    """Return one game per set of players, in a fixed order."""
    shared: dict[tuple[int, ...], list[tuple[float, Place, EdgeFunction]]] = {}
    for end in ends:
        features = {place[1] for place in _before(network, [end[1]]) if place[0] == 0}
        players = tuple(player for player, group in enumerate(groups) if not features.isdisjoint(group))
        if players:
            shared.setdefault(players, []).append(end)
    found = []
    for players, own in sorted(shared.items(), key=lambda one: one[0]):
        places = sorted(_before(network, [place for _, place, _ in own]))
        inner = tuple(_inner(network, place) for place in places if place[0] > 1)
        nodes = tuple(node for position, node in places if position == 1)
        found.append(Game(players, nodes, inner, tuple(own)))
    return tuple(found)


def _before(network: Network, places: list[Place]) -> set[Place]:
    """Return the places and everything that they depend on, back to the features."""
    found, waiting = set(places), list(places)
    while waiting:
        position, node = waiting.pop()
        if position == 0:
            continue
        sources = {(position - 1, source) for source in _sources(network.layer(position - 1), node)}
        waiting += sources - found
        found |= sources
    return found


def _inner(network: Network, place: Place) -> tuple[Place, float, tuple[tuple[Place, EdgeFunction], ...]]:
    position, node = place
    layer = network.layer(position - 1)
    edges = [((position - 1, source), edge_function(layer, node, source)) for source in _sources(layer, node)]
    return place, float(layer.bias[node]), tuple(edges)


# Coalitions


@dataclass(frozen=True, eq=False)
class Pairs:
    """Rows paired with reference rows, for one game: sums of the empty coalition and of all, and what players add."""

    begin: Float[np.ndarray, "nodes pairs"]
    end: Float[np.ndarray, "nodes pairs"]
    steps: Float[np.ndarray, "nodes players pairs"]


def paired(game: Game, rows: TracedRows, reference: TracedRows) -> Pairs:
    """Return every row with every reference row, the reference rows of one row next to each other."""
    nodes, players, counts = list(game.nodes), list(game.players), (len(rows), len(reference))
    chosen = np.ix_(nodes, players)
    steps = rows.shares[chosen][..., None] - reference.shares[chosen][..., None, :]
    begin = np.broadcast_to(reference.nodes[nodes][:, None], (len(nodes), *counts))
    end = np.broadcast_to(rows.nodes[nodes][..., None], (len(nodes), *counts))
    return Pairs(
        begin.reshape(len(nodes), -1), end.reshape(len(nodes), -1), steps.reshape(len(nodes), len(players), -1)
    )


def coalition_values(game: Game, pairs: Pairs) -> Float[np.ndarray, "coalitions pairs"]:
    """Return the values of all 2^d coalitions; bit k of a coalition's number says whether player k belongs to it."""
    nodes, players, count = pairs.steps.shape
    sums = np.empty((nodes, 2**players, count))
    sums[:, 0] = pairs.begin
    for player in range(players):
        np.add(sums[:, : 2**player], pairs.steps[:, player, None], out=sums[:, 2**player : 2 ** (player + 1)])
    sums[:, -1] = pairs.end  # by another way of rounding it might lie on the other side of a step
    return game.values(sums.reshape(nodes, -1)).reshape(-1, count)


def block_sizes(coalitions: int, reference: int) -> tuple[int, int]:
    """Return how many rows and reference rows are paired at once; the second does not depend on the rows."""
    reference_count = min(reference, max(1, CHUNK // coalitions))
    return max(1, CHUNK // (coalitions * reference_count)), reference_count


def ordered_sum(terms: Float[np.ndarray, "first *others"]) -> Float[np.ndarray, "*others"]:
    """Return the sum over the first axis, pairwise in a fixed order and with a small rounding error."""
    while len(terms) > 1:
        half = len(terms) // 2
        paired_terms = terms[:half] + terms[half : 2 * half]
        terms = np.concatenate([paired_terms, terms[2 * half :]]) if len(terms) % 2 else paired_terms
    total: Float[np.ndarray, "*others"] = terms[0, ...]  # the ellipsis keeps a single number an array
    return total


def sizes(players: int) -> Float[np.ndarray, " coalitions"]:
    """Return the number of players of every coalition."""
    counts = np.zeros(1)
    for _ in range(players):
        counts = np.concatenate([counts, counts + 1])
    return counts


def shapley_weights(players: int) -> Float[np.ndarray, " players"]:
    """Return s! (d − 1 − s)! / d! for coalitions of s = 0 … d − 1 players: how often they come before a player."""
    return np.array([1 / (players * math.comb(players - 1, size)) for size in range(players)])
