"""Multipliers: the mean slope of an answer between a row and a reference row, for edges and for responses.

Source: the Rescale rule of A. Shrikumar, P. Greenside and A. Kundaje, "Learning Important Features Through Propagating
Activation Differences" (2017). A softmax is two more layers of functions of one variable: with a[k] = z[k] - z[c],

    p[c] = 1 / (1 + Σ_{k≠c} exp(a[k])),

so that its multipliers add up exactly too: m[k] = Δp/Δs · Δexp/Δa[k] for k ≠ c, s the sum, and m[c] = -Σ m[k].

Symbols: z outputs on the link scale, c the explained one, Δ a difference between row and reference row.
"""

from typing import Literal

import numpy as np
from jaxtyping import Float

from kan.elementary import exponential, sigmoid

Response = Literal["identity", "logit", "log", "softmax"]
ROUNDING = 32 * float(np.finfo(np.float64).eps)  # error of an edge's value, relative to the largest one


def mean_slope(
    change: Float[np.ndarray, "*pairs"],
    step: Float[np.ndarray, "*pairs"],
    slope: Float[np.ndarray, "*pairs"],
    rounding: Float[np.ndarray, "*#pairs"],
) -> Float[np.ndarray, "*pairs"]:
    """Return Δφ/Δx, or the mean derivative of both ends wherever that explains Δφ up to rounding.

    There the quotient would be noise divided by a tiny Δx, or 0/0, and the identity holds with the derivative
    as well.
    """
    smooth = np.abs(slope * step - change) <= rounding
    return np.where(smooth, slope, change / np.where(smooth, 1.0, step))


def response_multipliers(
    response: Response,
    outputs: Float[np.ndarray, "outputs rows"],
    reference: Float[np.ndarray, "outputs reference"],
    output: int,
) -> Float[np.ndarray, "outputs rows reference"]:
    """Return the multipliers of all outputs, on whose scale the response of one of them is a sum."""
    multipliers = np.zeros((len(outputs), outputs.shape[1], reference.shape[1]))
    if response == "softmax":
        _softmax_multipliers(outputs[:, :, None], reference[:, None, :], output, multipliers)
        return multipliers
    z, others = outputs[output][:, None], reference[output]
    if response == "identity":
        multipliers[output] = 1.0
        return multipliers
    value, other = (sigmoid(one) if response == "logit" else exponential(one) for one in (z, others))
    slopes = (value * (1 - value), other * (1 - other)) if response == "logit" else (value, other)
    rounding = ROUNDING * (np.abs(value) + np.abs(other))
    multipliers[output] = mean_slope(value - other, z - others, (slopes[0] + slopes[1]) / 2, rounding)
    return multipliers


def _softmax_multipliers(
    z: Float[np.ndarray, "outputs rows 1"],
    others: Float[np.ndarray, "outputs 1 reference"],
    output: int,
    multipliers: Float[np.ndarray, "outputs rows reference"],
) -> None:
    """Fill in the multipliers; all exponentials are divided by the largest one, so that none overflows."""
    a, b = z - z[output], others - others[output]
    largest = np.maximum(a.max(axis=0), b.max(axis=0))
    own, total, other_total = exponential(-largest), np.zeros_like(largest), np.zeros_like(largest)
    for k in range(len(z)):
        if k != output:
            value, other = exponential(a[k] - largest), exponential(b[k] - largest)
            rounding = ROUNDING * (value + other)
            multipliers[k] = mean_slope(value - other, (a[k] - b[k]), (value + other) / 2, rounding)
            total += value
            other_total += other
    outer = -own / ((own + total) * (own + other_total))
    for k in range(len(z)):
        if k != output:
            multipliers[k] *= outer
            multipliers[output] -= multipliers[k]
