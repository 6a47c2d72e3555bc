"""People, their sessions and their keys."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    String,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.storage.tables.table import Id, Table


class User(Table):
    """A person, or a service that acts by keys and never signs; who signs in elsewhere only has no password."""

    __tablename__ = "users"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    printed_name: Mapped[str]
    roles: Mapped[list[str]]
    password_hash: Mapped[str | None]
    created_at: Mapped[datetime]
    failed_sign_ins: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[datetime | None]
    must_change_password: Mapped[bool] = mapped_column(server_default=false())
    is_service: Mapped[bool] = mapped_column(server_default=false())
    disabled_at: Mapped[datetime | None]


class SignInSession(Table):
    """A signed-in browser; only the hash of the cookie is kept."""

    __tablename__ = "sessions"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]


class Identity(Table):
    """Who a person is at an identity provider, and the proof that they may sign with once.

    `authenticated_at` is the newest authentication there that was seen; a proof must come from a later one.
    """

    __tablename__ = "identities"
    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), unique=True)
    created_at: Mapped[datetime]
    authenticated_at: Mapped[datetime | None]
    proof_begun_at: Mapped[datetime | None]
    proof_state_hash: Mapped[str | None] = mapped_column(String(64))
    proof_hash: Mapped[str | None] = mapped_column(String(64))
    proof_made_at: Mapped[datetime | None]
    proof_is_multi_factor: Mapped[bool] = mapped_column(server_default=false())


class SecondFactor(Table):
    """The secret of a person's authenticator; no code up to `last_step` is taken any more."""

    __tablename__ = "second_factors"
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    secret: Mapped[str]
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]


class RecoveryCode(Table):
    """A code for the loss of an authenticator; only its hash is kept."""

    __tablename__ = "recovery_codes"
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime | None]


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
    requests_per_minute: Mapped[int | None]
    rows_per_day: Mapped[int | None] = mapped_column(BigInteger)


class KeyUsage(Table):
    """Rows that the processes of the service have set aside for a key on a day (UTC)."""

    __tablename__ = "key_usage"
    api_key_id: Mapped[str] = mapped_column(ForeignKey("api_keys.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    rows: Mapped[int] = mapped_column(BigInteger)
