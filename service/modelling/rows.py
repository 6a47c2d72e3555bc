"""From rows of JSON to the numbers that a network takes, with no guess about what was meant."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from kan.features import CategoricalFeature, Feature
from service.domain.predictions import Value
from service.errors import (
    MissingFeature,
    MissingValueNotSeen,
    NonFiniteNumber,
    UnknownFeature,
    WrongValueType,
)
from service.modelling.column_kinds import LARGEST_NUMBER

_NAMES: Mapping[type, str] = {bool: "truth value", int: "number", float: "number", str: "text", type(None): "gap"}

_PLAIN = frozenset({float, int})

Row = Mapping[str, Value]


class _Reading(NamedTuple):
    """How the values of one feature are read: codes by category, None for a number."""

    name: str
    codes: Mapping[str, float] | None
    may_be_missing: bool


class RowReader:
    """Reads rows for one list of features; made once and used for every request."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self._readings = tuple(_reading(feature) for feature in features)
        self._order = [reading.name for reading in self._readings]
        self._names = set(self._order)
        self._is_plain = all(reading.codes is None for reading in self._readings)

    def read(self, rows: Sequence[Row]) -> Float[np.ndarray, "rows features"]:
        """One line of numbers per row, in the order of the features.

        A whole number is a number; a truth value is none, and neither is a text that looks like one.
        Raises: UnknownFeature, MissingFeature, WrongValueType, NonFiniteNumber, MissingValueNotSeen.
        """
        numbers = self._plain(rows)
        if numbers is not None:
            return numbers
        return np.array([self.line(row, position) for position, row in enumerate(rows)]).reshape(len(rows), -1)

    def _plain(self, rows: Sequence[Row]) -> Float[np.ndarray, "rows features"] | None:
        """The lines where nothing but numbers is asked for and given, as in most calls; else None."""
        if not self._is_plain:
            return None
        lines = []
        for row in rows:
            values = [row[name] for name in self._order] if row.keys() == self._names else [None]
            if not _PLAIN.issuperset(map(type, values)):
                return None
            lines.append(values)
        try:
            numbers = np.array(lines, dtype=np.float64)
        except OverflowError:  # a whole number that no float holds
            return None
        return numbers if (np.abs(numbers) <= LARGEST_NUMBER).all() else None

    def line(self, row: Row, position: int | None) -> list[float]:
        """The numbers of one row; raises as `read`, with errors that say its position unless it is the only one."""
        if row.keys() != self._names:
            self._refuse_names(row, position)
        return [_number(reading, row[reading.name], position) for reading in self._readings]

    def _refuse_names(self, row: Row, position: int | None) -> None:
        for name in row:
            if name not in self._names:
                raise UnknownFeature(position, name)
        for reading in self._readings:
            if reading.name not in row:
                raise MissingFeature(position, reading.name)


def encode_rows(features: Sequence[Feature], rows: Sequence[Row]) -> Float[Tensor, "rows features"]:
    """One line of numbers per row, in the order of the features; raises as `RowReader.read`."""
    return torch.from_numpy(RowReader(features).read(rows))


def encode_row(features: Sequence[Feature], row: Row) -> Float[Tensor, " features"]:
    """The numbers of the only row of a request; raises as encode_rows, with errors that do not number it."""
    return torch.tensor(RowReader(features).line(row, None), dtype=torch.float64)


def _reading(feature: Feature) -> _Reading:
    if isinstance(feature, CategoricalFeature):
        codes = {category: float(code) for code, category in enumerate(feature.categories)}
        return _Reading(feature.name, codes, "" in codes)
    return _Reading(feature.name, None, feature.has_missing)


def _number(reading: _Reading, value: Value, position: int | None) -> float:
    if reading.codes is None and (type(value) is float or type(value) is int):
        if -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
            return float(value)
        raise NonFiniteNumber(position, reading.name)
    if value is None or (value == "" and reading.codes is not None):
        if not reading.may_be_missing:
            raise MissingValueNotSeen(position, reading.name)
        return math.nan if reading.codes is None else reading.codes[""]
    if reading.codes is None:
        raise WrongValueType(position, reading.name, "number", _name(value))
    if not isinstance(value, str):
        raise WrongValueType(position, reading.name, "text", _name(value))
    return reading.codes.get(value, float(len(reading.codes)))


def _name(value: object) -> str:
    return _NAMES.get(type(value), type(value).__name__)
