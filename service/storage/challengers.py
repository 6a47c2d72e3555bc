"""Reports on the challengers of versions."""

from sqlalchemy import select

from service.domain.challengers import ChallengerReport
from service.storage import tables
from service.storage.database import Session


def add_report(session: Session, job_id: str, model: str, version: int) -> None:
    """Note which version a job compares; its report is yet to come."""
    session.add(tables.ChallengerReport(job_id=job_id, model=model, version=version, report=None))
    session.flush()


def get_report(session: Session, job_id: str) -> tables.ChallengerReport:
    """The row of a job that compares."""
    return session.get_one(tables.ChallengerReport, job_id)


def find_newest(session: Session, model: str, version: int) -> tables.ChallengerReport | None:
    """The newest report of a version, finished or not."""
    row = tables.ChallengerReport
    query = select(row).where(row.model == model, row.version == version).order_by(row.job_id.desc())
    return session.scalars(query.limit(1)).one_or_none()


def set_report(session: Session, job_id: str, report: ChallengerReport) -> None:
    """Store what was found."""
    get_report(session, job_id).report = report.model_dump(mode="json")
    session.flush()
