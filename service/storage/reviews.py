"""Reviews, the decisions about edges, and signatures."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, or_, select

from service.domain.pages import PageRequest
from service.errors import NotFound
from service.storage import tables
from service.storage.database import Session
from service.storage.pages import Rows, select_page


def add_review(session: Session, review: tables.Review) -> None:
    """Store a new review."""
    session.add(review)
    session.flush()


def get_review(session: Session, review_id: str, *, lock: bool = False) -> tables.Review:
    """The review; raises NotFound. `lock` holds it until the transaction ends."""
    review = session.get(tables.Review, review_id, with_for_update=lock)
    if review is None:
        raise NotFound("review", review_id)
    return review


def page(session: Session, state: str | None, request: PageRequest) -> Rows[tables.Review]:
    """Reviews, newest first; in one state when it is named."""
    query = select(tables.Review)
    if state is not None:
        query = query.where(tables.Review.state == state)
    return select_page(session, query, tables.Review.id, request)


def reviews_of(session: Session, versions: Collection[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Ids of the newest reviews by (model, version) for the versions that have one."""
    models = {model for model, _ in versions}
    rows = session.execute(
        select(tables.Review.model, tables.Review.version, tables.Review.id)
        .where(tables.Review.model.in_(models))
        .order_by(tables.Review.round)
    )
    return {(model, version): review for model, version, review in rows}


def find_newest_approved(session: Session, model: str) -> tables.Review | None:
    """The review that approved a version of the model last."""
    query = select(tables.Review).where(tables.Review.model == model, tables.Review.state == "approved")
    return session.scalars(query.order_by(tables.Review.closed_at.desc()).limit(1)).one_or_none()


def rounds_of(session: Session, model: str, number: int) -> Sequence[tables.Review]:
    """All reviews of a version, oldest first."""
    query = select(tables.Review).where(tables.Review.model == model, tables.Review.version == number)
    return session.scalars(query.order_by(tables.Review.round)).all()


def count_rounds(session: Session, model: str, number: int) -> int:
    """How often a version was submitted."""
    query = select(func.count()).select_from(tables.Review)
    return session.scalars(query.where(tables.Review.model == model, tables.Review.version == number)).one()


def open_counts(session: Session, models: Collection[str], at: datetime) -> dict[str, int]:
    """How many reviews were open at a moment, by model."""
    is_open = or_(tables.Review.closed_at.is_(None), tables.Review.closed_at > at)
    rows = session.execute(
        select(tables.Review.model, func.count())
        .where(tables.Review.model.in_(set(models)), tables.Review.submitted_at <= at, is_open)
        .group_by(tables.Review.model)
    )
    return dict(rows.all())


def decisions_of(session: Session, review_id: str) -> Sequence[tables.EdgeDecision]:
    """All edge decisions of a review."""
    query = select(tables.EdgeDecision).where(tables.EdgeDecision.review_id == review_id)
    return session.scalars(query.order_by(tables.EdgeDecision.edge)).all()


def find_decision(session: Session, review_id: str, edge: str) -> tables.EdgeDecision | None:
    """The decision about an edge, or None."""
    return session.get(tables.EdgeDecision, (review_id, edge))


def put_decision(session: Session, decision: tables.EdgeDecision) -> None:
    """Store a decision, replacing an earlier one about the same edge."""
    session.merge(decision)
    session.flush()


def signatures_of(session: Session, review_id: str) -> Sequence[tables.Signature]:
    """Signatures of a review in the order they were given."""
    query = select(tables.Signature).where(tables.Signature.review_id == review_id)
    return session.scalars(query.order_by(tables.Signature.signed_at)).all()


def add_signature(session: Session, signature: tables.Signature) -> None:
    """Store a signature."""
    session.add(signature)
    session.flush()
