"""Decision records."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import load_only

from service.domain.pages import PageRequest
from service.domain.predictions import PredictionSearch
from service.errors import NotFound, PredictionErased
from service.storage import tables
from service.storage.database import Session
from service.storage.pages import Rows, select_page


def insert_predictions(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store new records, given as columns by name."""
    if rows:
        session.connection().execute(insert(tables.Prediction), rows)


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


def sealed_otherwise(session: Session, key: str, count: int) -> Sequence[tables.Prediction]:
    """Some records that are not encrypted with this key, locked until the transaction ends."""
    query = select(tables.Prediction).where(tables.Prediction.key.is_distinct_from(key))
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
