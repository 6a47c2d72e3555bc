"""Terms of two inputs beside the terms of one, where they pay.

A pair of numeric inputs gets two hidden nodes that only it feeds: with x + y and x - y they start where a product is
two squares, x·y = ((x + y)² - (x - y)²) / 4. Every input keeps its own edge, through a node that passes it on. So the
grown network contains the additive one, and is read like it.

Pairs are ranked by what the residuals of the additive model still show on a table of quantile cells once the effects
of both inputs are taken out (Y. Lou et al., "Accurate Intelligible Models with Pairwise Interactions", 2013).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from kan.bspline import greville
from kan.constraints import INCREASING
from kan.features import Feature
from kan.layer import LEARNED, ZERO, Layer, LayerInput
from kan.losses import FAMILIES, Family, FamilyName
from kan.network import Network
from kan.pruning import scores
from kan.symbolic.library import SymbolicForm
from kan.training.history import History
from kan.training.rows import Rows, split
from kan.training.settings import ProgressCallback, TrainingSettings
from kan.training.trainer import train

CELLS = 8  # quantile cells of one input
LARGEST_CANDIDATES = 12  # inputs with the largest scores, whose pairs are looked at
SAMPLE_ROWS = 100_000
SWEEPS = 5  # of taking out the effects of both inputs
SMALLEST_EXCESS = 3.0  # standard deviations by which a pair must show more than chance
NODES_PER_PAIR = 2
JUDGED_SHARE = 0.2  # of the rows is held out to judge pairs


@dataclass(frozen=True)
class Pair:
    """Two inputs, and by how many standard deviations the residuals show more than chance."""

    first: int
    second: int
    excess: float


@torch.no_grad()
def ranked_pairs(network: Network, rows: Rows, family: Family, limit: int) -> list[Pair]:
    """Return at most `limit` pairs of numeric inputs that the residuals of an additive network point to, best first."""
    layer = network.layer(0)
    some = rows.part(slice(None, None, max(1, len(rows) // SAMPLE_ROWS)))
    link = network.evaluate(some.x) + some.offset
    curvature = family.factors(link)[:, 0, 0].square() * some.weights
    pull = family.residuals(link, some.target)[:, 0] * family.factors(link)[:, 0, 0] * some.weights
    dispersion = float((pull.square() / curvature).mean())
    importance = scores(network, some.x).nodes[0]
    free = [i for i in layer.numeric if int(layer.shapes[0, i]) == 0]  # a term of two would bend a shape
    numeric = sorted(free, key=lambda i: -float(importance[i]))[:LARGEST_CANDIDATES]
    cells = {i: _cells(some.x[:, i]) for i in numeric}
    found = []
    for first, second in itertools.combinations(sorted(numeric), 2):
        chance = (CELLS - 1) ** 2
        gain = _gain(cells[first], cells[second], pull, curvature) / max(dispersion, 1e-300)
        found.append(Pair(first, second, (gain - chance) / (2 * chance) ** 0.5))
    best = sorted(found, key=lambda pair: (-pair.excess, pair.first, pair.second))
    return [pair for pair in best[:limit] if pair.excess > SMALLEST_EXCESS]


@torch.no_grad()
def with_pairs(network: Network, pairs: Sequence[Pair]) -> Network:
    """Return an additive network with room for terms of pairs, as yet the same function."""
    old = network.layer(0)
    inputs, nodes = old.in_features, old.in_features + NODES_PER_PAIR * len(pairs)
    first = Layer(old.inputs, nodes, grid_size=old.grid_size, degree=old.degree, base=old.base)
    first.knots.copy_(old.knots)
    first.kinds.fill_(ZERO)
    last = Layer([LayerInput()] * nodes, 1, grid_size=old.grid_size, degree=old.degree, base=old.base)
    for source in range(inputs):
        first.kinds[source, source] = old.kinds[0, source]
        first.shapes[source, source] = old.shapes[0, source]
        if int(old.kinds[0, source]) == ZERO:
            last.set_zero(0, source)
        else:
            last.set_symbolic(0, source, SymbolicForm("linear", 1.0, 0.0, 1.0, 0.0))
            last.shapes[0, source] = INCREASING if int(old.shapes[0, source]) else 0
        first.weights[source, source] = old.weights[0, source]
    sites = greville(old.knots, old.degree)
    for position, pair in enumerate(pairs):
        for node, sign in enumerate((1.0, -1.0), inputs + NODES_PER_PAIR * position):
            for source, slope in ((pair.first, 0.5), (pair.second, 0.5 * sign)):
                first.kinds[node, source] = LEARNED
                first.weights[node, source, 1 : old.functions + 1] = slope * sites[old.numeric.index(source)]
    first.refresh_mask()
    first.weights.mul_(first.mask)
    last.bias.copy_(old.bias)
    return Network([first, last])


def grown(
    additive: Network,
    start: Network,
    features: Sequence[Feature],
    rows: Rows,
    family: FamilyName,
    settings: TrainingSettings,
    *,
    limit: int,
    callback: ProgressCallback | None,
) -> tuple[Network, History, dict[str, Any]] | None:
    """Return an additive network with terms of at most `limit` pairs, trained, and what they bring; None without gain.

    Pairs are found and judged on a part of the rows from `start`, the network before its training, so that the rows
    that are held out stay unseen. They pay if they lower the held-out loss by more than its standard error.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    part, judged = split(rows, FAMILIES[family], JUDGED_SHARE, generator)
    if judged is None or additive.shape[-1] != 1:
        return None
    plain, _ = train([start], part, family, settings)
    pairs = ranked_pairs(plain, part, FAMILIES[family], limit)
    if not pairs:
        return None
    deep = replace(settings, grid_sizes=settings.grid_sizes * 2)
    richer, _ = train([with_pairs(plain, pairs)], part, family, deep)
    gain, error = _gain_per_row(plain, richer, judged, FAMILIES[family])
    if gain <= error:
        return None
    network, history = train([with_pairs(additive, pairs)], rows, family, deep, stage="pairs", callback=callback)
    names = [[features[pair.first].name, features[pair.second].name] for pair in pairs]
    return network, history, {"pairs": names, "held_out_gain": gain, "standard_error": error}


@torch.no_grad()
def _gain_per_row(plain: Network, richer: Network, rows: Rows, family: Family) -> tuple[float, float]:
    """Return the mean fall of the loss of a row, and its standard error."""
    losses = [family.loss(network.evaluate(rows.x) + rows.offset, rows.target) for network in (plain, richer)]
    fall = (losses[0] - losses[1]) * rows.weights
    return float(fall.mean()), float(fall.std() / len(rows) ** 0.5)


def _cells(column: Float[Tensor, " rows"]) -> Int[Tensor, " rows"]:
    """Return the quantile cell of every value; a missing one lies in the first."""
    known = column[~column.isnan()]
    some = known[:: max(1, len(known) // 50_000)]
    borders = torch.quantile(some, torch.linspace(0, 1, CELLS + 1, dtype=column.dtype)[1:-1])
    return torch.bucketize(torch.nan_to_num(column, nan=float(known.min())), borders)


def _gain(
    first: Int[Tensor, " rows"],
    second: Int[Tensor, " rows"],
    pull: Float[Tensor, " rows"],
    curvature: Float[Tensor, " rows"],
) -> float:
    """Return twice the loss that a constant per cell would save beyond the effects of rows and columns of the table."""
    index, size = first * CELLS + second, CELLS * CELLS
    pulled = torch.zeros(size, dtype=pull.dtype).index_add(0, index, pull).view(CELLS, CELLS)
    weight = torch.zeros(size, dtype=pull.dtype).index_add(0, index, curvature).view(CELLS, CELLS)
    for _ in range(SWEEPS):
        for axis in (0, 1):
            effect = pulled.sum(dim=axis, keepdim=True) / weight.sum(dim=axis, keepdim=True).clamp(min=1e-300)
            pulled = pulled - weight * effect
    return float((pulled.square() / weight.clamp(min=1e-300)).sum())
