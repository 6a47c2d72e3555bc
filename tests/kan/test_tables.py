"""One table, brought as a data frame, an array or a mapping."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from kan.errors import DuplicateFeature, WrongValueType
from kan.features import encode, infer_features
from kan.tables import array_columns, frame_columns, holds_text, is_columns, is_frame

DATA = {"age": [20.5, 60.0, None], "purpose": ["car", None, "house"], "count": [1, 2, 3]}
EXPECTED = [[20.5, 1.0, 1.0], [60.0, 0.0, 2.0], [None, 2.0, 3.0]]


def encoded(columns: object) -> list[list[float | None]]:
    assert is_columns(columns)
    x = encode(infer_features(columns), columns)  # type: ignore[arg-type]  # is_columns has checked
    return [[None if value != value else value for value in row] for row in x.tolist()]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(DATA),
        pd.DataFrame(DATA).convert_dtypes(),
        pd.DataFrame(DATA).astype({"purpose": "category"}),
        pl.DataFrame(DATA),
        pl.DataFrame(DATA).with_columns(pl.col("purpose").cast(pl.Categorical)),
    ],
    ids=["pandas", "pandas nullable", "pandas category", "polars", "polars categorical"],
)
def test_every_kind_of_frame_gives_the_same_numbers(frame: object) -> None:
    assert is_frame(frame)
    assert encoded(frame_columns(frame)) == EXPECTED


def test_mapping_is_a_table() -> None:
    assert encoded(DATA) == EXPECTED
    assert not is_frame(DATA)


def test_array_with_text_is_read_column_by_column() -> None:
    table = np.array([[20.5, "car", 1], [60.0, None, 2], [None, "house", 3]], dtype=object)
    assert holds_text(table)
    assert encoded(array_columns(table)) == EXPECTED


def test_array_of_numbers_holds_no_text() -> None:
    assert not holds_text(np.ones((2, 2)))
    assert not holds_text(np.ones((2, 2), dtype=object))
    assert list(array_columns(np.ones((2, 3)))) == ["x0", "x1", "x2"]


def test_frame_with_numbered_columns_gets_names() -> None:
    assert list(frame_columns(pd.DataFrame(np.ones((2, 2))))) == ["x0", "x1"]


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(DuplicateFeature, match="'a'"):
        frame_columns(pd.DataFrame(np.ones((2, 2)), columns=["a", "a"]))


def test_dates_are_not_numbers() -> None:
    frame = pd.DataFrame({"day": pd.to_datetime(["2026-01-01", "2026-01-02"])})
    with pytest.raises(WrongValueType, match="'day', row 0"):
        infer_features(frame_columns(frame))
