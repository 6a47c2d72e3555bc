"""Dataset snapshots."""

from sqlalchemy import select

from service.domain.pages import PageRequest
from service.errors import NotFound
from service.storage import tables
from service.storage.database import Session
from service.storage.pages import Rows, select_page


def add_dataset(session: Session, dataset: tables.Dataset) -> None:
    """Store a new snapshot's row."""
    session.add(dataset)
    session.flush()


def get_dataset(session: Session, dataset_id: str) -> tables.Dataset:
    """The snapshot; raises NotFound."""
    dataset = session.get(tables.Dataset, dataset_id)
    if dataset is None:
        raise NotFound("dataset", dataset_id)
    return dataset


def page(session: Session, request: PageRequest) -> Rows[tables.Dataset]:
    """Snapshots, newest first."""
    return select_page(session, select(tables.Dataset), tables.Dataset.id, request)
