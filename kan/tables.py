"""Tables as people bring them: numpy arrays, pandas and polars data frames.

pandas and polars are not imported: a data frame is recognised by its columns, so neither is needed to use the other.
A mapping from names to columns is a table too.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kan.errors import DuplicateFeature
from kan.features import Column


def is_columns(table: object) -> bool:
    """Return whether the table is a mapping from names to columns."""
    return isinstance(table, Mapping) and all(isinstance(name, str) for name in table)


def is_frame(table: object) -> bool:
    """Return whether the table is a data frame."""
    return hasattr(table, "columns") and hasattr(table, "__getitem__")


def holds_text(table: object) -> bool:
    """Return whether the table is an array in which some value is text."""
    if not isinstance(table, np.ndarray) or table.ndim != 2:
        return False
    return table.dtype.kind in "UT" or (table.dtype.kind == "O" and any(isinstance(value, str) for value in table.flat))


def frame_columns(frame: Any) -> Mapping[str, Column]:
    """Return the columns of a data frame by name (x0, x1, … where the names are not text); raises DuplicateFeature."""
    labels = list(frame.columns)
    names = labels if all(isinstance(label, str) for label in labels) else default_names(len(labels))
    for position, name in enumerate(names):
        if name in names[:position]:
            raise DuplicateFeature(name)
    return {name: _values(frame[label]) for name, label in zip(names, labels, strict=True)}


def array_columns(array: np.ndarray, names: Sequence[str] | None = None) -> Mapping[str, Column]:
    """Return the columns of a two-dimensional array, named x0, x1, … unless names are given."""
    names = names if names is not None else default_names(array.shape[1])
    if array.dtype.kind == "O":
        return {name: array[:, position].tolist() for position, name in enumerate(names)}
    return {name: array[:, position] for position, name in enumerate(names)}


def default_names(count: int) -> list[str]:
    """Return x0, x1, … ."""
    return [f"x{position}" for position in range(count)]


def _values(series: Any) -> Column:
    """Return the values of a pandas or polars column with None for missing ones."""
    if hasattr(series, "is_null"):  # polars
        values: list[Any] = series.to_list()
        return values
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "fiub":
        return np.asarray(series)
    is_category = str(series.dtype) == "category"
    present = series.notna().tolist()
    listed = series.astype(object).tolist()
    return [
        None if not there else str(value) if is_category else value
        for value, there in zip(listed, present, strict=True)
    ]
