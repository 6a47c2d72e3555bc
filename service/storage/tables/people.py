"""People, their sessions and their keys."""

from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    String,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.tables.table import Id, Table


class User(Table):
    """A person, or a service that acts by keys and never signs."""

    __tablename__ = "users"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    printed_name: Mapped[str]
    roles: Mapped[list[str]]
    password_hash: Mapped[str]
    created_at: Mapped[datetime]
    failed_sign_ins: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[datetime | None]
    must_change_password: Mapped[bool] = mapped_column(server_default=false())
    is_service: Mapped[bool] = mapped_column(server_default=false())


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
