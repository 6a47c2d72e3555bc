"""From a table to the input nodes of a network: what each column is, and how its values become numbers.

A numeric feature keeps its own unit; `centre` and `half_width` map its training domain to [-1, 1] for the splines.
A categorical feature is a code: the position of the category, or `len(categories)` for one never seen in training.
A missing number is NaN. A missing category (None or "") is the category "" where training had it, otherwise unseen.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from kan.errors import (
    FeatureWithoutValues,
    InvalidSetting,
    MissingFeature,
    MissingValueNotSeen,
    NoFeatures,
    NonFinite,
    NoRows,
    TooManyCategories,
    UnequalLengths,
    UnknownFeature,
    WrongValueType,
)
from kan.grid import RELATIVE_SPREAD

CATEGORY_LIMIT = 256
SMALLEST_RANGE = 1e-300  # below it the map to [-1, 1] would overflow

Column = Sequence[Any] | npt.NDArray[Any]  # numbers and None, or text and None; checked value by value


@dataclass(frozen=True)
class NumericFeature:
    """A measured number; `lower` and `upper` bound the training domain in the feature's own unit."""

    name: str
    unit: str | None
    lower: float
    upper: float
    has_missing: bool = False

    @property
    def is_constant(self) -> bool:
        """Whether training saw a single value."""
        size = max(abs(self.lower), abs(self.upper))
        return self.upper - self.lower <= max(RELATIVE_SPREAD * size, SMALLEST_RANGE)

    @property
    def centre(self) -> float:
        """The middle of the domain."""
        return self.lower / 2 + self.upper / 2

    @property
    def half_width(self) -> float:
        """Half the length of the domain; 1 for a constant."""
        return 1.0 if self.is_constant else self.upper / 2 - self.lower / 2


@dataclass(frozen=True)
class CategoricalFeature:
    """A choice from a list; the code of a category is its position, `len(categories)` stands for unseen ones."""

    name: str
    categories: tuple[str, ...]

    @property
    def is_constant(self) -> bool:
        """Whether training saw a single category."""
        return len(self.categories) == 1


Feature = NumericFeature | CategoricalFeature


@dataclass(frozen=True)
class DomainWarning:
    """A value that training never came near: the answer rests on extrapolation."""

    code: Literal["out_of_domain", "unseen_category"]
    feature: str


def infer_features(
    columns: Mapping[str, Column],
    *,
    categorical: Collection[str] = (),
    units: Mapping[str, str] | None = None,
    domains: Mapping[str, Sequence[float]] | None = None,
) -> tuple[Feature, ...]:
    """Return one feature per column: text and the names in `categorical` are categories, everything else numbers.

    The domain of a number is the range of its values, or what `domains` says where that is wider.

    Raises: NoFeatures, NoRows, UnequalLengths, UnknownFeature (a name without a column), WrongValueType (numbers and
    text mixed), NonFinite, FeatureWithoutValues, TooManyCategories, InvalidSetting (a domain that is not an interval).
    """
    _row_count(columns)
    units, domains = units or {}, domains or {}
    for name in [*categorical, *units, *domains]:
        if name not in columns:
            raise UnknownFeature(name, list(columns))
    return tuple(
        _categorical_feature(name, column)
        if name in categorical or _holds_text(column)
        else _numeric_feature(name, column, units.get(name), domains.get(name))
        for name, column in columns.items()
    )


def encode(features: Sequence[Feature], columns: Mapping[str, Column]) -> Float[Tensor, "rows features"]:
    """Return the table as float64 numbers, one column per feature in the features' order.

    Raises: UnknownFeature, MissingFeature, UnequalLengths, NoRows, WrongValueType, NonFinite, MissingValueNotSeen.
    """
    known = [feature.name for feature in features]
    for name in columns:
        if name not in known:
            raise UnknownFeature(name, known)
    for name in known:
        if name not in columns:
            raise MissingFeature(name)
    encoded = np.empty((_row_count(columns), len(features)))
    for position, feature in enumerate(features):
        column = columns[feature.name]
        if isinstance(feature, CategoricalFeature):
            encoded[:, position] = _codes(feature, column)
        else:
            encoded[:, position] = _numbers(feature.name, column)
            gaps = np.flatnonzero(np.isnan(encoded[:, position]))
            if gaps.size and not feature.has_missing:
                raise MissingValueNotSeen(feature.name, int(gaps[0]))
    return torch.from_numpy(encoded)


def domain_warnings(features: Sequence[Feature], x: Float[Tensor, "rows features"]) -> list[tuple[DomainWarning, ...]]:
    """Return for every encoded row the features outside their training domain, in the features' order."""
    rows, positions = np.nonzero(outside_domain(features, x.numpy()))
    found: list[list[DomainWarning]] = [[] for _ in range(len(x))]
    for row, position in zip(rows.tolist(), positions.tolist(), strict=True):
        feature = features[position]
        is_category = isinstance(feature, CategoricalFeature)
        found[row].append(DomainWarning("unseen_category" if is_category else "out_of_domain", feature.name))
    return [tuple(one) for one in found]


def outside_domain(
    features: Sequence[Feature], x: Float[np.ndarray, "rows features"]
) -> Bool[np.ndarray, "rows features"]:
    """Return for every encoded value whether it lies outside the training domain; a gap does not."""
    lower, upper = np.empty(len(features)), np.empty(len(features))
    for position, feature in enumerate(features):
        if isinstance(feature, CategoricalFeature):
            lower[position], upper[position] = -math.inf, len(feature.categories) - 1
        else:
            lower[position], upper[position] = feature.lower, feature.upper
    return (x < lower) | (x > upper)


def _row_count(columns: Mapping[str, Column]) -> int:
    if not columns:
        raise NoFeatures
    rows = len(next(iter(columns.values())))
    for name, column in columns.items():
        if len(column) != rows:
            raise UnequalLengths(name, len(column), rows)
    if rows == 0:
        raise NoRows
    return rows


def _numeric_feature(name: str, column: Column, unit: str | None, domain: Sequence[float] | None) -> NumericFeature:
    numbers = _numbers(name, column)
    present = numbers[~np.isnan(numbers)]
    if present.size == 0:
        raise FeatureWithoutValues(name)
    lower, upper = float(present.min()), float(present.max())
    if domain is not None:
        least, most = domain if len(domain) == 2 else (math.nan, math.nan)
        if not (math.isfinite(least) and math.isfinite(most) and least < most):
            raise InvalidSetting(f"domains[{name!r}]", domain, "two finite numbers, the smaller one first")
        lower, upper = min(lower, float(least)), max(upper, float(most))
    return NumericFeature(name, unit, lower, upper, has_missing=present.size < numbers.size)


def _categorical_feature(name: str, column: Column) -> CategoricalFeature:
    categories = sorted(set(_labels(name, column)))
    if categories == [""]:
        raise FeatureWithoutValues(name)
    if len(categories) > CATEGORY_LIMIT:
        raise TooManyCategories(name, len(categories), CATEGORY_LIMIT)
    return CategoricalFeature(name, tuple(categories))


def _numbers(name: str, column: Column) -> npt.NDArray[np.float64]:
    """Return the column as floats with NaN for missing values."""
    if isinstance(column, np.ndarray) and column.dtype.kind in "fiub":
        numbers = column.astype(np.float64)
    else:
        numbers = np.array([_number(name, row, value) for row, value in enumerate(column)], dtype=np.float64)
    infinite = np.flatnonzero(np.isinf(numbers))
    if infinite.size:
        raise NonFinite(name, int(infinite[0]))
    return numbers


def _number(name: str, row: int, value: object) -> float:
    if value is None:
        return math.nan
    if not isinstance(value, (int, float, np.number, np.bool_)) or isinstance(value, np.complexfloating):
        raise WrongValueType(name, row, "number", value)
    try:
        return float(value)
    except OverflowError as error:
        raise NonFinite(name, row) from error


def _codes(feature: CategoricalFeature, column: Column) -> npt.NDArray[np.float64]:
    position = {category: code for code, category in enumerate(feature.categories)}
    unseen = len(feature.categories)
    return np.array([position.get(label, unseen) for label in _labels(feature.name, column)], dtype=np.float64)


def _labels(name: str, column: Column) -> list[str]:
    """Return the column as text with "" for missing values."""
    labels = []
    for row, value in enumerate(column):
        if value is None or (isinstance(value, float) and math.isnan(value)):
            labels.append("")
        elif isinstance(value, str):
            labels.append(str(value))
        else:
            raise WrongValueType(name, row, "category (text)", value)
    return labels


def _holds_text(column: Column) -> bool:
    if isinstance(column, np.ndarray) and column.dtype.kind in "fiub":
        return False
    return any(isinstance(value, str) for value in column)
