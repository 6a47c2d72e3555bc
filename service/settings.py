"""Settings of the service, read from `EDGEWISE_*` environment variables and nowhere else."""

import base64
import binascii
import socket
from pathlib import Path

from pydantic import Field, PositiveInt, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

RECORD_KEY_BYTES = 32


class Settings(BaseSettings):
    """What an operator can set; every field is documented in the README."""

    model_config = SettingsConfigDict(env_prefix="EDGEWISE_", frozen=True, extra="ignore")

    host: str = Field("127.0.0.1", description="Address the service listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port the service listens on.")
    data_dir: Path = Field(Path("var"), description="Directory for the SQLite file and the artifacts.")
    database_url: SecretStr | None = Field(
        None, description="SQLAlchemy URL of the database; SQLite inside the data directory when not set."
    )
    demo_credentials_file: Path | None = Field(
        None, description="Also write the sign-in data that the demo generates to this file (mode 0600), as JSON."
    )
    allowed_hosts: list[str] = Field(
        ["127.0.0.1", "localhost"], description="Host names under which browsers may reach the service (JSON list)."
    )
    signing_key_file: Path | None = Field(
        None, description="Ed25519 private key (PEM, not encrypted) that signs checkpoints of the audit trail."
    )
    signers_need_second_factor: bool = Field(
        False, description="Whether nobody can sign a review without a second factor."
    )
    record_keys: list[SecretStr] = Field(
        [],
        description="Keys that encrypt decision records at rest, 32 bytes in URL-safe base64 each, the newest first "
        "(JSON list); without any they are stored readable.",
    )
    session_idle_minutes: PositiveInt = Field(60, description="A session ends after this many idle minutes.")
    session_maximum_hours: PositiveInt = Field(12, description="A session ends after this many hours in any case.")
    maximum_upload_bytes: PositiveInt = Field(
        2_000_000_000, description="Largest table that can be uploaded, in bytes, and the most that Parquet unpacks to."
    )
    maximum_body_bytes: PositiveInt = Field(4_000_000, description="Largest other request body, in bytes.")
    maximum_prediction_rows: PositiveInt = Field(1_000, description="Most rows in one prediction call.")
    key_requests_per_minute: PositiveInt | None = Field(
        None, description="Requests that a key may send a minute, to each process, unless the key says otherwise."
    )
    key_rows_per_day: PositiveInt | None = Field(
        None, description="Rows that a key may predict a day (UTC), unless the key says otherwise."
    )
    maximum_waiting_rows: PositiveInt = Field(
        4_096, description="Rows of predictions in work at a time; what comes on top is refused with Retry-After."
    )
    prediction_timeout_seconds: PositiveInt = Field(
        20, description="A prediction whose record is not stored by then is answered with an error."
    )
    maximum_columns: PositiveInt = Field(1_000, description="Most columns in one table.")
    loaded_versions: PositiveInt = Field(16, description="How many model versions one process keeps in memory.")
    worker_concurrency: PositiveInt = Field(1, description="How many training jobs one worker runs at a time.")
    total_concurrency: PositiveInt | None = Field(
        None, description="How many training jobs all workers together run at a time; no limit when not set."
    )
    worker_name: str = Field(
        default_factory=socket.gethostname,
        min_length=1,
        max_length=100,
        description="Stable name of a worker, its own for each; the host's name when not set.",
    )
    worker_lost_seconds: PositiveInt = Field(
        20, description="A worker that is silent for this long is lost: another one takes over its jobs."
    )
    scoring_threads: PositiveInt | None = Field(
        None, description="How many threads a scoring job computes with; all cores when not set."
    )
    job_timeout_minutes: PositiveInt = Field(360, description="A training that takes longer is ended as failed.")
    job_memory_bytes: PositiveInt | None = Field(
        None, description="A training whose process needs more memory is ended as failed; no limit when not set."
    )

    @field_validator("record_keys")
    @classmethod
    def _keys_have_their_length(cls, keys: list[SecretStr]) -> list[SecretStr]:
        for key in keys:
            decode_key(key)
        return keys

    @property
    def decoded_record_keys(self) -> tuple[bytes, ...]:
        """The keys of decision records, the newest first."""
        return tuple(decode_key(key) for key in self.record_keys)

    @property
    def resolved_database_url(self) -> str:
        """The database URL in force."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{(self.data_dir / 'edgewise.sqlite3').absolute()}"


def decode_key(key: SecretStr) -> bytes:
    """The bytes of a key; raises ValueError unless they are 32."""
    try:
        content = base64.b64decode(key.get_secret_value().encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if len(content) != RECORD_KEY_BYTES:
        raise ValueError(f"a key is {RECORD_KEY_BYTES} random bytes in URL-safe base64 (44 characters)")
    return content
