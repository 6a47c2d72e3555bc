"""From an uploaded file to a snapshot: checked, typed, profiled, and stored as Parquet.

Values are read as texts, column kinds are inferred by `column_kinds`, and every kind carries the sentence that explains
it. Texts lose the blanks around them; nothing else is changed or repaired.
"""

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl

from service.domain.feature_schema import (
    MAXIMUM_CATEGORIES,
    CategoryCount,
    Feature,
    FeatureOverride,
    FeatureSchema,
    SchemaOverrides,
)
from service.errors import FieldError, InvalidRequest, NoRows, TooFewRows, UnknownColumn
from service.modelling.column_kinds import Notation, TypedColumn, count_distinct, notation_of, type_column
from service.modelling.csv_files import stage_csv
from service.modelling.parquet_files import is_parquet, stage_parquet
from service.modelling.profiles import quantiles, with_warnings
from service.modelling.staging import StagedTable

MINIMUM_ROWS = 2
_OVERRIDE = FeatureOverride()


@dataclass(frozen=True)
class Snapshot:
    """An immutable table in a file: the same content gives the same Parquet bytes."""

    path: Path
    rows: int
    schema: FeatureSchema


def take_snapshot(
    file: BinaryIO, directory: Path, overrides: SchemaOverrides, *, maximum_columns: int, maximum_bytes: int
) -> Snapshot:
    """Read a CSV file (UTF-8, header, separated by comma, semicolon, tab or bar) or a Parquet file into a snapshot.

    Everything on the way is written to `directory`, where the snapshot is found. Raises: a leaf of InvalidDataset that
    names the row or column at fault; InvalidRequest for an override that does not go with its column.
    """
    separator = ","
    if is_parquet(file):
        table = stage_parquet(file, directory, maximum_columns, maximum_bytes)
    else:
        table, separator = stage_csv(file, directory, maximum_columns)
    if table.rows == 0:
        raise NoRows
    if table.rows < MINIMUM_ROWS:
        raise TooFewRows(table.rows, MINIMUM_ROWS)
    require_known(overrides, table.names)
    features = _typed(table, overrides, separator)
    schema = with_warnings(FeatureSchema(features=features, target=overrides.target), table.column)
    return Snapshot(table.write(), table.rows, schema)


def read_parquet(parquet: bytes, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """A snapshot, or some columns of it: numeric ones as Float64, categorical ones as String, null where missing."""
    return pl.read_parquet(io.BytesIO(parquet), columns=None if columns is None else list(columns))


def stored_columns(parquet: bytes) -> Callable[[str, int], pl.Series]:
    """Reads every n-th value of a column of a snapshot, by the column's name and n."""

    def read(name: str, stride: int) -> pl.Series:
        return pl.read_parquet(io.BytesIO(parquet), columns=[name]).to_series().gather_every(stride)

    return read


def _typed(table: StagedTable, overrides: SchemaOverrides, separator: str) -> tuple[Feature, ...]:
    notation = notation_of((table.texts(position) for position in range(len(table.names))), separator)
    # One call for each column: the next one is read when this one is no longer in memory.
    return tuple(_typed_column(table, position, overrides, notation) for position in range(len(table.names)))


def _typed_column(table: StagedTable, position: int, overrides: SchemaOverrides, notation: Notation) -> Feature:
    name = table.names[position]
    override = overrides.features.get(name, _OVERRIDE)
    typed = type_column(table.texts(position), override.kind, notation, is_target=name == overrides.target)
    table.keep(position, typed.values)
    return _feature(name, typed, override)


def require_known(overrides: SchemaOverrides, names: Sequence[str]) -> None:
    """Raise UnknownColumn for an override of a column that the table does not have."""
    if overrides.target is not None and overrides.target not in names:
        raise UnknownColumn(overrides.target, "/schema/target")
    for name in overrides.features:
        if name not in names:
            raise UnknownColumn(name, f"/schema/features/{name}")


def _feature(name: str, column: TypedColumn, override: FeatureOverride) -> Feature:
    if override.monotone is not None and column.kind == "categorical":
        raise InvalidRequest(
            FieldError(
                f"/schema/features/{name}/monotone",
                f"'{name}' is categorical and has no direction: leave 'monotone' away, or declare it numeric",
            )
        )
    present = column.values.drop_nulls()
    numbers = present.to_numpy() if column.kind == "numeric" else None
    return Feature(
        name=name,
        kind=column.kind,
        unit=override.unit or column.unit,
        description=override.description,
        protected=bool(override.protected),
        changeable=override.changeable is not False,
        identifier=column.identifier,
        monotone=override.monotone,
        rows=len(column.values),
        missing=column.values.null_count(),
        distinct=count_distinct(present),
        minimum=None if numbers is None else float(numbers.min()),
        maximum=None if numbers is None else float(numbers.max()),
        mean=None if numbers is None else math.fsum(numbers) / len(numbers),
        quantiles=() if numbers is None else quantiles(present),
        # The names of rows may be names of people: they are not listed.
        categories=() if numbers is not None or column.identifier else _categories(present),
        reason=column.reason,
    )


def _categories(texts: pl.Series) -> tuple[CategoryCount, ...]:
    """The most frequent categories first, equally frequent ones by name."""
    counts = texts.alias("value").value_counts(name="rows").sort(["rows", "value"], descending=[True, False])
    return tuple(CategoryCount(value=value, rows=rows) for value, rows in counts.head(MAXIMUM_CATEGORIES).iter_rows())
