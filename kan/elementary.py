"""Exponential, sigmoid and softmax composed of operations that IEEE 754 rounds in one way only.

Library functions take other code for the last elements of an array, and on other processors: their last bit depends on
the place. Here every element has the same bits in any array, thread and machine, so that answers can be replayed.

Source: the exponential is that of FDLIBM (K. C. Ng, Sun Microsystems, 1993), within one unit in the last place: with
n = round(x / ln 2) and r = x - n · ln 2, eˣ = 2ⁿ · (1 + r + r · c / (2 - c)), c = r - r² · P(r²).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from jaxtyping import Float

LEAST, MOST = -746.0, 710.0  # beyond them the exponential is 0 or infinite
LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
P = (1.66666666666666019037e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05, -1.65339022054652515390e-06,
     4.13813679705723846039e-08)  # fmt: skip  # one polynomial
EXPONENT_BIAS, MANTISSA_BITS = 1023, 52


def exponential(x: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return eˣ of every element, 0 or infinite where it leaves the numbers, NaN where x is NaN."""
    near = np.minimum(np.maximum(x, LEAST), MOST)
    n = np.rint(near * LOG2_E)
    low = n * LN2_LOW
    near -= n * LN2_HIGH
    r = near - low
    square = r * r
    c = square * P[4]
    for coefficient in (P[3], P[2], P[1], P[0]):
        c += coefficient
        c *= square
    np.subtract(r, c, out=c)
    r *= c
    r /= np.subtract(2.0, c, out=c)
    low -= r
    low -= near
    result: Float[np.ndarray, "*shape"] = np.subtract(1.0, low, out=low)
    with np.errstate(invalid="ignore"):  # NaN is no power, and stays NaN with any
        power = n.astype(np.int64)
    half = power >> 1  # in two steps, as 2ⁿ itself may not be a number
    result *= _power_of_two(half)
    with np.errstate(over="ignore"):  # it is infinite where it leaves the numbers
        result *= _power_of_two(np.subtract(power, half, out=power))
    return result


def _power_of_two(exponent: np.ndarray) -> np.ndarray:
    bits = exponent + EXPONENT_BIAS
    bits <<= MANTISSA_BITS
    return bits.view(np.float64)


def sigmoid(x: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return 1 / (1 + e⁻ˣ) of every element."""
    result = exponential(np.negative(x))
    result += 1.0
    np.divide(1.0, result, out=result)
    return result


def softmax(x: Float[np.ndarray, "rows classes"]) -> Float[np.ndarray, "rows classes"]:
    """Return e to the classes of every row, divided by their sum, which is taken in the order of the classes."""
    shares = exponential(x - x.max(axis=1, keepdims=True))
    total = shares[:, 0].copy()
    for position in range(1, shares.shape[1]):
        total += shares[:, position]
    shares /= total[:, None]
    return shares


def identity(x: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return what it is given."""
    return x


#: The response as a function of the outputs, by the name of the link.
RESPONSES: Mapping[str, Callable[[np.ndarray], np.ndarray]] = MappingProxyType(
    {"identity": identity, "logit": sigmoid, "softmax": softmax, "log": exponential}
)
