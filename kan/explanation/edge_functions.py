"""Edges behind the first layer as functions of one NumPy array, made for very many inputs.

A spline is one polynomial per interval between knots, in t = u − (middle of the interval), plus its base; a
formula is evaluated as it stands. Both continue linearly beyond the domain. All steps are elementwise, so that no
value depends on those beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from kan.feature_maps import Base
from kan.layer import BORDER_ROUNDING, Layer
from kan.prepared.polynomials import intervals_of, polynomial_basis
from kan.symbolic.library import SymbolicForm, function_of

COUNTED_BREAKS = 32  # more breaks are searched, fewer are counted, which is faster

Values = Float[np.ndarray, " values"]
EdgeFunction = Callable[[Values], Values]


def edge_function(layer: Layer, target: int, source: int) -> EdgeFunction:
    """Return φ of one active edge that starts at a number without gaps, which every hidden node is."""
    row, one = layer.numeric.index(source), layer.inputs[source]
    lower, upper = (one.centre + one.half_width * float(end[row]) for end in layer.domain)
    ends = torch.zeros(2, layer.in_features, dtype=torch.float64)
    ends[:, source] = torch.tensor([lower, upper], dtype=torch.float64)
    before, after = layer.derivatives(ends)[:, target, source].tolist()
    form = layer.symbolic_form(target, source)
    if form is not None:
        return FormFunction(form, lower, upper, before, after, BORDER_ROUNDING * one.half_width)
    weights = layer.weights[target, source].detach()
    intervals = intervals_of(layer, source)
    return SplineFunction(
        centre=one.centre,
        half_width=one.half_width,
        first=float(intervals.breaks[0]),
        last=float(intervals.breaks[-1]),
        before=before * one.half_width,
        after=after * one.half_width,
        breaks=intervals.breaks[1:-1],
        middles=intervals.middles,
        powers=_powers(layer, source, weights[1 : layer.functions + 1]),
        base=layer.base if float(weights[0]) else "zero",
        base_scale=float(weights[0]),
    )


def _powers(layer: Layer, source: int, weights: Float[Tensor, " functions"]) -> Float[np.ndarray, "powers intervals"]:
    """Return the coefficients in t of every interval, rising powers."""
    scaled = polynomial_basis(layer, source) @ weights.numpy()
    powers: Float[np.ndarray, "powers intervals"] = (
        scaled / intervals_of(layer, source).half_lengths ** np.arange(layer.degree + 1)[:, None]
    )
    return powers


@dataclass(frozen=True, eq=False)
class SplineFunction:
    """A spline with its base; `first` and `last` are its borders, `before` and `after` the slopes there, all in u."""

    centre: float
    half_width: float
    first: float
    last: float
    before: float
    after: float
    breaks: Float[np.ndarray, " breaks"]
    middles: Float[np.ndarray, " intervals"]
    powers: Float[np.ndarray, "powers intervals"]
    base: Base
    base_scale: float

    def __call__(self, x: Values) -> Values:
        """Return φ at every element of `x`."""
        u = x if (self.centre, self.half_width) == (0.0, 1.0) else (x - self.centre) / self.half_width
        near = np.clip(u, self.first, self.last)
        intervals = torch.from_numpy(self._intervals(near))
        t = near - _taken(self.middles, intervals)
        values = _taken(self.powers[-1], intervals)
        for coefficients in self.powers[-2::-1]:
            values *= t
            values += _taken(coefficients, intervals)
        self._add_base(near, t, values)
        beyond = np.subtract(u, near, out=t)
        if beyond.any():
            values += np.where(beyond < 0, self.before, self.after) * beyond
        return values

    def _intervals(self, near: Values) -> Int[np.ndarray, " values"]:
        if len(self.breaks) > COUNTED_BREAKS:
            return np.searchsorted(self.breaks, near, side="right")
        counts = np.zeros(len(near), dtype=np.int8)
        for place in self.breaks:
            counts += (near >= place).view(np.int8)
        return counts.astype(np.intp)

    def _add_base(self, near: Values, memory: Values, values: Values) -> None:
        if self.base == "zero":
            return
        if self.base == "identity":
            np.multiply(near, self.base_scale, out=memory)
        else:  # silu
            np.exp(np.negative(near, out=memory), out=memory)
            memory += 1.0
            np.divide(near, memory, out=memory)
            memory *= self.base_scale
        values += memory


def _taken(table: Float[np.ndarray, " intervals"], places: Int[Tensor, " values"]) -> Values:
    """Return the entries of a table; PyTorch does it three times as fast as NumPy."""
    taken: Values = torch.from_numpy(table).index_select(0, places).numpy()
    return taken


@dataclass(frozen=True, eq=False)
class FormFunction:
    """A formula between two borders; `before` and `after` are the slopes there."""

    form: SymbolicForm
    lower: float
    upper: float
    before: float
    after: float
    rounding: float

    @property
    def slope(self) -> float | None:
        """The slope of a line, None for all other functions."""
        return self.form.a * self.form.c if self.form.function == "linear" else None

    def __call__(self, x: Values) -> Values:
        """Return φ at every element of `x`."""
        near = np.clip(x, self.lower, self.upper)
        inner = torch.from_numpy(self.form.a * near + self.form.b)
        values: Values = self.form.c * function_of(self.form.function).evaluate(inner).numpy() + self.form.d
        beyond = x - near
        outside = np.abs(beyond) > self.rounding
        if outside.any():
            values[outside] += np.where(beyond < 0, self.before, self.after)[outside] * beyond[outside]
        return values
