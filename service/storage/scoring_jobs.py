"""Jobs that score whole tables: what they read and what came out."""

from service.errors import NotFound
from service.storage import tables
from service.storage.database import Session


def add_scoring_job(session: Session, row: tables.ScoringJob) -> None:
    """Store what a new job, whose row is there, shall score."""
    session.add(row)
    session.flush()


def get_scoring_job(session: Session, job_id: str) -> tables.ScoringJob:
    """What a job scores; raises NotFound."""
    row = session.get(tables.ScoringJob, job_id)
    if row is None:
        raise NotFound("scoring job", job_id)
    return row
