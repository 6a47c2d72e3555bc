"""A Parquet file as an Arrow stream, one batch of rows after the other, never wholly in memory.

An Arrow stream is a message with the schema, messages with batches, and an end (Arrow columnar format, "IPC streaming
format"). Every part that polars writes is such a stream of its own with the same schema, so the schema of all but the
first is left out, and the end of all but the last.
"""

import io
import struct
from collections.abc import Iterator
from pathlib import Path

import polars as pl

BATCH_ROWS = 50_000
#: A message begins with this and with the size of its metadata; a size of 0 is the end.
_CONTINUATION = b"\xff\xff\xff\xff"
_END = _CONTINUATION + struct.pack("<i", 0)


def arrow_stream(path: Path) -> Iterator[bytes]:
    """The bytes of the stream in parts."""
    lazy = pl.scan_parquet(path)
    rows = int(lazy.select(pl.len()).collect().item())
    for first in range(0, max(rows, 1), BATCH_ROWS):
        written = io.BytesIO()
        lazy.slice(first, BATCH_ROWS).collect().write_ipc_stream(written, compat_level=pl.CompatLevel.oldest())
        part = written.getvalue().removesuffix(_END)
        yield part if first == 0 else part[_schema_size(part) :]
    yield _END


def _schema_size(part: bytes) -> int:
    """Bytes of the message with the schema, which has no body."""
    (size,) = struct.unpack_from("<i", part, len(_CONTINUATION))
    return len(_END) + int(size)
