"""The audit chain and what keeps requests from happening twice."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.tables.table import DigestColumn, Table


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
