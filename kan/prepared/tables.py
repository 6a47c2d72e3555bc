"""A layer as flat tables: where every input is given, and one polynomial per edge and interval.

Each input has a row of places. A number has one in front of its domain, one per knot interval, one behind the domain
and, where it has gaps, one for a missing value; a category has one per code. An edge is a polynomial at every place of
its input: of degree k in an interval, of degree 1 outside, constant where the value is missing and for a category.

Symbols: u input on the scale of the knots, t local variable (`kan.prepared.polynomials`), k degree.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from kan.elementary import sigmoid
from kan.layer import ZERO, Layer
from kan.prepared.polynomials import intervals_of, polynomial_basis, value_and_slope


class Inputs(NamedTuple):
    """Where the numeric inputs of a layer are given.

    An input is at the place that counts the `borders` not above it, of which it has `counts`. `first` is the first
    place of every input in `middles` and `half_lengths`, `missing` its place for a missing value (-1 without gaps).
    """

    centre: Float[np.ndarray, " numeric"]
    half_width: Float[np.ndarray, " numeric"]
    borders: Float[np.ndarray, "numeric borders"]
    counts: Int[np.ndarray, " numeric"]
    lower: Float[np.ndarray, " numeric"]
    upper: Float[np.ndarray, " numeric"]
    first: Int[np.ndarray, " numeric"]
    missing: Int[np.ndarray, " numeric"]
    middles: Float[np.ndarray, " places"]
    half_lengths: Float[np.ndarray, " places"]


@dataclass(frozen=True, eq=False)
class Edges:
    """The active edges of a layer, target by target.

    `first` is the first place of every edge in `coefficients`, which rise with the powers of t; `base_scale` is that of
    a silu, the only base that is no polynomial, empty where no edge has one.
    """

    sources: Int[np.ndarray, " edges"]
    targets: Int[np.ndarray, " edges"]
    first: Int[np.ndarray, " edges"]
    coefficients: Float[np.ndarray, "places powers"]
    base_scale: Float[np.ndarray, " _"]


def inputs_of(layer: Layer) -> Inputs:
    """Return where the numeric inputs of a layer are given."""
    intervals = [intervals_of(layer, source) for source in layer.numeric]
    has_missing = [layer.inputs[source].has_missing for source in layer.numeric]
    most = max((one.count for one in intervals), default=0) + 1
    borders = np.full((len(intervals), most), np.nan)
    middles: list[np.ndarray] = []
    half_lengths: list[np.ndarray] = []
    first: list[int] = []
    missing: list[int] = []
    for position, (one, gaps) in enumerate(zip(intervals, has_missing, strict=True)):
        borders[position, : one.count + 1] = one.breaks
        borders[position, one.count] = np.nextafter(one.breaks[-1], np.inf)  # the last border belongs to the domain
        first.append(sum(len(part) for part in middles))
        missing.append(one.count + 2 if gaps else -1)
        middles.append(np.concatenate([one.breaks[:1], one.middles, one.breaks[-1:], np.zeros(int(gaps))]))
        half_lengths.append(np.concatenate([[1.0], one.half_lengths, [1.0], np.ones(int(gaps))]))
    return Inputs(
        centre=layer.centre.double().numpy().copy(),
        half_width=layer.half_width.double().numpy().copy(),
        borders=borders,
        counts=np.array([one.count + 1 for one in intervals], dtype=np.intp),
        lower=np.array([one.breaks[0] for one in intervals], dtype=np.float64),
        upper=np.array([one.breaks[-1] for one in intervals], dtype=np.float64),
        first=np.array(first, dtype=np.intp),
        missing=np.array(missing, dtype=np.intp),
        middles=np.concatenate([*middles, np.zeros(0)]),
        half_lengths=np.concatenate([*half_lengths, np.zeros(0)]),
    )


def edges_of(layer: Layer) -> Edges:
    """Return the active edges of a layer."""
    targets, sources = np.nonzero(layer.kinds.numpy() != ZERO)
    weights = layer.weights.detach().double().numpy()
    powers = max(layer.degree + 1, 2)
    tables: dict[int, Float[np.ndarray, "powers targets places"]] = {}
    for source in np.unique(sources).tolist():
        own = weights[:, source]
        tables[source] = (
            _numeric(layer, source, own, powers)
            if source in layer.numeric
            else _codes(own[:, : layer.inputs[source].categories + 1], powers)
        )
    parts = [tables[source][:, target] for target, source in zip(targets.tolist(), sources.tolist(), strict=True)]
    lengths = [part.shape[1] for part in parts]
    is_numeric = np.isin(sources, layer.numeric)
    base_scale = np.where(is_numeric, weights[targets, sources, 0], 0.0)
    return Edges(
        sources=sources,
        targets=targets,
        first=np.cumsum([0, *lengths])[:-1].astype(np.intp),
        coefficients=np.ascontiguousarray(np.concatenate([*parts, np.zeros((powers, 0))], axis=1).T),
        base_scale=base_scale if layer.base == "silu" and base_scale.any() else np.zeros(0),
    )


def _codes(values: Float[np.ndarray, "targets places"], powers: int) -> Float[np.ndarray, "powers targets places"]:
    """Return constants."""
    return np.concatenate([values[None], np.zeros((powers - 1, *values.shape))])


def _numeric(
    layer: Layer, source: int, weights: Float[np.ndarray, "targets width"], powers: int
) -> Float[np.ndarray, "powers targets places"]:
    """Return the polynomials of all edges from one numeric input; a base that is no polynomial only outside."""
    intervals = intervals_of(layer, source)
    splines = weights[:, 1 : layer.functions + 1]
    inside = np.zeros((powers, len(weights), intervals.count))
    inside[: layer.degree + 1] = np.einsum("pgm,tm->ptg", polynomial_basis(layer, source), splines)
    if layer.base == "identity":
        inside[0] += weights[:, :1] * intervals.middles
        inside[1] += weights[:, :1] * intervals.half_lengths
    ends = []
    for side, t in ((0, -1.0), (-1, 1.0)):
        value, slope = value_and_slope(inside[:, :, side], t)
        slope = slope / intervals.half_lengths[side]
        if layer.base == "silu":
            border = intervals.breaks[side]
            share = float(sigmoid(border.reshape(1))[0])
            value = value + weights[:, 0] * (border * share)
            slope = slope + weights[:, 0] * (share + border * share * (1 - share))
        line = np.zeros((powers, len(weights), 1))
        line[0, :, 0], line[1, :, 0] = value, slope
        ends.append(line)
    missing = [_codes(weights[:, layer.functions + 1 :][:, :1], powers)] if layer.inputs[source].has_missing else []
    return np.concatenate([ends[0], inside, ends[1], *missing], axis=2)
