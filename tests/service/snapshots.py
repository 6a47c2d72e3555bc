"""Snapshots of small tables, in memory."""

import io
import tempfile
from dataclasses import dataclass
from pathlib import Path

from service.domain.feature_schema import FeatureSchema, SchemaOverrides
from service.modelling.tables import take_snapshot

MAXIMUM_BYTES = 10_000_000


@dataclass(frozen=True)
class SmallSnapshot:
    """The bytes of a snapshot with what is known about them."""

    parquet: bytes
    rows: int
    schema: FeatureSchema


def read_table(
    content: bytes, overrides: SchemaOverrides, *, maximum_columns: int, maximum_bytes: int = MAXIMUM_BYTES
) -> SmallSnapshot:
    """The snapshot that the service takes of an upload."""
    with tempfile.TemporaryDirectory() as directory:
        snapshot = take_snapshot(
            io.BytesIO(content),
            Path(directory),
            overrides,
            maximum_columns=maximum_columns,
            maximum_bytes=maximum_bytes,
        )
        return SmallSnapshot(snapshot.path.read_bytes(), snapshot.rows, snapshot.schema)
