"""The compiled loops of edge flow: multipliers from layer to layer, and contributions averaged over reference rows.

Arrays are (edges or nodes, rows, reference rows). Every sum of a row is in the order of the edges or of the reference,
so that its bits do not depend on the rows around it.
"""

from typing import Any

import numpy as np

from kan.compilation import compiled
from kan.explanation.multipliers import ROUNDING
from kan.prepared.kernels import add_multiple

Array = Any  # loops are compiled for the types that they meet


@compiled
def add_slopes(
    value: float, node: float, own: float, rounding: float, values: Array, nodes: Array, slopes: Array, above: Array,
    below: Array,
) -> None:  # fmt: skip
    """Add to `below` the mean slopes of an edge between a row and the reference rows, times what is `above` it."""
    for reference in range(len(below)):
        change, step = value - values[reference], node - nodes[reference]
        slope = (own + slopes[reference]) / 2
        smooth = abs(slope * step - change) <= rounding
        quotient = change / (1.0 if smooth else step)
        below[reference] += above[reference] * (slope if smooth else quotient)


@compiled
def contribute(above: Array, values: Array, means: Array, centred: Array, targets: Array, contributions: Array) -> None:
    """Fill in the mean of C over the reference; `above` are the multipliers of the targets, `centred` of its rows."""
    references, edges = centred.shape
    for row in range(values.shape[1]):
        start = 0
        while start < edges:
            target, stop = targets[start], start
            while stop < edges and targets[stop] == target:
                stop += 1
            multipliers, spread, total = above[target, row], np.zeros(stop - start), 0.0
            for reference in range(references):
                total += multipliers[reference]
                add_multiple(multipliers[reference], centred[reference, start:stop], spread)
            for edge in range(start, stop):
                own = total * (values[edge, row] - means[edge]) - spread[edge - start]
                contributions[edge, row] = own / references
            start = stop


@compiled
def step_back(
    above: Array,
    explained: Array,
    values: Array,
    slopes: Array,
    nodes: Array,
    other_values: Array,
    other_slopes: Array,
    other_nodes: Array,
    largest: Array,
    sources: Array,
    targets: Array,
    below: Array,
) -> None:
    """Add to the multipliers of the sources what comes through the edges to the targets that are `explained`.

    The mean slope of an edge is that of `kan.explanation.multipliers.mean_slope`.
    """
    for row in range(values.shape[1]):
        for edge in range(len(sources)):
            source, target = sources[edge], targets[edge]
            if not explained[target]:
                continue
            rounding = ROUNDING * (abs(values[edge, row]) + largest[edge])
            add_slopes(
                values[edge, row], nodes[source, row], slopes[edge, row], rounding, other_values[edge],
                other_nodes[source], other_slopes[edge], above[target, row], below[source, row],
            )  # fmt: skip


@compiled
def add_up(values: Array, places: Array, totals: Array) -> None:
    """Add the rows of every edge to those of its place."""
    for edge in range(len(places)):
        for row in range(values.shape[1]):
            totals[places[edge], row] += values[edge, row]
