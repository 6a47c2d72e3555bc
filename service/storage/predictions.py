"""Decision records."""

from collections.abc import Sequence

from sqlalchemy import select

from service.domain.pages import PageRequest
from service.errors import NotFound
from service.storage import tables
from service.storage.database import Session
from service.storage.pages import Rows, select_page


def add_predictions(session: Session, rows: Sequence[tables.Prediction]) -> None:
    """Store new records."""
    session.add_all(rows)
    session.flush()


def get_prediction(session: Session, prediction_id: str) -> tables.Prediction:
    """The record; raises NotFound."""
    record = session.get(tables.Prediction, prediction_id)
    if record is None:
        raise NotFound("prediction", prediction_id)
    return record


def get_predictions(session: Session, ids: Sequence[str]) -> Sequence[tables.Prediction]:
    """The records with these ids, in the order of the ids."""
    found = {
        record.id: record for record in session.scalars(select(tables.Prediction).where(tables.Prediction.id.in_(ids)))
    }
    return [found[prediction_id] for prediction_id in ids]


def page(session: Session, model: str | None, request: PageRequest) -> Rows[tables.Prediction]:
    """Records, newest first; of one model when it is named."""
    query = select(tables.Prediction)
    if model is not None:
        query = query.where(tables.Prediction.model == model)
    return select_page(session, query, tables.Prediction.id, request)
