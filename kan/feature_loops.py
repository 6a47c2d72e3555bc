"""The compiled loops of feature maps: what is not 0 of them, whole maps, and sums over them.

The same functions as `kan.bspline` and `kan.feature_maps` have in PyTorch, equal to rounding, without the start of
some sixty operations. They run on one thread, and no point depends on those beside it.

Source: de Boor's triangular scheme as in `kan.bspline`.

Symbols: `points` x as (inputs, rows), k degree; of a feature map only the base, k+1 B-splines and the missing value are
not 0 at a point. `spans` says which: feature m > 0 of those stands in column m + span. `missing` is empty where no
input has gaps, and where it is true everything else is 0.
"""

import math
from typing import Any

import numpy as np

from kan.compilation import compiled

SILU = 2
BASES = {"zero": 0, "identity": 1, "silu": SILU}  # the others by their slope
Array = Any  # loops are compiled for the types that they meet


@compiled
def expand(
    points: Array,
    knots: Array,
    centre: Array,
    half_width: Array,
    gaps: Array,
    base: int,
    spans: Array,
    values: Array,
    slopes: Array,
    missing: Array,
) -> None:
    """Write spans, what is not 0 of the feature maps, and its slopes by x where there is room for them."""
    degree, rows = values.shape[1] - 2, points.shape[1]
    beyond, inside = np.empty(rows, points.dtype), np.empty(rows, points.dtype)
    distances, shares = np.empty((2 * degree, rows), points.dtype), np.empty((degree, rows), points.dtype)
    for i in range(points.shape[0]):
        _place(points[i], knots[i], centre[i], half_width[i], inside, beyond)
        if missing.shape[0] > 0:
            _mark(beyond, gaps[i], missing[i])
            _neutralise(missing[i], knots[i], inside, beyond)
        _find(inside, knots[i], spans[i], distances)
        _local_basis(beyond, distances, values[i, 1:], shares)
        _base(base, inside, beyond, values[i, 0])
        if slopes.shape[0] > 0:
            _slopes(inside, shares, half_width[i], slopes[i])
        if missing.shape[0] > 0:
            _blank(missing[i], values[i])
            if slopes.shape[0] > 0:
                _blank(missing[i], slopes[i])


@compiled
def _place(points: Array, knots: Array, centre: float, half_width: float, inside: Array, beyond: Array) -> None:
    """Write the nearest point of the domain and the rest; both are NaN for NaN."""
    last = knots.shape[0] - 1
    for r in range(points.shape[0]):
        u = (points[r] - centre) / half_width
        inside[r] = min(max(u, knots[0]), knots[last])
        beyond[r] = u - inside[r]


@compiled
def _mark(beyond: Array, has_gaps: bool, missing: Array) -> None:
    """Write which values are missing."""
    for r in range(missing.shape[0]):
        missing[r] = has_gaps and math.isnan(beyond[r])


@compiled
def _neutralise(missing: Array, knots: Array, inside: Array, beyond: Array) -> None:
    """Put a number in place of missing values."""
    for r in range(missing.shape[0]):
        if missing[r]:
            inside[r], beyond[r] = knots[0], 0


@compiled
def _blank(missing: Array, values: Array) -> None:
    """Write 0 where the value is missing."""
    for r in range(missing.shape[0]):
        if missing[r]:
            values[:, r] = 0


@compiled
def _find(inside: Array, knots: Array, span: Array, distances: Array) -> None:
    """Write in which interval the points of one input lie, and the distances to the knots around."""
    degree, rows, last = distances.shape[0] // 2, inside.shape[0], knots.shape[0] - 1
    zero = span.dtype.type(0)
    for r in range(rows):
        span[r] = zero
    for position in range(degree + 1, last - degree):
        for r in range(rows):
            span[r] += inside[r] >= knots[position]
    for m in range(2 * degree):
        for r in range(rows):
            distances[m, r] = knots[np.uint64(span[r]) + np.uint64(1 + m)] - inside[r]


@compiled
def _local_basis(beyond: Array, distances: Array, values: Array, shares: Array) -> None:
    """Write the B-splines of one input that are not 0, continued linearly, and leave shares for their slopes."""
    degree, rows = shares.shape
    factor = shares.dtype.type(degree)
    values[0] = 1
    for order in range(1, degree + 1):
        for m in range(order):
            for r in range(rows):
                shares[m, r] = values[m, r] / (distances[degree + m, r] - distances[degree - order + m, r])
        if order == degree:
            for m in range(2 * degree):
                for r in range(rows):
                    distances[m, r] -= factor * beyond[r]
        for r in range(rows):
            values[0, r] = distances[degree, r] * shares[0, r]
            values[order, r] = -distances[degree - 1, r] * shares[order - 1, r]
        for m in range(1, order):
            for r in range(rows):
                left = distances[degree - order + m - 1, r] * shares[m - 1, r]
                values[m, r] = distances[degree + m, r] * shares[m, r] - left


@compiled
def _slopes(base_slopes: Array, shares: Array, half_width: float, slopes: Array) -> None:
    """Write the derivatives by x of base and B-splines that are not 0."""
    degree, rows = shares.shape
    order = shares.dtype.type(degree / half_width)
    for r in range(rows):
        slopes[0, r] = base_slopes[r] / half_width
        slopes[1, r] = -order * shares[0, r]
        slopes[degree + 1, r] = order * shares[degree - 1, r]
    for m in range(1, degree):
        for r in range(rows):
            slopes[m + 1, r] = order * (shares[m - 1, r] - shares[m, r])


@compiled
def _base(base: int, inside: Array, beyond: Array, values: Array) -> None:
    """Write the base, continued linearly, and its slope in place of the points inside."""
    one = inside.dtype.type(1)
    for r in range(inside.shape[0]):
        if base == SILU:
            near = inside[r]
            sigmoid = one / (one + math.exp(-near))
            value = near * sigmoid
            inside[r] = sigmoid + value * (one - sigmoid)
            values[r] = value + beyond[r] * inside[r]
        else:
            values[r] = base * (inside[r] + beyond[r])
            inside[r] = base


@compiled
def spread(spans: Array, values: Array, missing: Array, column: int, features: Array) -> None:
    """Write whole feature maps as (rows, inputs, width), missing values to their column."""
    features[:] = 0
    for i in range(spans.shape[0]):
        for m in range(1, values.shape[1]):
            for r in range(spans.shape[1]):
                features[r, i, np.uint64(spans[i, r]) + np.uint64(m)] = values[i, m, r]
        for r in range(spans.shape[1]):
            features[r, i, 0] = values[i, 0, r]
        if missing.shape[0] > 0:
            for r in range(spans.shape[1]):
                features[r, i, column] = missing[i, r]


@compiled
def collect(spans: Array, slopes: Array, received: Array, pull: Array) -> None:
    """Write Σ slope · received over the features of every point that are not 0, `received` as (rows, inputs, width)."""
    inputs, rows = spans.shape
    for i in range(inputs):
        for r in range(rows):
            pull[r, i] = slopes[i, 0, r] * received[r, i, 0]
        for m in range(1, slopes.shape[1]):
            for r in range(rows):
                pull[r, i] += slopes[i, m, r] * received[r, i, np.uint64(spans[i, r]) + np.uint64(m)]


@compiled
def weigh(spans: Array, values: Array, missing: Array, column: int, weights: Array, edges: Array) -> None:
    """Write Σ weight · value over the features of every edge that are not 0, as (rows, outputs, inputs)."""
    inputs, rows = spans.shape
    total = np.empty(rows, values.dtype)
    for j in range(weights.shape[0]):
        for i in range(inputs):
            for r in range(rows):
                total[r] = weights[j, i, 0] * values[i, 0, r]
            for m in range(1, values.shape[1]):
                for r in range(rows):
                    total[r] += weights[j, i, np.uint64(spans[i, r]) + np.uint64(m)] * values[i, m, r]
            if missing.shape[0] > 0:
                for r in range(rows):
                    total[r] += weights[j, i, column] * missing[i, r]
            for r in range(rows):
                edges[r, j, i] = total[r]
