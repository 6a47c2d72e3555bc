"""Decision records."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Select, func, or_, select, text
from sqlalchemy.orm import load_only

from service.domain.pages import PageRequest
from service.domain.predictions import PredictionSearch
from service.errors import NotFound, PredictionErased
from service.storage import tables
from service.storage.database import Session
from service.storage.pages import Rows, select_page

#: Records of one statement; SQLite takes 32,766 values.
ROWS_AT_A_TIME = 256
_INSERT = "INSERT INTO predictions"
_KEEP = text("INSERT INTO record_templates (digest, content) VALUES (:digest, :content) ON CONFLICT DO NOTHING")


def insert_predictions(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store new records, given as columns by name.

    A statement holds many of them: one that is run for each would give the interpreter away as often.
    """
    connection = session.connection()
    dialect, columns = connection.dialect, tables.Prediction.__table__.columns
    processors = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns]
    adapted = [(place, adapt) for place, adapt in enumerate(processors) if adapt is not None]
    names = [column.name for column in columns]
    values_of, mark = itemgetter(*names), "?" if dialect.paramstyle == "qmark" else "%s"
    one = f"({', '.join([mark] * len(names))})"
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        values: list[Any] = []
        part = rows[start : start + ROWS_AT_A_TIME]
        for row in part:
            own = [*values_of(row)]
            for place, adapt in adapted:
                own[place] = adapt(own[place])
            values += own
        statement = f"{_INSERT} ({', '.join(names)}) VALUES {', '.join([one] * len(part))}"
        connection.exec_driver_sql(statement, tuple(values))


def keep_template(session: Session, digest: str, content: str) -> None:
    """Store what is the same in many records, unless it is there."""
    session.connection().execute(_KEEP, {"digest": digest, "content": content})


def get_template(session: Session, digest: str) -> str:
    """The content of a template, which is there as long as records need it."""
    return session.get_one(tables.RecordTemplate, digest).content


def get_prediction(session: Session, prediction_id: str) -> tables.Prediction:
    """The record; raises NotFound, PredictionErased."""
    record = session.get(tables.Prediction, prediction_id)
    if record is None:
        erased = session.get(tables.ErasedPrediction, prediction_id)
        if erased is not None:
            raise PredictionErased(erased.id, erased.record_digest, erased.erased_at)
        raise NotFound("prediction", prediction_id)
    return record


def get_predictions(session: Session, ids: Sequence[str]) -> Sequence[tables.Prediction]:
    """The records with these ids, in the order of the ids; raises NotFound, PredictionErased."""
    found = {
        record.id: record for record in session.scalars(select(tables.Prediction).where(tables.Prediction.id.in_(ids)))
    }
    return [found.get(prediction_id) or get_prediction(session, prediction_id) for prediction_id in ids]


def newest(session: Session, model: str, limit: int) -> Sequence[tables.Prediction]:
    """The newest records of a model that are no trials, newest first: what was asked, without what was answered."""
    record = tables.Prediction
    query = select(record).where(record.model == model, record.trial.is_(False))
    asked = load_only(record.id, record.version, record.row, record.key, record.created_at, raiseload=True)
    return session.scalars(query.options(asked).order_by(record.id.desc()).limit(limit)).all()


def page(session: Session, search: PredictionSearch, request: PageRequest) -> Rows[tables.Prediction]:
    """The records that are meant, newest first."""
    return select_page(session, _found(search), tables.Prediction.id, request)


def after(session: Session, search: PredictionSearch, last: str, count: int) -> Sequence[tables.Prediction]:
    """The first records that are meant behind the one with the id `last`, oldest first."""
    query = _found(search).where(tables.Prediction.id > last)
    return session.scalars(query.order_by(tables.Prediction.id).limit(count)).all()


def last_id(session: Session, search: PredictionSearch) -> str:
    """The id of the newest record that is meant, empty where there is none."""
    return session.scalar(_found(search).with_only_columns(func.max(tables.Prediction.id))) or ""


def count(session: Session, search: PredictionSearch) -> int:
    """How many records are meant."""
    return session.scalar(_found(search).with_only_columns(func.count())) or 0


def sealed_directly(session: Session, keys: Sequence[str], count: int) -> Sequence[tables.Prediction]:
    """Some records that are readable or encrypted with one of these keys, locked until the transaction ends."""
    query = select(tables.Prediction).where(or_(tables.Prediction.key.is_(None), tables.Prediction.key.in_(keys)))
    return session.scalars(query.order_by(tables.Prediction.id).limit(count).with_for_update()).all()


def _found(search: PredictionSearch) -> Select[tables.Prediction]:
    row, query = tables.Prediction, select(tables.Prediction)
    if search.model is not None:
        query = query.where(row.model == search.model)
    if search.version is not None:
        query = query.where(row.version == search.version)
    if search.outcome is not None:
        query = query.where(row.outcome == search.outcome)
    if search.caller is not None:
        query = query.where(row.created_by.in_(select(tables.User.id).where(tables.User.name == search.caller)))
    if search.since is not None:
        query = query.where(row.created_at >= datetime.fromisoformat(search.since))
    if search.until is not None:
        query = query.where(row.created_at < datetime.fromisoformat(search.until))
    return query
