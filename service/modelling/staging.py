"""A table on its way from an upload to a snapshot: on disk, as texts by chunks of rows, then as typed columns.

One column at a time is in memory, so that the memory it takes grows with the rows of a table and not with its size.
Columns are named by their position here: what somebody calls a column is never read as a pattern.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

#: Rows of one group of the snapshot, which is what a reader must hold at least.
GROUP_ROWS = 250_000


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

    def keep(self, position: int, values: pl.Series) -> None:
        """Keep a column as it is stored."""
        frame = pl.DataFrame({str(position): values})
        frame.write_parquet(self._typed(position), compression="lz4", statistics=False, row_group_size=GROUP_ROWS)

    def values(self, position: int) -> pl.Series:
        """A column that was kept."""
        return pl.read_parquet(self._typed(position)).to_series().alias(self.names[position])

    def column(self, name: str, stride: int) -> pl.Series:
        """Every `stride`-th value of a column that was kept."""
        return self.values(list(self.names).index(name)).gather_every(stride)

    def write(self) -> Path:
        """The kept columns as one file: the same content gives the same bytes."""
        path = self.directory / "snapshot.parquet"
        columns = [pl.scan_parquet(self._typed(position)) for position in range(len(self.names))]
        named = {str(position): name for position, name in enumerate(self.names)}
        whole = pl.concat(columns, how="horizontal").rename(named)
        whole.sink_parquet(path, compression="zstd", statistics=False, row_group_size=GROUP_ROWS)
        return path

    def _typed(self, position: int) -> Path:
        return self.directory / f"values-{position:06}.parquet"
