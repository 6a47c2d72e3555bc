"""The tables: people and keys, data and models, work, review, use, evidence.

Moments are stored in UTC with microseconds, which is also what is hashed. Documents are stored as JSON text.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from service.domain.lifecycle import EventKind, JobState, ReviewState, VersionState
from service.domain.predictions import Explain, Link
from service.domain.reviews import Decision, RiskTier, Verdict

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets the zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - signature is SQLAlchemy's
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - signature is SQLAlchemy's
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Table(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {  # noqa: RUF012 - the name and form are SQLAlchemy's
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
        list[dict[str, Any]]: JSON(),
        str: Text(),
        bytes: LargeBinary(),
    }


Id = String(36)
DigestColumn = String(71)


def _one_of(column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _version_reference() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(("model", "version"), ("model_versions.model", "model_versions.number"))


class User(Table):
    """A person."""

    __tablename__ = "users"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    printed_name: Mapped[str]
    roles: Mapped[list[str]]
    password_hash: Mapped[str]
    created_at: Mapped[datetime]


class SignInSession(Table):
    """A signed-in browser; only the hash of the cookie is kept."""

    __tablename__ = "sessions"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]


class ApiKey(Table):
    """A program's key; only its hash is kept."""

    __tablename__ = "api_keys"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    label: Mapped[str]
    prefix: Mapped[str]
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    roles: Mapped[list[str]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Artifact(Table):
    """A file that is named by its digest: a snapshot or a trained network."""

    __tablename__ = "artifacts"
    digest: Mapped[str] = mapped_column(DigestColumn, primary_key=True)
    kind: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    __table_args__ = (_one_of("kind", "dataset", "network"),)


class Dataset(Table):
    """An immutable snapshot of a table."""

    __tablename__ = "datasets"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str]
    digest: Mapped[str] = mapped_column(DigestColumn, ForeignKey("artifacts.digest"))
    source_digest: Mapped[str] = mapped_column(DigestColumn)
    rows: Mapped[int]
    feature_schema: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))


class Model(Table):
    """An entry of the inventory."""

    __tablename__ = "models"
    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    title: Mapped[str]
    purpose: Mapped[str]
    owner: Mapped[str]
    risk_tier: Mapped[RiskTier] = mapped_column(Text())
    approved_use: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (_one_of("risk_tier", "low", "medium", "high"),)


class TrainingJob(Table):
    """A piece of long work and where it is."""

    __tablename__ = "training_jobs"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    model: Mapped[str] = mapped_column(ForeignKey("models.name"), index=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"))
    configuration: Mapped[dict[str, Any]]
    message: Mapped[str]
    state: Mapped[JobState] = mapped_column(Text())
    cancel_requested: Mapped[bool]
    version: Mapped[int | None]
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (_one_of("state", "queued", "running", "succeeded", "failed", "cancelled"),)


class JobEvent(Table):
    """One event of a job's progress stream."""

    __tablename__ = "job_events"
    job_id: Mapped[str] = mapped_column(ForeignKey("training_jobs.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[EventKind] = mapped_column(Text())
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    __table_args__ = (_one_of("kind", "progress", "state"),)


class ModelVersion(Table):
    """An immutable trained network and everything that made it; only its state moves."""

    __tablename__ = "model_versions"
    model: Mapped[str] = mapped_column(ForeignKey("models.name"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[VersionState] = mapped_column(Text())
    digest: Mapped[str] = mapped_column(DigestColumn, ForeignKey("artifacts.digest"))
    parent: Mapped[int | None]
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"))
    dataset_digest: Mapped[str] = mapped_column(DigestColumn)
    training_job_id: Mapped[str] = mapped_column(ForeignKey("training_jobs.id"), unique=True)
    configuration: Mapped[dict[str, Any]]
    columns: Mapped[dict[str, Any]]
    shape: Mapped[list[int]] = mapped_column(JSON())
    active_edges: Mapped[int]
    edges_before_pruning: Mapped[int]
    metrics: Mapped[list[dict[str, Any]]]
    split: Mapped[dict[str, Any]]
    symbolification: Mapped[str]
    history: Mapped[list[dict[str, Any]]]
    library_versions: Mapped[dict[str, Any]]
    contributors: Mapped[list[str]]
    message: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (
        _one_of("state", "candidate", "in_review", "approved", "rejected", "suspended", "retired"),
        CheckConstraint("number >= 1", name="number"),
    )


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
        _version_reference(),
        _one_of("state", "open", "approved", "rejected"),
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
    __table_args__ = (_one_of("decision", "accepted", "rejected"),)


class Signature(Table):
    """A signature; `content` is the exact text that `digest` covers."""

    __tablename__ = "signatures"
    digest: Mapped[str] = mapped_column(DigestColumn, primary_key=True)
    review_id: Mapped[str] = mapped_column(ForeignKey("reviews.id"))
    signer: Mapped[str] = mapped_column(ForeignKey("users.id"))
    verdict: Mapped[Verdict] = mapped_column(Text())
    content: Mapped[str]
    signed_at: Mapped[datetime]
    __table_args__ = (_one_of("verdict", "approved", "rejected"), UniqueConstraint("review_id", "signer"))


class Alias(Table):
    """A pointer to an approved version."""

    __tablename__ = "aliases"
    model: Mapped[str] = mapped_column(primary_key=True)
    alias: Mapped[str] = mapped_column(String(20), primary_key=True)
    version: Mapped[int]
    revision: Mapped[int]
    moved_at: Mapped[datetime]
    moved_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (_version_reference(), _one_of("alias", "champion", "challenger"))


class AliasEvent(Table):
    """One move of an alias, kept for ever."""

    __tablename__ = "alias_events"
    model: Mapped[str] = mapped_column(primary_key=True)
    alias: Mapped[str] = mapped_column(String(20), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
    previous_version: Mapped[int | None]
    moved_at: Mapped[datetime]
    moved_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (_version_reference(),)


class Prediction(Table):
    """A decision record: `record` is the exact text that `record_digest` covers."""

    __tablename__ = "predictions"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    model: Mapped[str]
    version: Mapped[int]
    digest: Mapped[str] = mapped_column(DigestColumn)
    link: Mapped[Link] = mapped_column(Text())
    trial: Mapped[bool]
    explain: Mapped[Explain] = mapped_column(Text())
    row: Mapped[str]
    record: Mapped[str]
    record_digest: Mapped[str] = mapped_column(DigestColumn)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    api_key_id: Mapped[str | None] = mapped_column(ForeignKey("api_keys.id"))
    __table_args__ = (_version_reference(), Index(None, "model", "id"))


class AuditEvent(Table):
    """One link of the audit chain: `hash` covers `payload` as it stands."""

    __tablename__ = "audit_events"
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    prev_hash: Mapped[str] = mapped_column(String(64), unique=True)
    payload: Mapped[str]
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class AuditHead(Table):
    """The end of the chain: one row, locked by whoever appends."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)


class IdempotencyKey(Table):
    """A request that must not happen twice, and what it made."""

    __tablename__ = "idempotency_keys"
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    operation: Mapped[str]
    request_digest: Mapped[str] = mapped_column(DigestColumn)
    results: Mapped[list[str]]
    created_at: Mapped[datetime]
