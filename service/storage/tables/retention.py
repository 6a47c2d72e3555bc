"""How long decision records are kept, and what stays of them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.tables.table import DigestColumn, Id, Table, version_reference


class RetentionSchedule(Table):
    """How many days a model's decision records are kept, and why nothing of them may be erased."""

    __tablename__ = "retention_schedules"
    model: Mapped[str] = mapped_column(ForeignKey("models.name"), primary_key=True)
    keep_days: Mapped[int | None]
    legal_hold: Mapped[str | None]
    revision: Mapped[int]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (CheckConstraint("keep_days >= 1", name="keep_days"),)


class ErasedPrediction(Table):
    """A decision record that was erased: which it was, and the digest that the audit trail has of it."""

    __tablename__ = "erased_predictions"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    model: Mapped[str] = mapped_column(String(63))
    version: Mapped[int]
    record_digest: Mapped[str] = mapped_column(DigestColumn)
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime]
    __table_args__ = (version_reference(),)
