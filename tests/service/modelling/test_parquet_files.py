"""Parquet uploads: the same table is the same snapshot in either format, and a file that lies is refused whole."""

import io
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service import errors
from service.domain.feature_schema import SchemaOverrides
from service.modelling.tables import read_parquet
from tests.service.snapshots import SmallSnapshot, read_table


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(columns).write_parquet(buffer, **options)
    return buffer.getvalue()


def read(content: bytes, maximum_bytes: int = 100_000) -> SmallSnapshot:
    return read_table(content, SchemaOverrides(), maximum_columns=5, maximum_bytes=maximum_bytes)


def test_the_same_table_is_the_same_snapshot_in_either_format() -> None:
    columns = {"age": [41, 18, None], "code": ["01", "02", "01"], "rate": [0.5, -1e-9, 2.0], "ok": [True, False, None]}
    lines = ["age,code,rate,ok", "41,01,0.5,true", "18,02,-1e-9,false", ",01,2.0,"]
    from_csv, from_parquet = read("\n".join(lines).encode()), read(parquet(columns))
    assert from_parquet == from_csv
    kinds = {feature.name: feature.kind for feature in from_parquet.schema.features}
    assert kinds == {"age": "numeric", "code": "categorical", "rate": "numeric", "ok": "categorical"}


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-1e99, 1e99), min_size=4, max_size=9, unique=True))
def test_every_float_keeps_its_bits(values: list[float]) -> None:
    content = parquet({"x": [*values, None]})
    overrides = SchemaOverrides.model_validate({"features": {"x": {"kind": "numeric"}}})
    snapshot = read_table(content, overrides, maximum_columns=5)
    assert read_parquet(snapshot.parquet)["x"].to_list() == [*values, None]


def test_dates_and_categories_are_texts_and_nan_is_a_gap() -> None:
    days = [date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 1)]
    kinds = pl.Series(["a", "b", "a"], dtype=pl.Categorical)
    snapshot = read(parquet({"day": days, "kind": kinds, "x": [1.5, float("nan"), 2.5]}))
    table = read_parquet(snapshot.parquet)
    assert table["day"].to_list() == ["2026-01-01", "2026-01-02", "2026-01-01"]
    assert table["kind"].to_list() == ["a", "b", "a"]
    assert table["x"].to_list() == [1.5, None, 2.5]


@pytest.mark.parametrize(
    ("columns", "error"),
    [
        ({"a": [[1], [2]]}, errors.UnsupportedColumnType),
        ({"a": [{"b": 1}, {"b": 2}]}, errors.UnsupportedColumnType),
        ({"a": [b"x", b"y"]}, errors.UnsupportedColumnType),
        ({"": [1, 2]}, errors.EmptyColumnName),
        ({"a\n": [1, 2], "a": [3, 4]}, errors.DuplicateColumn),
        ({"a\nb": [1, 2]}, errors.InvalidColumnName),
        ({name: [1, 2] for name in "abcdef"}, errors.TooManyColumns),
        ({"a": pl.Series([], dtype=pl.Int64)}, errors.NoRows),
        ({"a": [1]}, errors.TooFewRows),
        ({"a": [None, None]}, errors.InvalidDataset),
        ({"a": [1.0, float("inf")]}, errors.NumberTooLarge),
    ],
    ids=str,
)
def test_what_is_no_plain_table_is_refused(columns: dict[str, Any], error: type[errors.InvalidDataset]) -> None:
    with pytest.raises(error):
        read(parquet(columns))


def test_a_damaged_file_is_refused_at_any_cut() -> None:
    content = parquet({"a": list(range(500)), "b": [f"name {row % 7}" for row in range(500)]})
    for end in (4, 5, 20, len(content) // 2, len(content) - 9, len(content) - 1):
        with pytest.raises(errors.MalformedParquet):
            read(content[:end])


def test_a_file_with_turned_bytes_is_refused_or_read_but_never_breaks() -> None:
    content = parquet({"a": list(range(300)), "b": [f"name {row % 7}" for row in range(300)]})
    refused = 0
    for position in range(4, len(content), max(1, len(content) // 60)):
        turned = content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :]
        try:
            read(turned)
        except errors.InvalidDataset:
            refused += 1
    assert refused > 0


def test_a_small_file_that_unpacks_to_a_large_table_is_refused() -> None:
    for columns in ({"a": [0] * 100_001}, {"a": ["x" * 1000] * 1000}):
        content = parquet(columns)
        assert len(content) < 10_000
        with pytest.raises(errors.TableTooLarge):
            read(content)
