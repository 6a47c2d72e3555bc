"""Jobs that replay decision records: which ones, and what came out."""

from service.errors import NotFound
from service.storage import tables
from service.storage.database import Session


def add_replay_job(session: Session, row: tables.ReplayJob) -> None:
    """Store what a new job, whose row is there, shall replay."""
    session.add(row)
    session.flush()


def get_replay_job(session: Session, job_id: str) -> tables.ReplayJob:
    """What a job replays; raises NotFound."""
    row = session.get(tables.ReplayJob, job_id)
    if row is None:
        raise NotFound("replay job", job_id)
    return row
