"""What versions are used for: aliases and decision records."""

from datetime import datetime

from sqlalchemy import (
    Double,
    ForeignKey,
    Index,
    String,
    Text,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.predictions import Explain, Link
from service.storage.tables.table import DigestColumn, Id, Table, one_of, version_reference


class Alias(Table):
    """A pointer to an approved version."""

    __tablename__ = "aliases"
    model: Mapped[str] = mapped_column(primary_key=True)
    alias: Mapped[str] = mapped_column(String(20), primary_key=True)
    version: Mapped[int]
    revision: Mapped[int]
    moved_at: Mapped[datetime]
    moved_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (version_reference(), one_of("alias", "champion", "challenger"))


class AliasEvent(Table):
    """One move of an alias, kept for ever."""

    __tablename__ = "alias_events"
    model: Mapped[str] = mapped_column(primary_key=True)
    alias: Mapped[str] = mapped_column(String(20), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
    previous_version: Mapped[int | None]
    rolled_back: Mapped[bool] = mapped_column(server_default=false())
    moved_at: Mapped[datetime]
    moved_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    __table_args__ = (version_reference(),)


class RecordTemplate(Table):
    """What is the same in the records of a version, so that each holds little more than its numbers."""

    __tablename__ = "record_templates"
    digest: Mapped[str] = mapped_column(DigestColumn, primary_key=True)
    content: Mapped[str]


class Prediction(Table):
    """A decision record, of whose exact text `record_digest` is the digest.

    With a `template` the text is restored from that, `row`, `numbers` and `record`, which is the rest of the text;
    without one `record` is all of it. What is encrypted has the key that `key` names, or is readable where it names
    none. `latency_ms` is the time from the call to the record, without its commit.
    """

    __tablename__ = "predictions"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    model: Mapped[str]
    version: Mapped[int]
    digest: Mapped[str] = mapped_column(DigestColumn)
    link: Mapped[Link] = mapped_column(Text())
    trial: Mapped[bool]
    explain: Mapped[Explain] = mapped_column(Text())
    row: Mapped[bytes]
    record: Mapped[bytes]
    numbers: Mapped[bytes | None]
    template: Mapped[str | None] = mapped_column(ForeignKey("record_templates.digest"))
    key: Mapped[str | None] = mapped_column(String(16))
    record_digest: Mapped[str] = mapped_column(DigestColumn)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(ForeignKey("users.id"))
    api_key_id: Mapped[str | None] = mapped_column(ForeignKey("api_keys.id"))
    alias: Mapped[str | None] = mapped_column(String(20))
    outcome: Mapped[str | None]
    latency_ms: Mapped[float | None] = mapped_column(Double())
    __table_args__ = (version_reference(), Index(None, "model", "id"), Index(None, "created_by", "id"))
