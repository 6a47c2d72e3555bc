"""Splines as one polynomial per knot interval, continued linearly outside the knots.

An interval has the local variable t = (u - middle) / half_length, from -1 to 1; outside the knots t is the distance
from the border. A polynomial is a column of coefficients with rising powers of t.

Source: the polynomial of an interval is the one through k + 1 Chebyshev points of it, at which the B-splines are
evaluated by the recursion of `kan.bspline`.
Symbols: u input on the scale of the knots, k degree, G intervals.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from kan.bspline import basis
from kan.layer import Layer


@dataclass(frozen=True, eq=False)
class Intervals:
    """The knot intervals of one input on the u scale, from border to border."""

    breaks: Float[np.ndarray, " breaks"]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.breaks) - 1

    @property
    def middles(self) -> Float[np.ndarray, " intervals"]:
        """The middle of every interval."""
        middles: Float[np.ndarray, " intervals"] = (self.breaks[:-1] + self.breaks[1:]) / 2
        return middles

    @property
    def half_lengths(self) -> Float[np.ndarray, " intervals"]:
        """Half the length of every interval."""
        halves: Float[np.ndarray, " intervals"] = (self.breaks[1:] - self.breaks[:-1]) / 2
        return halves


def intervals_of(layer: Layer, source: int) -> Intervals:
    """Return the intervals between the different knots of a numeric input."""
    knots = layer.knots[layer.numeric.index(source)]
    different = knots[layer.degree : len(knots) - layer.degree].unique()
    return Intervals(different.double().numpy())


def polynomial_basis(layer: Layer, source: int) -> Float[np.ndarray, "powers intervals functions"]:
    """Return the matrices from B-spline coefficients to the coefficients in t of every interval."""
    intervals, count = intervals_of(layer, source), layer.degree + 1
    t = np.cos(np.pi * (2 * np.arange(count) + 1) / (2 * count))
    points = torch.from_numpy((intervals.middles[:, None] + intervals.half_lengths[:, None] * t).reshape(-1, 1))
    own = layer.knots[layer.numeric.index(source)].double().unsqueeze(0)
    values = basis(points, own, layer.degree)[:, 0].numpy().reshape(intervals.count, count, -1)
    matrices: Float[np.ndarray, "powers intervals functions"] = np.linalg.solve(
        np.vander(t, increasing=True)[None], values
    ).transpose(1, 0, 2)
    return matrices


def value_and_slope(polynomials: Float[np.ndarray, "powers edges"], t: float) -> tuple[np.ndarray, np.ndarray]:
    """Return polynomials and their derivatives by t at one place."""
    value, slope = np.zeros_like(polynomials[0]), np.zeros_like(polynomials[0])
    for coefficients in polynomials[::-1]:
        value, slope = value * t + coefficients, slope * t + value
    return value, slope
