"""What a row may become: per feature the values that it may change to, and what each of them costs.

A changed number costs `cost · |to − from| / scale`, where the scale is the interquartile range of the feature over the
reference rows, or half its training domain where that range is 0 (S. Wachter, B. Mittelstadt and C. Russell,
"Counterfactual Explanations without Opening the Black Box", 2018, divide by a robust spread for the same reason).
Another category, or a value in place of a missing one, costs `cost`. No option leaves the training domain.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from jaxtyping import Float
from torch import Tensor

from kan.errors import ImmutableFeature, InvalidChange, UnknownFeature
from kan.features import CategoricalFeature, Feature, NumericFeature
from kan.model import FittedModel

STEPS = 500  # of a domain, about, where no step is given
LARGEST_OPTIONS = 5000  # values of one feature
ROUND_STEPS = (1.0, 2.0, 5.0)  # times a power of ten
LARGEST_DECIMALS = 15

Direction = Literal["either", "increase", "decrease"]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Adjustable:
    """A feature that may change, and how.

    A number may `increase`, `decrease` or do `either`, between `lower` and `upper` in its own unit, in multiples of
    `step` from where it is; a step that is not given is a round number near 1/500 of the training domain, whole where
    all values are. `categories` are those that a category may become. `cost` weighs the change, `scale` is the
    difference that costs that much. A missing value stays missing unless it may be filled.
    """

    name: str
    direction: Direction = "either"
    lower: float | None = None
    upper: float | None = None
    step: float | None = None
    categories: tuple[str, ...] | None = None
    cost: float = 1.0
    scale: float | None = None
    may_fill: bool = False


@dataclass(frozen=True, eq=False)
class Options:
    """The values of one feature as encoded numbers, the present one first, their costs, and the step between them."""

    position: int
    values: Numbers
    costs: Numbers
    step: float | None


def options_of(
    model: FittedModel,
    row: Float[Tensor, " features"],
    adjustable: Sequence[Adjustable] | None,
    immutable: Collection[str],
) -> list[Options]:
    """Return the options of every adjustable feature, all that are not immutable where none are named.

    Raises: UnknownFeature, ImmutableFeature, InvalidChange (a feature named twice, a direction or range of a category,
    categories of a number, an empty range, a step or cost that is not above 0, too many values).
    """
    positions = {feature.name: position for position, feature in enumerate(model.features)}
    for name in [*immutable, *(one.name for one in adjustable or ())]:
        if name not in positions:
            raise UnknownFeature(name, list(positions))
    if adjustable is None:
        adjustable = [Adjustable(name) for name in positions if name not in immutable]
    seen: set[str] = set()
    for one in adjustable:
        if one.name in immutable:
            raise ImmutableFeature(one.name)
        if one.name in seen:
            raise InvalidChange(one.name, "name", "the feature is named twice; say everything at once")
        seen.add(one.name)
        _check(one, model.features[positions[one.name]])
    return [_options(model, positions[one.name], float(row[positions[one.name]]), one) for one in adjustable]


def _check(one: Adjustable, feature: Feature) -> None:
    for setting, value in (("cost", one.cost), ("scale", one.scale), ("step", one.step)):
        if value is not None and not 0 < value < math.inf:
            raise InvalidChange(one.name, setting, f"{value!r} is not a finite number above 0")
    if isinstance(feature, CategoricalFeature):
        numeric = {"direction": one.direction != "either", "step": one.step, "scale": one.scale}
        numeric |= {"lower": one.lower is not None, "upper": one.upper is not None}
        for setting, given in numeric.items():
            if given:
                raise InvalidChange(one.name, setting, "a category has no order and no distance; use 'categories'")
        for category in one.categories or ():
            if category not in feature.categories:
                raise InvalidChange(one.name, "categories", f"training has not seen {category!r}")
    elif one.categories is not None:
        raise InvalidChange(one.name, "categories", "the feature is a number; use 'lower', 'upper' and 'step'")


def _options(model: FittedModel, position: int, present: float, one: Adjustable) -> Options:
    feature = model.features[position]
    if isinstance(feature, CategoricalFeature):
        values, step = _categories(feature, present, one), None
        costs = np.full(len(values), one.cost)
    else:
        reference = model.reference[:, position].numpy()
        known = reference[~np.isnan(reference)]
        values, step = _numbers(feature, known, present, one)
        scale = one.scale or _spread(known) or feature.half_width
        costs = np.full(len(values), one.cost) if math.isnan(present) else one.cost * np.abs(values - present) / scale
    return Options(position, np.append(present, values), np.append(0.0, costs), step)


def _categories(feature: CategoricalFeature, present: float, one: Adjustable) -> Numbers:
    """Return the codes of other categories; the empty one stands for a missing value, which nothing becomes."""
    is_missing = present < len(feature.categories) and feature.categories[int(present)] == ""
    if is_missing and not one.may_fill:
        return np.empty(0)
    allowed = feature.categories if one.categories is None else one.categories
    codes = [code for code, category in enumerate(feature.categories) if category in allowed and category != ""]
    return np.array([code for code in codes if code != present], dtype=np.float64)


def _numbers(feature: NumericFeature, known: Numbers, present: float, one: Adjustable) -> tuple[Numbers, float]:
    """Return the values on the step grid, and the ends of the range where the step is ours; raises InvalidChange."""
    lower = feature.lower if one.lower is None else max(one.lower, feature.lower)
    upper = feature.upper if one.upper is None else min(one.upper, feature.upper)
    if not lower <= upper:
        domain = f"from {feature.lower!r} to {feature.upper!r}"
        raise InvalidChange(one.name, "lower and upper", f"no value of training, {domain}, lies in the range")
    is_missing = math.isnan(present)
    step = one.step or _round_step(feature, np.append(known, known[:1] if is_missing else present))
    if (upper - lower) / step > LARGEST_OPTIONS:
        least = (upper - lower) / LARGEST_OPTIONS
        raise InvalidChange(one.name, "step", f"{step!r} makes too many values; use at least {least:.3g}")
    if is_missing and not one.may_fill:
        return np.empty(0), step
    values = _grid(lower if is_missing and one.step else 0.0 if is_missing else present, step, lower, upper)
    if one.step is None:
        values = np.union1d(values, [lower, upper])
    if one.direction != "either" and not is_missing:
        values = values[values > present] if one.direction == "increase" else values[values < present]
    return values[values != present], step


def _round_step(feature: NumericFeature, values: Numbers) -> float:
    """Return 1, 2 or 5 times a power of ten, at most 1/500 of the domain but at least 1 where all values are whole."""
    wanted = 2 * feature.half_width / STEPS
    power = 10.0 ** math.floor(math.log10(wanted))
    step = power * max(one for one in ROUND_STEPS if one * power <= wanted * (1 + 1e-9))
    return max(step, 1.0) if bool((values == np.round(values)).all()) else step


def _grid(origin: float, step: float, lower: float, upper: float) -> Numbers:
    """Return origin + k · step between two ends, without the dust of binary fractions."""
    first, last = math.floor((lower - origin) / step), math.ceil((upper - origin) / step)
    values: Numbers = origin + np.arange(first, last + 1, dtype=np.float64) * step
    decimals = max(_decimals(origin), _decimals(step))
    if decimals <= LARGEST_DECIMALS:
        np.round(values, decimals, out=values)
    return values[(values >= lower) & (values <= upper)]


def _decimals(value: float) -> int:
    """Return how many digits stand behind the point when the number is written."""
    mantissa, _, exponent = repr(value).partition("e")
    return max(0, len(mantissa.partition(".")[2].rstrip("0")) - int(exponent or 0))


def _spread(known: Numbers) -> float:
    """Return the interquartile range."""
    if not len(known):
        return 0.0
    first, third = np.quantile(known, [0.25, 0.75])
    return float(third - first)
