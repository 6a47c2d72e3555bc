"""The compiled loops of a prepared layer; arrays are (inputs, edges or nodes; rows).

Every number is computed from its own row by the same operations in the same order, so that its bits do not depend on
the rows around it. The exponential is that of `kan.elementary`, for arguments that neither overflow nor vanish.
"""

from typing import Any

import numpy as np

from kan.compilation import compiled
from kan.elementary import EXPONENT_BIAS, LN2_HIGH, LN2_LOW, LOG2_E, MANTISSA_BITS, P

P0, P1, P2, P3, P4 = P
COUNTED_BORDERS = 32  # more borders are searched
Array = Any  # loops are compiled for the types that they meet


@compiled
def count_borders(u: Array, borders: Array, places: Array) -> None:
    """Count the borders that are not above every u; none is for NaN."""
    for row in range(len(u)):
        places[row] = 0
    if len(borders) <= COUNTED_BORDERS:
        for border in borders:
            for row in range(len(u)):
                places[row] += u[row] >= border
        return
    for row in range(len(u)):
        low, high = 0, len(borders)
        while low < high:
            middle = (low + high) >> 1
            if borders[middle] <= u[row]:
                low = middle + 1
            else:
                high = middle
        places[row] = low


@compiled
def locate(u: Array, missing: int, middles: Array, half_lengths: Array, places: Array, t: Array) -> None:
    """Find the local variable of every u at its place; a missing value, where there are gaps, has its own place."""
    for row in range(len(u)):
        if missing >= 0 and np.isnan(u[row]):
            places[row], t[row] = missing, 0.0
        else:
            t[row] = (u[row] - middles[places[row]]) / half_lengths[places[row]]


@compiled
def silu_inside(u: Array, lower: float, upper: float, silu: Array, slopes: Array, half_width: float) -> None:
    """Compute u · sigmoid(u) and its derivative by x, both 0 outside the domain and for NaN."""
    for row in range(len(u)):
        inside = (u[row] >= lower) & (u[row] <= upper)
        near = u[row] if inside else lower
        x = -near
        n = np.rint(x * LOG2_E)
        low = n * LN2_LOW
        high = x - n * LN2_HIGH
        r = high - low
        square = r * r
        c = r - square * (P0 + square * (P1 + square * (P2 + square * (P3 + square * P4))))
        power = np.int64(n)
        half = power >> 1
        scaled = 1.0 - ((low - (r * c) / (2.0 - c)) - high)
        scaled *= np.int64((half + EXPONENT_BIAS) << MANTISSA_BITS).view(np.float64)
        scaled *= np.int64((power - half + EXPONENT_BIAS) << MANTISSA_BITS).view(np.float64)
        share = 1.0 / (scaled + 1.0)
        value = near * share
        silu[row] = value if inside else 0.0
        slopes[row] = (share + value * (1.0 - share)) / half_width if inside else 0.0


@compiled
def polynomial(coefficients: Array, places: Array, t: Array, values: Array) -> None:
    """Evaluate the polynomial of every place, with rising powers of t."""
    highest = coefficients.shape[1] - 1
    for row in range(len(t)):
        value = coefficients[places[row], highest]
        for power in range(highest - 1, -1, -1):
            value = value * t[row] + coefficients[places[row], power]
        values[row] = value


@compiled
def differentiate(coefficients: Array, places: Array, t: Array, t_slopes: Array, values: Array, slopes: Array) -> None:
    """Evaluate the polynomial of every place and its derivative by the input."""
    highest = coefficients.shape[1] - 1
    for row in range(len(t)):
        value, slope = coefficients[places[row], highest], 0.0
        for power in range(highest - 1, -1, -1):
            slope = slope * t[row] + value
            value = value * t[row] + coefficients[places[row], power]
        values[row], slopes[row] = value, slope * t_slopes[row]


@compiled
def add_multiple(factor: float, values: Array, totals: Array) -> None:
    """Add a multiple of some numbers to others."""
    for row in range(len(totals)):
        totals[row] += factor * values[row]


@compiled
def evaluate_inputs(
    x: Array,
    numeric: Array,
    categorical: Array,
    centre: Array,
    half_width: Array,
    borders: Array,
    counts: Array,
    lower: Array,
    upper: Array,
    first: Array,
    missing: Array,
    middles: Array,
    half_lengths: Array,
    places: Array,
    given: Array,
) -> None:
    """Fill in the place of every input, and as `given` t, its derivative by x, silu, and the derivative of that."""
    t, t_slopes, silu, silu_slopes = given[0], given[1], given[2], given[3]
    u = np.empty(x.shape[1])
    for position in range(len(numeric)):
        source, start = numeric[position], first[position]
        for row in range(len(u)):
            u[row] = (x[source, row] - centre[position]) / half_width[position]
        count_borders(u, borders[position, : counts[position]], places[source])
        locate(u, missing[position], middles[start:], half_lengths[start:], places[source], t[source])
        for row in range(len(u)):
            t_slopes[source, row] = 1.0 / (half_lengths[start + places[source, row]] * half_width[position])
        low, high = lower[position], upper[position]
        silu_inside(u, low, high, silu[source], silu_slopes[source], half_width[position])
    for source in categorical:
        for row in range(len(u)):
            places[source, row] = np.int64(x[source, row])


@compiled
def evaluate_edges(
    places: Array,
    given: Array,
    sources: Array,
    first: Array,
    coefficients: Array,
    base_scale: Array,
    values: Array,
    slopes: Array,
) -> None:
    """Fill in the values of all edges, and their derivatives by the input unless `slopes` is empty."""
    t, t_slopes, silu, silu_slopes = given[0], given[1], given[2], given[3]
    with_slopes, has_base = slopes.shape[0] > 0, base_scale.shape[0] > 0
    for edge in range(len(sources)):
        source = sources[edge]
        own = coefficients[first[edge] :]
        if with_slopes:
            differentiate(own, places[source], t[source], t_slopes[source], values[edge], slopes[edge])
        else:
            polynomial(own, places[source], t[source], values[edge])
        if has_base:
            add_multiple(base_scale[edge], silu[source], values[edge])
            if with_slopes:
                add_multiple(base_scale[edge], silu_slopes[source], slopes[edge])


@compiled
def sum_edges(values: Array, targets: Array, bias: Array, nodes: Array) -> None:
    """Fill in the nodes: for each target the sum of its edges, which stand together, in their order, and its bias."""
    rows, previous = values.shape[1], -1
    for edge in range(len(targets)):
        target = targets[edge]
        for row in range(rows):
            nodes[target, row] = values[edge, row] if target != previous else nodes[target, row] + values[edge, row]
        previous = target
    for target in range(len(bias)):
        for row in range(rows):
            nodes[target, row] += bias[target]
