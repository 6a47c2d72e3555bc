"""Long work: jobs, their progress and who runs them."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.lifecycle import EventKind, JobKind, JobState
from service.domain.predictions import Explain
from service.storage.tables.table import DigestColumn, Id, Table, one_of, version_reference


class TrainingJob(Table):
    """A piece of long work and where it is."""

    __tablename__ = "training_jobs"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[JobKind] = mapped_column(Text(), server_default="train")
    model: Mapped[str] = mapped_column(ForeignKey("models.name"), index=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"))
    parent: Mapped[int | None]
    changes: Mapped[list[dict[str, Any]] | None]
    configuration: Mapped[dict[str, Any]]
    message: Mapped[str]
    priority: Mapped[int] = mapped_column(server_default="0")
    state: Mapped[JobState] = mapped_column(Text())
    cancel_requested: Mapped[bool]
    attempt: Mapped[int] = mapped_column(server_default="0")
    crashes: Mapped[int] = mapped_column(server_default="0")
    worker: Mapped[str | None]
    version: Mapped[int | None]
    error_code: Mapped[str | None]
    error_detail: Mapped[str | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (
        one_of("state", "queued", "running", "succeeded", "failed", "cancelled"),
        one_of("kind", "train", "revise", "challenge", "score", "replay"),
        CheckConstraint("(kind = 'revise') = (parent IS NOT NULL)", name="parent"),
    )


class Sweep(Table):
    """One training per combination of some settings; which jobs they are is in `sweep_candidates`."""

    __tablename__ = "sweeps"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    model: Mapped[str] = mapped_column(ForeignKey("models.name"), index=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"))
    configuration: Mapped[dict[str, Any]]
    grid: Mapped[dict[str, Any]]
    message: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))


class SweepCandidate(Table):
    """A job of a sweep, at the position of its combination."""

    __tablename__ = "sweep_candidates"
    sweep_id: Mapped[str] = mapped_column(ForeignKey("sweeps.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("training_jobs.id"), unique=True)


class ChallengerReport(Table):
    """Other models on the split of a version; the report comes when the job has ended."""

    __tablename__ = "challenger_reports"
    job_id: Mapped[str] = mapped_column(ForeignKey("training_jobs.id"), primary_key=True)
    model: Mapped[str]
    version: Mapped[int]
    report: Mapped[dict[str, Any] | None]
    __table_args__ = (version_reference(),)


class ScoringJob(Table):
    """A table whose rows a version answers; what comes out is known once the job has ended."""

    __tablename__ = "scoring_jobs"
    job_id: Mapped[str] = mapped_column(ForeignKey("training_jobs.id"), primary_key=True)
    model: Mapped[str]
    version: Mapped[int]
    source_digest: Mapped[str] = mapped_column(DigestColumn)
    explain: Mapped[Explain] = mapped_column(Text())
    rows: Mapped[int | None] = mapped_column(BigInteger)
    refused: Mapped[int | None] = mapped_column(BigInteger)
    result_digest: Mapped[str | None] = mapped_column(DigestColumn)
    result_bytes: Mapped[int | None] = mapped_column(BigInteger)
    erased_at: Mapped[datetime | None]
    __table_args__ = (version_reference(), one_of("explain", "edges", "features", "none"))


class ReplayJob(Table):
    """Which decision records a job computes again; what comes out is known once the job has ended."""

    __tablename__ = "replay_jobs"
    job_id: Mapped[str] = mapped_column(ForeignKey("training_jobs.id"), primary_key=True)
    search: Mapped[dict[str, Any]]
    replayed: Mapped[int | None] = mapped_column(BigInteger)
    different: Mapped[int | None] = mapped_column(BigInteger)
    different_ids: Mapped[list[str] | None]


class Worker(Table):
    """A process that runs jobs; `beat` grows while it lives, and `incarnation` is new at every start."""

    __tablename__ = "workers"
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    incarnation: Mapped[str] = mapped_column(Id)
    host: Mapped[str]
    release: Mapped[str]
    beat: Mapped[int] = mapped_column(BigInteger)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]


class JobEvent(Table):
    """One event of a job's progress stream."""

    __tablename__ = "job_events"
    job_id: Mapped[str] = mapped_column(ForeignKey("training_jobs.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[EventKind] = mapped_column(Text())
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    __table_args__ = (one_of("kind", "progress", "state"),)
