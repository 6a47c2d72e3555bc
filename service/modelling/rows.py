"""From rows of JSON to the numbers that a network takes, with no guess about what was meant."""

from collections.abc import Mapping, Sequence

from jaxtyping import Float
from torch import Tensor

from kan.features import CategoricalFeature, Feature, encode
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


def encode_rows(features: Sequence[Feature], rows: Sequence[Mapping[str, Value]]) -> Float[Tensor, "rows features"]:
    """One line of numbers per row, in the order of the features.

    A whole number is a number; a truth value is none, and neither is a text that looks like one.
    Raises: UnknownFeature, MissingFeature, WrongValueType, NonFiniteNumber, MissingValueNotSeen.
    """
    for position, row in enumerate(rows):
        _require_row(features, row, position)
    return _encoded(features, rows)


def encode_row(features: Sequence[Feature], row: Mapping[str, Value]) -> Float[Tensor, " features"]:
    """The numbers of the only row of a request; raises as encode_rows, with errors that do not number it."""
    _require_row(features, row, None)
    return _encoded(features, [row])[0]


def _encoded(features: Sequence[Feature], rows: Sequence[Mapping[str, Value]]) -> Float[Tensor, "rows features"]:
    columns = {feature.name: [_plain(row[feature.name]) for row in rows] for feature in features}
    return encode(features, columns)


def _require_row(features: Sequence[Feature], row: Mapping[str, Value], position: int | None) -> None:
    known = {feature.name for feature in features}
    for name in row:
        if name not in known:
            raise UnknownFeature(position, name)
    for feature in features:
        if feature.name not in row:
            raise MissingFeature(position, feature.name)
        _require_value(feature, row[feature.name], position)


def _require_value(feature: Feature, value: Value, position: int | None) -> None:
    is_category = isinstance(feature, CategoricalFeature)
    if value is None or (is_category and value == ""):
        may_be_missing = "" in feature.categories if isinstance(feature, CategoricalFeature) else feature.has_missing
        if not may_be_missing:
            raise MissingValueNotSeen(position, feature.name)
    elif is_category:
        if not isinstance(value, str):
            raise WrongValueType(position, feature.name, "text", _name(value))
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongValueType(position, feature.name, "number", _name(value))
    elif not abs(value) <= LARGEST_NUMBER:
        raise NonFiniteNumber(position, feature.name)


def _plain(value: Value) -> float | str | None:
    if value is None or isinstance(value, str):
        return value
    return float(value)


def _name(value: object) -> str:
    return _NAMES.get(type(value), type(value).__name__)
