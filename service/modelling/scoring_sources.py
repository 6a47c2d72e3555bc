"""Tables to score, read in groups of rows: Parquet as it stands, CSV as texts that were staged on disk."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl

from kan.features import CategoricalFeature, Feature
from service.errors import NoRows, ScoringColumnRefused, UnknownColumn
from service.modelling.csv_files import header_of, stage_csv
from service.modelling.parquet_files import is_parquet, understood
from service.modelling.staging import MOST_GROUP_ROWS

#: Rows that are read at once: a group of a snapshot.
READ_ROWS = MOST_GROUP_ROWS
_TEXTS = (pl.String, pl.Categorical, pl.Enum)


@dataclass(frozen=True)
class Source:
    """The columns that a version takes; `read` gives some rows from a first one on."""

    rows: int
    read: Callable[[int, int], pl.DataFrame]


def require_columns(file: BinaryIO, features: Sequence[Feature], maximum_columns: int) -> None:
    """Raise UnknownColumn for a feature that a file lacks, ScoringColumnRefused for one of the other kind.

    Raises also MalformedCsv, MalformedParquet, and what a header can be refused for.
    """
    if not is_parquet(file):
        _require_names(header_of(file, maximum_columns), features)
        return
    file.seek(0)
    with understood():
        schema = pl.read_parquet_schema(file)
    _require_kinds(schema, features)


def most_rows(path: Path) -> int:
    """How many rows a file has; of CSV how many lines follow the header, which may be more."""
    with path.open("rb") as file:
        if not is_parquet(file):
            file.seek(0)
            lines = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
            file.seek(-1, 2)
            return max(0, lines - (file.read() == b"\n"))
    with understood():
        return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def open_source(path: Path, directory: Path, features: Sequence[Feature], maximum_columns: int) -> Source:
    """A file ready to be read; `directory` takes what must be staged. Raises: as require_columns, and NoRows."""
    with path.open("rb") as file:
        source = (
            _open_parquet(path, features) if is_parquet(file) else _open_csv(file, directory, features, maximum_columns)
        )
    if source.rows == 0:
        raise NoRows
    return source


def _open_parquet(path: Path, features: Sequence[Feature]) -> Source:
    lazy = pl.scan_parquet(path)
    with understood():
        _require_kinds(dict(lazy.collect_schema()), features)
        rows = int(lazy.select(pl.len()).collect().item())
    wanted = lazy.select([feature.name for feature in features])

    def read(first: int, count: int) -> pl.DataFrame:
        with understood():
            return wanted.slice(first, count).collect()

    return Source(rows, read)


def _open_csv(file: BinaryIO, directory: Path, features: Sequence[Feature], maximum_columns: int) -> Source:
    table, _ = stage_csv(file, directory, maximum_columns)
    _require_names(table.names, features)
    names = [feature.name for feature in features]
    return Source(table.rows, lambda first, count: table.frame(names, first, count))


def _require_names(names: Sequence[str], features: Sequence[Feature]) -> None:
    for feature in features:
        if feature.name not in names:
            raise UnknownColumn(feature.name, "/file")


def _require_kinds(schema: dict[str, pl.DataType], features: Sequence[Feature]) -> None:
    _require_names(list(schema), features)
    for feature in features:
        kind = schema[feature.name]
        is_category = isinstance(feature, CategoricalFeature)
        fits = kind in _TEXTS if is_category else kind.is_numeric()
        if not fits:
            raise ScoringColumnRefused(feature.name, "text" if is_category else "numbers", str(kind))
