"""Settings of the service, read from `EDGEWISE_*` environment variables and nowhere else."""

import base64
import binascii
import socket
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, PositiveInt, SecretStr, ValidationInfo, field_validator
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
    artifact_store: str | None = Field(
        None,
        pattern=r"^(s3|gs|az)://[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9._/-]*)?$",
        description="Bucket for the artifacts (s3://, gs:// or az://, with a prefix); the data directory if unset.",
    )
    artifact_store_endpoint: str | None = Field(
        None, description="Address of a server that speaks S3, where the bucket is not at Amazon."
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
    public_url: str | None = Field(
        None, description="Address under which browsers reach the service; an identity provider sends them back there."
    )
    oidc_issuer: str | None = Field(
        None, description="Address of the OpenID Connect provider where people sign in; none when not set."
    )
    oidc_client_id: str = Field("edgewise", min_length=1, description="Name of this service at the provider.")
    oidc_client_secret: SecretStr | None = Field(None, description="Secret of this service at the provider.")
    oidc_client_secret_file: Path | None = Field(None, description="File that holds that secret.")
    oidc_title: str = Field("single sign-on", min_length=1, description="What the sign-in page calls the provider.")
    oidc_hosts: list[str] = Field(
        [], description="Further hosts, with port, that the provider's document may name (JSON list)."
    )
    oidc_scopes: list[str] = Field(["openid", "profile"], description="What is asked of the provider (JSON list).")
    oidc_name_claim: str = Field(
        "preferred_username", description="Claim that names new accounts; people must not be able to choose it."
    )
    oidc_roles_claim: str = Field(
        "groups",
        description="Claim that says what people may do, or a JSON pointer to it, such as /realm_access/roles.",
    )
    oidc_roles: dict[str, list[str]] = Field(
        {},
        validate_default=True,
        description="Which roles a value of that claim gives (JSON object of lists); others give none.",
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
    maximum_sampled_rows: PositiveInt = Field(
        32,
        description="Rows in work at a time whose Shapley values are sampled; they have a queue of their own, so that "
        "others do not wait for them.",
    )
    prediction_timeout_seconds: PositiveInt = Field(
        20, description="A prediction whose record is not stored by then is answered with an error."
    )
    telemetry_endpoint: str | None = Field(
        None,
        pattern=r"^https?://\S+$",
        description="Where traces go (OTLP over HTTP), such as http://collector:4318/v1/traces; nowhere when not set.",
    )
    telemetry_share: float = Field(1.0, ge=0, le=1, description="The share of requests and jobs that are traced.")
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
    scores_keep_days: PositiveInt | None = Field(
        None,
        description="Days after which `edgewise erase` erases results and uploaded tables of scoring jobs that have "
        "ended; kept for ever when not set.",
    )
    job_timeout_minutes: PositiveInt = Field(360, description="A training that takes longer is ended as failed.")
    job_memory_bytes: PositiveInt | None = Field(
        None, description="A training whose process needs more memory is ended as failed; no limit when not set."
    )

    @field_validator("oidc_issuer", "public_url", "artifact_store_endpoint")
    @classmethod
    def _addresses_are_protected(cls, url: str | None) -> str | None:
        if url is not None and not is_protected(url):
            raise ValueError("this must be an https:// address (http:// for loopback only)")
        return url

    @field_validator("oidc_roles")
    @classmethod
    def _provider_can_be_used(cls, roles: dict[str, list[str]], info: ValidationInfo) -> dict[str, list[str]]:
        if info.data.get("oidc_issuer") is not None and (not roles or info.data.get("public_url") is None):
            raise ValueError("with EDGEWISE_OIDC_ISSUER, this and EDGEWISE_PUBLIC_URL must be set too")
        return roles

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


def is_protected(url: str) -> bool:
    """Whether an address can be asked without others reading along: HTTPS, or loopback."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.fragment or parts.username is not None or not host:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
