"""Rows of a table as the numbers that a network takes, column by column; a row that cannot be read says why."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from kan.features import CategoricalFeature, Feature, NumericFeature
from service.errors import MissingValueNotSeen, NonFiniteNumber, OutputUndefined, WrongValueType
from service.modelling.column_kinds import LARGEST_NUMBER

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
#: What stands in `error`; the first reason of a row counts.
REASONS = (None, MissingValueNotSeen.code, NonFiniteNumber.code, WrongValueType.code, OutputUndefined.code)
MISSING, NOT_FINITE, WRONG_TYPE, UNDEFINED = 1, 2, 3, 4


@dataclass(frozen=True)
class EncodedRows:
    """Numbers of all rows, and for each row the position of its reason among `REASONS`, 0 where it can be read."""

    x: Numbers
    reasons: npt.NDArray[np.uint8]

    @property
    def is_valid(self) -> Flags:
        """Which rows can be read."""
        valid: Flags = self.reasons == 0
        return valid

    def with_undefined(self, places: npt.NDArray[np.int64]) -> list[str | None]:
        """The code of each row's reason, where the rows at some places have no finite output."""
        reasons = self.reasons.copy()
        reasons[places] = UNDEFINED
        return [REASONS[reason] for reason in reasons.tolist()]


def encoded_rows(features: Sequence[Feature], frame: pl.DataFrame) -> EncodedRows:
    """The columns of the features as numbers: categories by code, gaps as NaN; texts of a CSV file are read."""
    x = np.empty((frame.height, len(features)))
    reasons = np.zeros(frame.height, dtype=np.uint8)
    for place, feature in enumerate(features):
        column = frame[feature.name]
        if isinstance(feature, CategoricalFeature):
            x[:, place], found = _codes(feature, column)
        else:
            x[:, place], found = _numbers(feature, column)
        reasons = np.where(reasons == 0, found, reasons)
    return EncodedRows(x, reasons)


def _codes(feature: CategoricalFeature, column: pl.Series) -> tuple[Numbers, npt.NDArray[np.uint8]]:
    texts = column.cast(pl.String).fill_null("")
    codes = {category: float(code) for code, category in enumerate(feature.categories)}
    unseen = float(len(feature.categories))
    numbers = texts.replace_strict(codes, default=unseen, return_dtype=pl.Float64).to_numpy()
    reasons = np.zeros(len(column), dtype=np.uint8)
    if "" not in feature.categories:
        reasons[(texts == "").to_numpy()] = MISSING
    return numbers, reasons


def _numbers(feature: NumericFeature, column: pl.Series) -> tuple[Numbers, npt.NDArray[np.uint8]]:
    reasons = np.zeros(len(column), dtype=np.uint8)
    if column.dtype == pl.String:
        is_gap = (column == "").fill_null(value=True).to_numpy()
        read = column.cast(pl.Float64, strict=False)
        reasons[~is_gap & read.is_null().to_numpy()] = WRONG_TYPE
    else:
        is_gap = column.is_null().to_numpy()
        read = column.cast(pl.Float64)
    numbers = read.fill_null(float("nan")).to_numpy()
    if not feature.has_missing:
        reasons[is_gap] = MISSING
    reasons[~is_gap & (reasons == 0) & ~(np.abs(numbers) <= LARGEST_NUMBER)] = NOT_FINITE
    return numbers, reasons
