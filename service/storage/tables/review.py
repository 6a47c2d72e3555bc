"""Reviews, decisions and signatures."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.lifecycle import ReviewState
from service.domain.reviews import Decision, Verdict
from service.storage.tables.table import DigestColumn, Id, Table, one_of, version_reference


class Review(Table):
    """The inspection of one version."""

    __tablename__ = "reviews"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    model: Mapped[str]
    version: Mapped[int]
    state: Mapped[ReviewState] = mapped_column(Text())
    summary: Mapped[str]
    artifact_digest: Mapped[str] = mapped_column(DigestColumn)
    edges: Mapped[list[dict[str, Any]]]
    submitted_at: Mapped[datetime]
    submitted_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    closed_at: Mapped[datetime | None]
    __table_args__ = (
        version_reference(),
        one_of("state", "open", "approved", "rejected"),
        UniqueConstraint("model", "version"),
    )


class EdgeDecision(Table):
    """What an auditor decided about one edge; `revision` counts the changes of mind."""

    __tablename__ = "edge_decisions"
    review_id: Mapped[str] = mapped_column(ForeignKey("reviews.id"), primary_key=True)
    edge: Mapped[str] = mapped_column(String(16), primary_key=True)
    decision: Mapped[Decision] = mapped_column(Text())
    comment: Mapped[str]
    revision: Mapped[int]
    decided_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (one_of("decision", "accepted", "rejected"),)


class Signature(Table):
    """A signature; `content` is the exact text that `digest` covers."""

    __tablename__ = "signatures"
    digest: Mapped[str] = mapped_column(DigestColumn, primary_key=True)
    review_id: Mapped[str] = mapped_column(ForeignKey("reviews.id"))
    signer: Mapped[str] = mapped_column(ForeignKey("users.id"))
    verdict: Mapped[Verdict] = mapped_column(Text())
    content: Mapped[str]
    signed_at: Mapped[datetime]
    __table_args__ = (one_of("verdict", "approved", "rejected"), UniqueConstraint("review_id", "signer"))
