"""A version in a form that runs elsewhere."""

from dataclasses import dataclass
from typing import Literal

ExportFormat = Literal[
    "python",
    "sql-postgres",
    "sql-sqlite",
    "sql-duckdb",
    "sql-snowflake",
    "sql-bigquery",
    "sql-tsql",
    "c",
    "onnx",
    "onnx-float32",
    "json",
    "latex",
]

EXPORT_MEDIA_TYPES = (
    "text/x-python",
    "application/sql",
    "text/x-c",
    "application/octet-stream",
    "application/json",
    "application/x-latex",
)


@dataclass(frozen=True)
class Export:
    """The bytes of an export, what they are, and the name of the file that they make."""

    content: bytes
    media_type: str
    filename: str
