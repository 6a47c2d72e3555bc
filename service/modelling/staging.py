"""A table on its way from an upload to a snapshot: on disk, as texts by chunks of rows, then as typed columns.

One column, or some rows of all columns, is in memory at a time, so that the memory it takes grows with the rows of a
table and not with its size.
Columns are named by their position here: what somebody calls a column is never read as a pattern.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

#: Values of one group of rows of the snapshot, which is what a reader must hold at least, and its most and least rows.
GROUP_VALUES = 2_500_000
MOST_GROUP_ROWS = 250_000
LEAST_GROUP_ROWS = 1_000


def group_rows(columns: int) -> int:
    """How many rows of so many columns are handled at once."""
    return min(MOST_GROUP_ROWS, max(LEAST_GROUP_ROWS, GROUP_VALUES // columns))


@dataclass
class StagedTable:
    """The columns of an upload under the names of its header; texts have no blanks around them."""

    directory: Path
    names: Sequence[str]
    rows: int = 0
    _chunks: list[Path] = field(default_factory=list)

    def append(self, columns: Sequence[pl.Series]) -> None:
        """Keep the texts of some more rows."""
        frame = pl.DataFrame({str(position): column for position, column in enumerate(columns)})
        path = self.directory / f"texts-{len(self._chunks):06}.parquet"
        frame.write_parquet(path, compression="lz4", statistics=False)
        self._chunks.append(path)
        self.rows += frame.height

    def texts(self, position: int) -> pl.Series:
        """One column as it stands in the file."""
        column = pl.read_parquet(self._chunks, columns=[str(position)]).to_series()
        return column.alias(self.names[position])

    def frame(self, names: Sequence[str], first: int, count: int) -> pl.DataFrame:
        """Some columns of some rows as they stand in the file."""
        positions = {str(list(self.names).index(name)): name for name in names}
        lazy = pl.scan_parquet(self._chunks).select(list(positions)).slice(first, count)
        return lazy.collect().rename(positions)

    def keep(self, position: int, values: pl.Series) -> None:
        """Keep a column as it is stored."""
        frame = pl.DataFrame({str(position): values})
        frame.write_parquet(
            self._typed(position), compression="lz4", statistics=False, row_group_size=group_rows(len(self.names))
        )

    def values(self, position: int) -> pl.Series:
        """A column that was kept."""
        return pl.read_parquet(self._typed(position)).to_series().alias(self.names[position])

    def column(self, name: str, stride: int) -> pl.Series:
        """Every `stride`-th value of a column that was kept."""
        return self.values(list(self.names).index(name)).gather_every(stride)

    def write(self) -> Path:
        """The kept columns as one file: the same content gives the same bytes."""
        path = self.directory / "snapshot.parquet"
        kinds = [pl.read_parquet_schema(self._typed(position))[str(position)] for position in range(len(self.names))]
        # Lazy columns side by side would be read ahead, many groups at once.
        whole = register_io_source(
            lambda *_limits: self._groups(), schema=dict(zip(self.names, kinds, strict=True)), is_pure=True
        )
        rows = group_rows(len(self.names))
        whole.sink_parquet(path, compression="zstd", statistics=False, row_group_size=rows)
        return path

    def _groups(self) -> Iterator[pl.DataFrame]:
        """Some rows of all columns at a time."""
        rows = group_rows(len(self.names))
        columns = [pl.scan_parquet(self._typed(position)) for position in range(len(self.names))]
        for start in range(0, self.rows, rows):
            some = [column.slice(start, rows).collect().to_series() for column in columns]
            yield pl.DataFrame([one.alias(name) for one, name in zip(some, self.names, strict=True)])

    def _typed(self, position: int) -> Path:
        return self.directory / f"values-{position:06}.parquet"
