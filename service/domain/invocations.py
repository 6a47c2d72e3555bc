"""Data frames as MLflow's scoring protocol sends them, and the data frame that is the answer.

JSON holds exactly one of `dataframe_split`, `dataframe_records`, `instances` and `inputs`, and `params`; CSV has a
header and an empty cell where a value is missing. The answer's `predictions` are records of the frame's columns.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import Field, ValidationError

from service.domain.documents import ColumnName, Document
from service.domain.predictions import Explain, Prediction, Predictions, Value
from service.errors import FieldError, InvalidRequest

JSON_TYPE = "application/json"
CSV_TYPE = "text/csv"
#: No blanks between digits, no words for infinity: what is a number in JSON, and a plus sign.
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,5})?")
#: Text of one cell of a CSV body, at most.
csv.field_size_limit(1_000_000)


@dataclass(frozen=True)
class Invocation:
    """A request as it arrived."""

    content_type: str
    body: bytes


class InvocationRequest(Document):
    """Rows in one of the forms of MLflow; `params` may name `explain` and `reference`."""

    dataframe_split: dict[str, list[Any]] | None = Field(
        None, description="`columns` with names and `data` with one list per row; an `index` is read over."
    )
    dataframe_records: list[dict[ColumnName, Value]] | None = Field(None, description="One object per row.")
    instances: list[dict[ColumnName, Value] | list[Value]] | None = Field(
        None, description="One object per row, or one list per row in the order of the model's features."
    )
    inputs: dict[ColumnName, list[Value]] | None = Field(None, description="One list per column.")
    params: dict[str, str] = Field(default_factory=dict)


class InvocationAnswer(Document):
    """The data frame of the answer, a record for each row."""

    predictions: tuple[dict[str, float | str | None], ...]


@dataclass(frozen=True)
class Frame:
    """Rows by name of the column or, `unnamed`, by its position; texts of CSV are not yet numbers."""

    rows: Sequence[Mapping[str, Value]]
    unnamed: Sequence[Sequence[Value]]
    is_text: bool
    explain: Explain
    reference: str | None


def read_invocation(invocation: Invocation) -> Frame:
    """The frame of a request. Raises: InvalidRequest that names the part at fault."""
    media_type = invocation.content_type.partition(";")[0].strip().lower()
    if media_type == JSON_TYPE:
        return _read_json(invocation.body)
    if media_type == CSV_TYPE:
        return _read_csv(invocation.body)
    detail = f"The content type is '{JSON_TYPE}' or '{CSV_TYPE}'."
    raise InvalidRequest(FieldError("", detail))


def invocation_rows(frame: Frame, features: Mapping[str, bool]) -> tuple[dict[str, Value], ...]:
    """The rows by feature; `features` says by name whether it is a number. Raises: InvalidRequest."""
    if frame.is_text:
        return tuple({name: _typed(name, value, features) for name, value in cells.items()} for cells in frame.rows)
    for position, values in enumerate(frame.unnamed):
        if len(values) != len(features):
            detail = f"A list has {len(features)} values, in the order of the model's features."
            raise InvalidRequest(FieldError(f"/instances/{position}", detail))
    return tuple(dict(row) for row in frame.rows) or tuple(
        dict(zip(features, row, strict=True)) for row in frame.unnamed
    )


def frame_of(answer: Predictions) -> InvocationAnswer:
    """The answer as records."""
    return InvocationAnswer(predictions=tuple(_record(answer, one) for one in answer.predictions))


def _record(answer: Predictions, one: Prediction) -> dict[str, float | str | None]:
    record: dict[str, float | str | None] = {
        "prediction_id": one.id,
        "version": answer.version,
        "response": one.output.response,
        "link": one.output.link,
        "base_value": one.base_value,
    }
    if one.output.outcome is not None:
        record["outcome"] = one.output.outcome
    record |= {f"probability.{outcome.outcome}": outcome.probability for outcome in one.output.probabilities}
    record |= {f"contribution.{feature.feature}": feature.contribution for feature in one.features}
    return record | {f"edge.{edge.edge}": edge.contribution for edge in one.edges}


def _read_json(body: bytes) -> Frame:
    try:
        request = InvocationRequest.model_validate_json(body)
    except ValidationError as error:
        found = [FieldError("/" + "/".join(map(str, item["loc"][:3])), item["msg"]) for item in error.errors()[:20]]
        raise InvalidRequest(*found) from None
    forms = ("dataframe_split", "dataframe_records", "instances", "inputs")
    sent = [form for form in forms if getattr(request, form) is not None]
    if len(sent) != 1:
        raise InvalidRequest(FieldError("", f"Send exactly one of {', '.join(forms)}."))
    rows, unnamed = _rows(request)
    if not rows and not unnamed:
        raise InvalidRequest(FieldError(f"/{sent[0]}", "Send at least one row."))
    return Frame(rows, unnamed, is_text=False, explain=_explain(request), reference=request.params.get("reference"))


def _explain(request: InvocationRequest) -> Explain:
    unknown = set(request.params) - {"explain", "reference"}
    if unknown:
        raise InvalidRequest(FieldError(f"/params/{min(unknown)}", "The parameters are 'explain' and 'reference'."))
    asked = request.params.get("explain", "none")
    for known in get_args(Explain):
        if asked == known:
            return known  # type: ignore[no-any-return]  # one of the texts of the type
    raise InvalidRequest(FieldError("/params/explain", f"Choose one of {', '.join(get_args(Explain))}."))


def _rows(request: InvocationRequest) -> tuple[list[dict[str, Value]], list[list[Value]]]:
    if request.dataframe_split is not None:
        return _split_rows(request.dataframe_split), []
    if request.inputs is not None:
        return _column_rows(request.inputs), []
    if request.dataframe_records is not None:
        return request.dataframe_records, []
    instances = request.instances or []
    named = [row for row in instances if isinstance(row, dict)]
    unnamed = [row for row in instances if isinstance(row, list)]
    if named and unnamed:
        raise InvalidRequest(FieldError("/instances", "Send all rows as objects or all as lists."))
    return named, unnamed


def _split_rows(split: Mapping[str, list[Any]]) -> list[dict[str, Value]]:
    columns, data = split.get("columns"), split.get("data")
    if columns is None or data is None or not set(split) <= {"columns", "data", "index"}:
        raise InvalidRequest(FieldError("/dataframe_split", "Send 'columns' and 'data', and at most an 'index'."))
    if not all(isinstance(name, str) for name in columns) or len(set(columns)) < len(columns):
        raise InvalidRequest(FieldError("/dataframe_split/columns", "Each column has a name of its own."))
    rows: list[dict[str, Value]] = []
    for position, row in enumerate(data):
        place = f"/dataframe_split/data/{position}"
        if not isinstance(row, list) or len(row) != len(columns):
            raise InvalidRequest(FieldError(place, f"A row is a list of {len(columns)} values."))
        if any(isinstance(value, list | dict) for value in row):
            raise InvalidRequest(FieldError(place, "A value is a number, a text, true, false or null."))
        rows.append(dict(zip(columns, row, strict=True)))
    return rows


def _column_rows(columns: Mapping[str, list[Value]]) -> list[dict[str, Value]]:
    if len({len(column) for column in columns.values()}) > 1:
        raise InvalidRequest(FieldError("/inputs", "The columns have different numbers of rows."))
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _read_csv(body: bytes) -> Frame:
    try:
        lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    except UnicodeDecodeError:
        raise InvalidRequest(FieldError("", "The body is not UTF-8 text.")) from None
    except csv.Error as error:
        raise InvalidRequest(FieldError("", f"The body is not a CSV table: {error}.")) from None
    lines = [line for line in lines if line]
    if len(lines) < 2:
        raise InvalidRequest(FieldError("", "Send a header and at least one row."))
    header = lines[0]
    if len(set(header)) < len(header):
        raise InvalidRequest(FieldError("", "A column occurs twice in the header."))
    for number, line in enumerate(lines[1:]):
        if len(line) != len(header):
            raise InvalidRequest(FieldError(f"/{number}", f"Row {number} has {len(line)} cells, not {len(header)}."))
    rows = [dict(zip(header, line, strict=True)) for line in lines[1:]]
    return Frame(rows, [], is_text=True, explain="none", reference=None)


def _typed(name: str, value: Value, features: Mapping[str, bool]) -> Value:
    """A cell of CSV as the feature takes it; text of a number that is none is left for the prediction to refuse."""
    if not isinstance(value, str) or not features.get(name, False):
        return value
    text = value.strip()
    if not text:
        return None
    return float(text) if _NUMBER.fullmatch(text) else value
