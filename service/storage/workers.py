"""Workers and their signs of life."""

from collections.abc import Sequence

from sqlalchemy import select

from service.errors import NotFound
from service.storage import tables
from service.storage.database import Session


def put_worker(session: Session, worker: tables.Worker) -> None:
    """Store a worker in place of the one with its name."""
    session.merge(worker)
    session.flush()


def get_worker(session: Session, name: str) -> tables.Worker:
    """The worker, locked until the transaction ends; raises NotFound."""
    worker = session.get(tables.Worker, name, with_for_update=True)
    if worker is None:
        raise NotFound("worker", name)
    return worker


def all_workers(session: Session) -> Sequence[tables.Worker]:
    """All workers, by name."""
    return session.scalars(select(tables.Worker).order_by(tables.Worker.name)).all()
