"""The texts of a Parquet file: plain columns only, written as they would stand in a CSV file and typed like those.

Two formats of one table are one dataset with one set of rules: a code `01234` that was kept as text stays a name, and
whole numbers that count the rows are found. Numbers are written so that they read back to the same bits.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import polars as pl

from service.errors import MalformedParquet, TableTooLarge, UnsupportedColumnType
from service.modelling.column_names import column_names
from service.modelling.staging import StagedTable, group_rows

MAGIC = b"PAR1"
_PLAIN = (pl.String, pl.Boolean, pl.Categorical, pl.Enum, pl.Date, pl.Datetime)


def is_parquet(file: BinaryIO) -> bool:
    """Whether a file begins as a Parquet file does."""
    file.seek(0)
    return file.read(len(MAGIC)) == MAGIC


def stage_parquet(file: BinaryIO, directory: Path, maximum_columns: int, maximum_bytes: int) -> StagedTable:
    """The texts of a Parquet file that holds at most `maximum_bytes` of them.

    Raises: MalformedParquet, UnsupportedColumnType, TableTooLarge, or what a header can be refused for.
    """
    path = directory / "upload.parquet"
    file.seek(0)
    with path.open("wb") as copy:
        shutil.copyfileobj(file, copy)
    with understood():
        lazy = pl.scan_parquet(path)
        schema = lazy.collect_schema()
        rows = int(lazy.select(pl.len()).collect().item())
    if not schema:
        raise MalformedParquet("it has no columns")
    table = StagedTable(directory, column_names(list(schema), maximum_columns))
    for name, kind in schema.items():
        if not (kind.is_numeric() or kind in _PLAIN):
            raise UnsupportedColumnType(name, str(kind))
    if rows * len(schema) > maximum_bytes:
        raise TableTooLarge(maximum_bytes)
    unpacked = 0
    some = group_rows(len(schema))
    for offset in range(0, rows, some):
        with understood():
            columns = [_text(column) for column in lazy.slice(offset, some).collect()]
        unpacked += sum(int(column.str.len_bytes().sum()) for column in columns)
        if unpacked > maximum_bytes:
            raise TableTooLarge(maximum_bytes)
        table.append(columns)
    return table


def _text(column: pl.Series) -> pl.Series:
    """Texts, empty where a value is missing."""
    exact = column.cast(pl.Float64) if column.dtype.is_float() else column
    return exact.cast(pl.String).str.strip_chars().fill_null("")


@contextmanager
def understood() -> Iterator[None]:
    """Tell a file that is damaged from a fault of the program."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise MalformedParquet(str(error).partition("\n")[0]) from error
