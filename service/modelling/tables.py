"""From the bytes of a CSV file to a snapshot: checked, typed, and stored as Parquet.

The file is read as text by one strict parser, column kinds are inferred by `column_kinds`, and every kind
carries the sentence that explains it. Texts lose the blanks around them; nothing else is changed or repaired.
"""

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import polars as pl

from service.domain.feature_schema import (
    MAXIMUM_CATEGORIES,
    CategoryCount,
    Feature,
    FeatureOverride,
    FeatureSchema,
    SchemaOverrides,
)
from service.errors import (
    DuplicateColumn,
    EmptyColumnName,
    FieldError,
    InvalidRequest,
    MalformedCsv,
    NoRows,
    NotUtf8,
    TooFewRows,
    TooManyColumns,
    UnknownColumn,
)
from service.modelling.column_kinds import TypedColumn, notation_of, type_column

#: Characters that may separate values; the first wins where the header does not tell.
SEPARATORS = (",", ";", "\t", "|")
MINIMUM_ROWS = 2
LONGEST_COLUMN_NAME = 200
_CHUNK_ROWS = 20_000
_OVERRIDE = FeatureOverride()


@dataclass(frozen=True)
class Snapshot:
    """An immutable table: the same content gives the same Parquet bytes."""

    parquet: bytes
    rows: int
    schema: FeatureSchema


def read_csv(content: bytes, overrides: SchemaOverrides, *, maximum_columns: int) -> Snapshot:
    """Read a CSV file (UTF-8, header, separated by comma, semicolon, tab or bar) into a snapshot.

    Raises: a leaf of InvalidDataset that names the row or column at fault; InvalidRequest for an override
    that does not go with its column.
    """
    _require_text(content)
    separator = _separator(content)
    columns = _read_columns(content, separator, maximum_columns)
    rows = len(columns[0])
    if rows == 0:
        raise NoRows
    if rows < MINIMUM_ROWS:
        raise TooFewRows(rows, MINIMUM_ROWS)
    _require_known(overrides, [column.name for column in columns])
    notation = notation_of(columns, separator)
    frame: dict[str, pl.Series] = {}
    features = []
    for texts in columns:
        override = overrides.features.get(texts.name, _OVERRIDE)
        typed = type_column(texts, override.kind, notation, is_target=texts.name == overrides.target)
        frame[texts.name] = typed.values
        features.append(_feature(texts.name, typed, override))
    return Snapshot(
        _parquet(pl.DataFrame(frame)), rows, FeatureSchema(features=tuple(features), target=overrides.target)
    )


def read_parquet(parquet: bytes) -> pl.DataFrame:
    """The table of a snapshot, numeric columns as Float64, categorical ones as String, null where missing."""
    return pl.read_parquet(io.BytesIO(parquet))


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=False)
    return buffer.getvalue()


def _require_text(content: bytes) -> None:
    if not content.strip():
        raise MalformedCsv("it is empty")
    try:
        content.decode()
    except UnicodeDecodeError as error:
        raise NotUtf8(error.start) from error
    zero = content.find(b"\0")
    if zero >= 0:
        raise MalformedCsv(f"byte {zero} is zero, as in binary files and in UTF-16 text")


def _lines(content: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")


def _records(content: bytes, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Every record with the number of its last line; blank lines are skipped."""
    reader = csv.reader(_lines(content), delimiter=separator, strict=True)
    try:
        for record in reader:
            if record and not (len(record) == 1 and not record[0].strip()):
                yield reader.line_num, record
    except csv.Error as error:
        raise MalformedCsv(f"line {reader.line_num} cannot be read ({error})") from error


def _separator(content: bytes) -> str:
    """The character that cuts the header into the most names."""
    return max(SEPARATORS, key=lambda separator: len(_header(content, separator)))


def _header(content: bytes, separator: str) -> list[str]:
    try:
        return next(_records(content, separator), (0, list[str]()))[1]
    except MalformedCsv:
        return []


def _read_columns(content: bytes, separator: str, maximum_columns: int) -> list[pl.Series]:
    records = _records(content, separator)
    _, header = next(records, (0, []))
    names = _column_names(header, maximum_columns)
    empty = pl.Series([], dtype=pl.String)
    columns = [empty.alias(name) for name in names]
    while chunk := list(islice(_checked(records, len(names)), _CHUNK_ROWS)):
        for position, values in enumerate(zip(*chunk, strict=True)):
            columns[position].append(pl.Series(values, dtype=pl.String))
    return [column.str.strip_chars() for column in columns]


def _checked(records: Iterator[tuple[int, list[str]]], width: int) -> Iterator[list[str]]:
    for line, record in records:
        if len(record) != width:
            values = "1 value" if len(record) == 1 else f"{len(record)} values"
            raise MalformedCsv(f"line {line} has {values}, the header has {width}")
        yield record


def _column_names(header: list[str], maximum: int) -> list[str]:
    if not header:
        raise MalformedCsv("it is empty")
    if len(header) > maximum:
        raise TooManyColumns(len(header), maximum)
    names: list[str] = []
    for position, text in enumerate(header):
        name = text.strip()
        if not name:
            raise EmptyColumnName(position)
        if name in names:
            raise DuplicateColumn(name)
        if len(name) > LONGEST_COLUMN_NAME:
            raise MalformedCsv(f"the name of column {position + 1} has more than {LONGEST_COLUMN_NAME} characters")
        if any(ord(character) < 32 for character in name):
            raise MalformedCsv(f"the name of column {position + 1} has a line break or another control character")
        names.append(name)
    return names


def _require_known(overrides: SchemaOverrides, names: list[str]) -> None:
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
    numbers: list[float] | None = present.to_list() if column.kind == "numeric" else None
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
        distinct=present.n_unique(),
        minimum=None if numbers is None else min(numbers),
        maximum=None if numbers is None else max(numbers),
        mean=None if numbers is None else math.fsum(numbers) / len(numbers),
        # The names of rows may be names of people: they are not listed.
        categories=() if numbers is not None or column.identifier else _categories(present),
        reason=column.reason,
    )


def _categories(texts: pl.Series) -> tuple[CategoryCount, ...]:
    """The most frequent categories first, equally frequent ones by name."""
    counts = texts.alias("value").value_counts(name="rows").sort(["rows", "value"], descending=[True, False])
    return tuple(CategoryCount(value=value, rows=rows) for value, rows in counts.head(MAXIMUM_CATEGORIES).iter_rows())
