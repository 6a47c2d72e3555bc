"""The exports of a fitted model by name.

All of them compute every output on the link scale, the response, and what every edge and every feature contributes to
one output, measured against the model's own reference rows; JSON and LaTeX describe the function.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from onnx import TensorProto

from kan.errors import InvalidSetting
from kan.export.c import c_file
from kan.export.description import json_description
from kan.export.dialects import DIALECTS, sql_query
from kan.export.latex import latex_article
from kan.export.onnx import onnx_model
from kan.export.pieces import Pieces, pieces_of
from kan.export.python import python_module
from kan.model import FittedModel

_DIGEST = re.compile(r"[A-Za-z0-9:._-]+")


@dataclass(frozen=True)
class _Options:
    table: str
    row_id: str
    digits: int | None


Writer = Callable[[Pieces, _Options], str | bytes]


def _sql(dialect: str) -> Writer:
    return lambda pieces, options: sql_query(pieces, dialect, table=options.table, row_id=options.row_id)


_WRITERS: Mapping[str, Writer] = MappingProxyType(
    {
        "python": lambda pieces, _: python_module(pieces),
        **{f"sql-{dialect}": _sql(dialect) for dialect in DIALECTS},
        "c": lambda pieces, _: c_file(pieces),
        "onnx": lambda pieces, _: onnx_model(pieces, TensorProto.DOUBLE),
        "onnx-float32": lambda pieces, _: onnx_model(pieces, TensorProto.FLOAT),
        "json": lambda pieces, _: json_description(pieces),
        "latex": lambda pieces, options: latex_article(pieces, options.digits),
    }
)

#: Media type and file suffix of every format.
FORMATS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "python": ("text/x-python", ".py"),
        **{f"sql-{dialect}": ("application/sql", ".sql") for dialect in DIALECTS},
        "c": ("text/x-c", ".c"),
        "onnx": ("application/octet-stream", ".onnx"),
        "onnx-float32": ("application/octet-stream", ".onnx"),
        "json": ("application/json", ".json"),
        "latex": ("application/x-latex", ".tex"),
    }
)


def export(
    model: FittedModel,
    format: str,
    *,
    output: int = 0,
    digest: str | None = None,
    table: str = "rows",
    row_id: str = "id",
    digits: int | None = None,
) -> str | bytes:
    """Return a model in one of the `FORMATS`; the same model always gives the same text or bytes.

    `output` is the one that is explained and `digest` what the export says of its origin. `table` and `row_id` are
    the table that SQL reads and its column that names a row; `digits` rounds the numbers of LaTeX.

    Raises InvalidSetting for a format or an output that there is not, and for a digest that is not one word.
    """
    if format not in FORMATS:
        raise InvalidSetting("format", format, f"one of {', '.join(FORMATS)}")
    if digest is not None and not _DIGEST.fullmatch(digest):
        raise InvalidSetting("digest", digest, "one word of letters, digits and : . _ -")
    return _WRITERS[format](pieces_of(model, output, digest), _Options(table, row_id, digits))
