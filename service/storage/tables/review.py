"""Reviews, decisions and signatures, findings, and the suspension of what was approved."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.findings import Severity
from service.domain.lifecycle import FindingState, ReviewState
from service.domain.reviews import Decision, Verdict
from service.storage.tables.table import DigestColumn, Id, Table, one_of, version_reference


class Review(Table):
    """One round of the inspection of a version, under the policy of when it began."""

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
    round: Mapped[int] = mapped_column(server_default="1")
    policy: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    compared_with: Mapped[int | None]
    changes: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    closing_reason: Mapped[str | None]
    __table_args__ = (
        version_reference(),
        one_of("state", "open", "approved", "rejected", "changes_requested", "withdrawn"),
        UniqueConstraint("model", "version", "round"),
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


class Suspension(Table):
    """A time in which an approved version was not to be used; two people end it."""

    __tablename__ = "suspensions"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    model: Mapped[str]
    version: Mapped[int]
    reason: Mapped[str]
    suspended_at: Mapped[datetime]
    suspended_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    resumption_reason: Mapped[str | None]
    resumption_requested_at: Mapped[datetime | None]
    resumption_requested_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    resumed_at: Mapped[datetime | None]
    resumed_by: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (
        version_reference(),
        CheckConstraint(
            "resumed_by IS NULL OR (resumption_requested_by IS NOT NULL AND resumed_by <> resumption_requested_by)",
            name="two_people",
        ),
        Index(None, "model", "version"),
    )


class Finding(Table):
    """What must be put right about a version; the owner resolves it and the raiser verifies that."""

    __tablename__ = "findings"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    model: Mapped[str]
    version: Mapped[int]
    severity: Mapped[Severity] = mapped_column(Text())
    state: Mapped[FindingState] = mapped_column(Text())
    title: Mapped[str]
    description: Mapped[str]
    due_on: Mapped[str] = mapped_column(String(10))
    owner: Mapped[str] = mapped_column(ForeignKey("users.id"))
    raised_at: Mapped[datetime]
    raised_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    resolution: Mapped[str | None]
    resolved_at: Mapped[datetime | None]
    verification: Mapped[str | None]
    verified_at: Mapped[datetime | None]
    __table_args__ = (
        version_reference(),
        one_of("severity", "low", "medium", "high"),
        one_of("state", "open", "resolved", "closed"),
        CheckConstraint("owner <> raised_by", name="two_people"),
        Index(None, "model", "version"),
    )
