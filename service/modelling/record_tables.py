"""Decision records as a Parquet file, written page by page, never wholly in memory."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

#: `row` and `prediction` are JSON texts; `record_digest` covers that of the prediction.
SCHEMA = {
    "id": pl.String,
    "model": pl.String,
    "version": pl.Int32,
    "digest": pl.String,
    "link": pl.String,
    "trial": pl.Boolean,
    "explain": pl.String,
    "alias": pl.String,
    "outcome": pl.String,
    "output_link": pl.Float64,
    "output_response": pl.Float64,
    "latency_ms": pl.Float64,
    "created_at": pl.String,
    "created_by": pl.String,
    "api_key_id": pl.String,
    "record_digest": pl.String,
    "row": pl.String,
    "prediction": pl.String,
}


def write_record_table(pages: Iterable[Sequence[Mapping[str, Any]]], directory: Path) -> Path:
    """Write records, given as columns by name, to a file in a directory that is for this alone."""
    parts = [directory / "0.parquet"]
    pl.DataFrame(schema=SCHEMA).write_parquet(parts[0], statistics=False)
    for page in pages:
        parts.append(directory / f"{len(parts)}.parquet")
        pl.DataFrame(page, schema=SCHEMA).write_parquet(parts[-1], compression="lz4", statistics=False)
    path = directory / "records.parquet"
    pl.scan_parquet(parts).sink_parquet(path, compression="zstd", statistics=False)
    return path
