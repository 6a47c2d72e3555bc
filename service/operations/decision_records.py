"""Decision records between their text and the rows of the database, where they may be encrypted."""

from collections.abc import Callable
from typing import Any

from service.domain.predictions import Prediction
from service.errors import RecordKeysUnset
from service.modelling.prediction import Record
from service.operations.resources import Resources
from service.storage import predictions, tables

#: Records that one transaction encrypts.
RECORDS_AT_A_TIME = 200


def sealed(resources: Resources, record: Record) -> dict[str, Any]:
    """The columns that a record fills."""
    texts = _sealed_texts(resources, record.id, record.row, record.text)
    return {"id": record.id, **texts, "record_digest": record.digest, "outcome": record.outcome}


def _sealed_texts(resources: Resources, record_id: str, row: str, record: str) -> dict[str, bytes | str | None]:
    """The columns of what is encrypted, with the newest key."""
    cipher = resources.cipher
    return {
        "row": cipher.seal(row, f"{record_id}/row"),
        "record": cipher.seal(record, f"{record_id}/record"),
        "key": cipher.newest,
    }


def opened_record(resources: Resources, row: tables.Prediction) -> str:
    """The text of a record. Raises: RecordKeyMissing, RecordUnreadable."""
    return resources.cipher.open(row.record, row.key, f"{row.id}/record")


def opened_row(resources: Resources, row: tables.Prediction) -> str:
    """The text of the row that a record answers. Raises: as opened_record."""
    return resources.cipher.open(row.row, row.key, f"{row.id}/row")


def prediction_of(resources: Resources, row: tables.Prediction) -> Prediction:
    """A record as a document. Raises: as opened_record."""
    return Prediction.model_validate_json(opened_record(resources, row))


def encrypt_records(resources: Resources, report: Callable[[int], None]) -> int:
    """Encrypt every record that is readable or has an older key with the newest one; how many there were.

    Each transaction takes some records, so that predictions go on and an interruption loses nothing; `report` hears how
    many are done. Records: predictions.encrypted. Raises: RecordKeysUnset, RecordKeyMissing, RecordUnreadable.
    """
    newest = resources.cipher.newest
    if newest is None:
        raise RecordKeysUnset
    done = 0
    while count := _encrypt_some(resources, newest):
        done += count
        report(done)
    return done


def _encrypt_some(resources: Resources, newest: str) -> int:
    with resources.database.write() as session:
        rows = predictions.sealed_otherwise(session, newest, RECORDS_AT_A_TIME)
        for row in rows:
            texts = opened_row(resources, row), opened_record(resources, row)
            for name, value in _sealed_texts(resources, row.id, *texts).items():
                setattr(row, name, value)
        if rows:
            details = {"records": len(rows), "first": rows[0].id, "last": rows[-1].id, "key": newest}
            resources.record(session, None, "predictions.encrypted", "predictions", details)
    return len(rows)
