"""What to know about the columns of a table before training on them: quantiles, and warnings with their reasons.

A column that alone tells the target is rarely knowledge and often a leak: written after the outcome, or made from it.
It is found by what half of the rows say about the other half: the mean of the target in each bin or category, scored by
AUC for classes and by R² for a quantity.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.metrics import r2_score, roc_auc_score

from service.domain.feature_schema import MAXIMUM_CATEGORIES, MAXIMUM_CLASSES, ColumnWarning, Feature, FeatureSchema

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOSTLY_MISSING = 0.5
LEAKAGE = 0.99
#: At most so many rows are looked at for leaks, evenly spread over the table.
LEAKAGE_ROWS = 100_000
#: Fewer rows tell chance and a leak not apart.
MINIMUM_LEAKAGE_ROWS = 100
#: Rows that a bin holds on average, at least.
BIN_ROWS = 10
MAXIMUM_BINS = 256

Numbers = npt.NDArray[np.float64]
#: Every n-th value of a column by its name and n.
ReadColumn = Callable[[str, int], pl.Series]


def quantiles(numbers: pl.Series) -> tuple[float, ...]:
    """The quantiles of numbers without gaps, interpolated."""
    ordered = numbers.sort().to_numpy()
    places = np.array(QUANTILES) * (len(ordered) - 1)
    return tuple(_at(ordered, place) for place in places)


def _at(ordered: Numbers, place: float) -> float:
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))


def with_warnings(schema: FeatureSchema, read: ReadColumn) -> FeatureSchema:
    """The schema with the warnings of its columns, those about leaks for its target."""
    target = schema.find(schema.target) if schema.target else None
    leaks = _Leaks(target, read) if target and _can_be_told(target) else None
    features = []
    for feature in schema.features:
        warnings = _own_warnings(feature)
        if leaks and feature.name != schema.target and not (feature.identifier or feature.is_constant):
            warnings += leaks.warnings(feature)
        features.append(feature.model_copy(update={"warnings": tuple(warnings)}))
    return schema.model_copy(update={"features": tuple(features)})


def _can_be_told(target: Feature) -> bool:
    is_outcome = target.kind == "numeric" or target.distinct <= MAXIMUM_CLASSES
    return is_outcome and target.distinct >= 2 and target.rows >= MINIMUM_LEAKAGE_ROWS


def _own_warnings(feature: Feature) -> list[ColumnWarning]:
    found = []
    if feature.identifier:
        found.append(ColumnWarning(code="identifier", detail="It names the rows, or is prose: never an input."))
    if feature.is_constant:
        found.append(ColumnWarning(code="constant", detail="Every row has the same value."))
    if feature.missing > MOSTLY_MISSING * feature.rows:
        share = 100 * feature.missing / feature.rows
        found.append(ColumnWarning(code="mostly_missing", detail=f"{share:.0f} % of the rows have no value."))
    if feature.has_too_many_categories and not feature.identifier:
        detail = f"{feature.distinct:,} categories, more than the {MAXIMUM_CATEGORIES} that an input may have."
        found.append(ColumnWarning(code="too_many_categories", detail=detail))
    return found


class _Leaks:
    """The target on some rows, against which columns are scored."""

    def __init__(self, target: Feature, read: ReadColumn) -> None:
        self._read = read
        self._name = target.name
        self._stride = max(1, -(-target.rows // LEAKAGE_ROWS))
        values = read(target.name, self._stride)
        self._present = values.is_not_null().to_numpy()
        self._is_class = target.kind == "categorical"
        present = values.drop_nulls()
        if self._is_class:
            outcomes = present.unique().sort()
            codes = np.searchsorted(outcomes.to_numpy(), present.to_numpy())
            self._outcomes: Numbers = np.eye(len(outcomes))[codes]
        else:
            self._outcomes = present.to_numpy()[:, None]

    def warnings(self, feature: Feature) -> list[ColumnWarning]:
        """A warning where the column alone tells the target."""
        score = self._score(feature)
        if score is None or score < LEAKAGE:
            return []
        measure = "AUC" if self._is_class else "R²"
        detail = f"It alone tells '{self._name}' ({measure} {score:.3f}): was it known before the outcome?"
        return [ColumnWarning(code="leakage", detail=detail)]

    def _score(self, feature: Feature) -> float | None:
        values = self._read(feature.name, self._stride).filter(pl.Series(self._present))
        codes = _codes(values)
        learned, scored = slice(0, None, 2), slice(1, None, 2)
        answers = _means(codes[learned], self._outcomes[learned], codes.max() + 1)[codes[scored]]
        observed = self._outcomes[scored]
        if not self._is_class:
            return float(r2_score(observed, answers)) if np.ptp(observed) else None
        counts = observed.sum(axis=0)
        told = (counts > 0) & (counts < len(observed))
        return float(roc_auc_score(observed[:, told], answers[:, told], average="macro")) if told.any() else None


def _codes(values: pl.Series) -> npt.NDArray[np.int64]:
    """Numbers of the bins or categories that values fall into, the highest one for gaps."""
    if values.dtype == pl.String:
        known = values.drop_nulls().unique().sort()
        numbered = {name: code for code, name in enumerate(known)}
        return values.replace_strict(numbered, default=len(known), return_dtype=pl.Int64).to_numpy()
    numbers = values.to_numpy()
    is_gap = np.isnan(numbers)
    bins = int(min(MAXIMUM_BINS, max(2, len(numbers) // BIN_ROWS)))
    cuts = np.unique(np.quantile(numbers[~is_gap], np.linspace(0, 1, bins + 1)[1:-1]))
    return np.where(is_gap, len(cuts) + 1, np.searchsorted(cuts, numbers))


def _means(codes: npt.NDArray[np.int64], outcomes: Numbers, size: int) -> Numbers:
    """The mean outcome by code, the mean of all where a code does not occur."""
    counts = np.bincount(codes, minlength=size)[:, None]
    sums = np.column_stack([np.bincount(codes, weights=column, minlength=size) for column in outcomes.T])
    return np.where(counts > 0, sums / np.maximum(counts, 1), outcomes.mean(axis=0))
