"""Files, data, the inventory and its versions, with the populations and words that explain them."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.lifecycle import VersionState
from service.domain.policies import RiskTier
from service.domain.predictions import AdverseOutcome
from service.storage.tables.table import DigestColumn, Id, Table, one_of, version_reference


class Artifact(Table):
    """A file that is named by its digest: a snapshot, a trained network, or the rows of a reference."""

    __tablename__ = "artifacts"
    digest: Mapped[str] = mapped_column(DigestColumn, primary_key=True)
    kind: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    __table_args__ = (one_of("kind", "dataset", "network", "reference"),)


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
    adverse_action: Mapped[bool]
    adverse_outcome: Mapped[AdverseOutcome | None] = mapped_column(Text())
    review_policy: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (
        one_of("risk_tier", "low", "medium", "high"),
        one_of("adverse_outcome", "higher", "lower"),
    )


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
    complexity: Mapped[int | None]
    metrics: Mapped[list[dict[str, Any]]]
    calibration: Mapped[list[dict[str, Any]] | None]
    split: Mapped[dict[str, Any]]
    symbolification: Mapped[str]
    history: Mapped[list[dict[str, Any]]]
    library_versions: Mapped[dict[str, Any]]
    contributors: Mapped[list[str]]
    message: Mapped[str]
    default_reference: Mapped[str | None] = mapped_column(String(63))
    default_reference_revision: Mapped[int | None]
    conditions: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    maximum_rows: Mapped[int | None]
    retirement_reason: Mapped[str | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (
        one_of("state", "candidate", "in_review", "approved", "rejected", "suspended", "retired"),
        CheckConstraint("number >= 1", name="number"),
    )


class Revision(Table):
    """How a version came about from its parent: what was changed, and the digests of both."""

    __tablename__ = "revisions"
    model: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    parent: Mapped[int]
    changes: Mapped[list[dict[str, Any]]]
    parent_digest: Mapped[str] = mapped_column(DigestColumn, ForeignKey("artifacts.digest"))
    digest: Mapped[str] = mapped_column(DigestColumn, ForeignKey("artifacts.digest"))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (
        version_reference(),
        ForeignKeyConstraint(("model", "parent"), ("model_versions.model", "model_versions.number")),
        CheckConstraint("parent < version", name="parent"),
    )


class ReferencePopulation(Table):
    """The rows that contributions of one version are measured against; a change is a new revision."""

    __tablename__ = "reference_populations"
    model: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    selection: Mapped[dict[str, Any]]
    matched: Mapped[int]
    rows: Mapped[int]
    digest: Mapped[str] = mapped_column(DigestColumn, ForeignKey("artifacts.digest"))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (version_reference(), CheckConstraint("revision >= 1", name="revision"))


class ReasonDictionary(Table):
    """One revision of a model's reason codes; `digest` covers the canonical text of the entries."""

    __tablename__ = "reason_dictionaries"
    model: Mapped[str] = mapped_column(ForeignKey("models.name"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    entries: Mapped[list[dict[str, Any]]]
    digest: Mapped[str] = mapped_column(DigestColumn)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (CheckConstraint("revision >= 1", name="revision"),)
