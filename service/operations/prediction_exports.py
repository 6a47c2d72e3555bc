"""Decision records for use elsewhere, by the filters of the search: JSON lines or Parquet, page by page.

A prediction is written as the very text that its digest covers, so whoever has the file can check each record against
the audit trail.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from service.domain.canonical import canonical_json, timestamp
from service.domain.permissions import Actor, require
from service.domain.predictions import PredictionSearch
from service.modelling.record_tables import write_record_table
from service.operations.decision_records import opened_record, opened_row, prediction_of
from service.operations.resources import Resources
from service.storage import predictions, tables, users
from service.storage.database import Session

ExportFormat = Literal["jsonl", "parquet"]
#: Records that are read at once.
AT_A_TIME = 200
CHUNK_BYTES = 2**18


def export_predictions(
    resources: Resources, actor: Actor | None, search: PredictionSearch, format: ExportFormat
) -> Iterator[bytes]:
    """The records that are meant, oldest first, up to the newest one of now; the command line needs no actor.

    Records: predictions.exported, before anything leaves. Raises: RecordKeyMissing, RecordUnreadable, StorageFull; of
    JSON lines also while they are read.
    """
    if actor is not None:
        require(actor, "export_predictions")
    with resources.database.write() as session:
        details = {"format": format, "search": recorded_search(session, search)}
        resources.record(session, actor, "predictions.exported", "predictions", details)
        last = predictions.last_id(session, search)
    pages = _pages(resources, search, last)
    parts = _lines(pages) if format == "jsonl" else _parquet(resources, pages)
    return itertools.chain([next(parts, b"")], parts)  # what fails at once is an answer of its own


def recorded_search(session: Session, search: PredictionSearch) -> dict[str, Any]:
    """A search as the audit trail keeps it: the caller by id, for names are personal data."""
    asked = search.model_dump(mode="json", exclude_none=True)
    if search.caller is not None:
        caller = users.find_user(session, search.caller)
        asked["caller"] = None if caller is None else caller.id
    return asked


def _pages(resources: Resources, search: PredictionSearch, last: str) -> Iterator[Sequence[dict[str, Any]]]:
    position = ""
    while position < last:
        with resources.database.read() as session:
            rows = [row for row in predictions.after(session, search, position, AT_A_TIME) if row.id <= last]
        if not rows:
            return  # erased meanwhile
        yield [_columns(resources, row) for row in rows]
        position = rows[-1].id


def _columns(resources: Resources, row: tables.Prediction) -> dict[str, Any]:
    output = prediction_of(resources, row).output
    return {
        "id": row.id,
        "model": row.model,
        "version": row.version,
        "digest": row.digest,
        "link": row.link,
        "trial": row.trial,
        "explain": row.explain,
        "alias": row.alias,
        "outcome": row.outcome,
        "output_link": output.link,
        "output_response": output.response,
        "latency_ms": row.latency_ms,
        "created_at": timestamp(row.created_at),
        "created_by": row.created_by,
        "api_key_id": row.api_key_id,
        "record_digest": row.record_digest,
        "row": opened_row(resources, row),
        "prediction": opened_record(resources, row),
    }


def _lines(pages: Iterator[Sequence[dict[str, Any]]]) -> Iterator[bytes]:
    for page in pages:
        yield "".join(_line(columns) for columns in page).encode()


def _line(columns: dict[str, Any]) -> str:
    """One JSON object; row and prediction are in it word for word."""
    row, prediction = columns.pop("row"), columns.pop("prediction")
    return f'{canonical_json(columns)[:-1]},"row":{row},"prediction":{prediction}}}\n'


def _parquet(resources: Resources, pages: Iterator[Sequence[dict[str, Any]]]) -> Iterator[bytes]:
    with resources.artifacts.workspace() as directory, write_record_table(pages, directory).open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
