"""Decision records between their text and the rows of the database, where they may be encrypted."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from service.domain.predictions import Prediction
from service.errors import RecordKeysUnset
from service.modelling.prediction import Record
from service.modelling.records import RecordTemplate, RecordWriter
from service.operations.resources import Resources
from service.storage import predictions, tables
from service.storage.database import Session
from service.storage.encryption import RecordCipher

#: Records that one transaction encrypts.
RECORDS_AT_A_TIME = 200


def sealing(resources: Resources, model: str, moment: datetime) -> RecordCipher:
    """What seals the records of a model and moment. Raises: StorageFull, RecordKeyMissing, RecordUnreadable."""
    return resources.record_keys.cipher(resources.cipher, model, moment, is_made=True)


def sealed(cipher: RecordCipher, record: Record, template: str) -> dict[str, Any]:
    """The columns that a record fills; `template` is the digest of that of its version."""
    contents = {"row": record.row.encode(), "record": record.rest.encode(), "numbers": record.numbers}
    columns = {"id": record.id, "record_digest": record.digest, "outcome": record.outcome, "template": template}
    return columns | _sealed(cipher, record.id, contents)


def _sealed(cipher: RecordCipher, record_id: str, contents: Mapping[str, bytes]) -> dict[str, bytes | str | None]:
    """The columns of what is encrypted, with the newest key."""
    columns = {name: cipher.seal(content, f"{record_id}/{name}") for name, content in contents.items()}
    return {**columns, "key": cipher.newest}


def _opened(resources: Resources, row: tables.Prediction) -> dict[str, bytes]:
    """Everything of a record that may be encrypted, by column. Raises: RecordKeyMissing, RecordUnreadable."""
    stored = {"row": row.row, "record": row.record, "numbers": row.numbers}
    cipher = _opening(resources, row)
    return {
        name: cipher.open(content, row.key, f"{row.id}/{name}")
        for name, content in stored.items()
        if content is not None
    }


def _opening(resources: Resources, row: tables.Prediction) -> RecordCipher:
    """What opens a record: the key of its model and day, or one of the settings for records of before."""
    if row.key is None:
        return resources.cipher
    return resources.record_keys.cipher(resources.cipher, row.model, row.created_at)


def opened_record(resources: Resources, row: tables.Prediction) -> str:
    """The text of a record. Raises: RecordKeyMissing, RecordUnreadable."""
    contents = _opened(resources, row)
    if row.template is None:  # one of before there were templates
        return contents["record"].decode()
    writer = _writer(resources, row.template)
    return writer.restored(contents["row"].decode(), contents["numbers"], contents["record"].decode(), row.explain)


def _writer(resources: Resources, digest: str) -> RecordWriter:
    """What writes the records of a template that is stored."""
    writer = resources.templates.find(digest)
    if not isinstance(writer, RecordWriter):
        with resources.database.read() as session:
            writer = RecordWriter(RecordTemplate.read(predictions.get_template(session, digest)))
        resources.templates.keep(digest, writer)
    return writer


def keep_templates(resources: Resources, session: Session, writers: Iterable[RecordWriter]) -> None:
    """Store the templates that are not known to be there, in the transaction of the first records that need them."""
    for digest, template in {writer.template.digest: writer.template for writer in writers}.items():
        if resources.templates.find(digest) is None:
            predictions.keep_template(session, digest, template.text)


def opened_row(resources: Resources, row: tables.Prediction) -> str:
    """The text of the row that a record answers. Raises: as opened_record."""
    return _opening(resources, row).open(row.row, row.key, f"{row.id}/row").decode()


def prediction_of(resources: Resources, row: tables.Prediction) -> Prediction:
    """A record as a document. Raises: as opened_record."""
    return Prediction.model_validate_json(opened_record(resources, row))


def encrypt_records(resources: Resources, report: Callable[[int], None]) -> int:
    """Give every record that has none a key of its model and day, and wrap those keys by the newest of the settings.

    Returns how many records were readable, or encrypted by a key of the settings itself.
    Each transaction takes some records, so that predictions go on and an interruption loses nothing; `report` hears how
    many are done. Records: predictions.encrypted. Raises: RecordKeysUnset, RecordKeyMissing, RecordUnreadable.
    """
    if resources.cipher.newest is None:
        raise RecordKeysUnset
    _wrap_keys(resources)
    done = 0
    while count := _encrypt_some(resources):
        done += count
        report(done)
    return done


def _wrap_keys(resources: Resources) -> None:
    keys = resources.record_keys.wrap_anew(resources.cipher)
    if keys:
        with resources.database.write() as session:
            details = {"keys": keys, "key": resources.cipher.newest}
            resources.record(session, None, "record_keys.wrapped", "record-keys", details)


def _encrypt_some(resources: Resources) -> int:
    with resources.database.write() as session:
        rows = predictions.sealed_directly(session, resources.cipher.names, RECORDS_AT_A_TIME)
        for row in rows:
            contents = _opened(resources, row)
            cipher = sealing(resources, row.model, row.created_at)
            for name, value in _sealed(cipher, row.id, contents).items():
                setattr(row, name, value)
        if rows:
            details = {"records": len(rows), "first": rows[0].id, "last": rows[-1].id}
            resources.record(session, None, "predictions.encrypted", "predictions", details)
    return len(rows)
