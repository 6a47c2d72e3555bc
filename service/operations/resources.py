"""What operations work with; built once per process by `service.app` or `service.worker` and handed down."""

import importlib
import importlib.util
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from service.domain.canonical import timestamp
from service.domain.identifiers import uuid7
from service.domain.measurements import Measurements
from service.domain.metrics import Meters
from service.domain.permissions import Actor
from service.domain.rate_limits import Buckets, Leases
from service.domain.traces import NoTracer, Tracer
from service.errors import TelemetryMissing
from service.modelling.registry import ModelRegistry
from service.modelling.threads import compute_in_one_thread
from service.operations.batches import Batches
from service.operations.remembered import Remembered, UnderWay
from service.settings import Settings
from service.storage import audit
from service.storage.artifacts import Artifacts, open_artifacts
from service.storage.checkpoints import Checkpoints
from service.storage.database import Database, Session
from service.storage.encryption import RecordCipher
from service.storage.identity_provider import IdentityProvider
from service.storage.queue import JobQueue
from service.storage.record_keys import RecordKeys

#: The actor of what no person does: the command line, the worker, the service itself.
SYSTEM = "system"
#: How old what was measured on decision records may be, and how many such measurements are kept.
MEASURED_FOR = timedelta(minutes=1)
MOST_MEASURED = 300
REMEMBERED_PLANS = 1_024
REMEMBERED_KEYS = 4_096
REMEMBERED_TEMPLATES = 256


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


class Damages:
    """Digests of the artifacts that failed their check in this process; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._digests: set[str] = set()

    def add(self, digest: str) -> bool:
        """Remember a digest; whether it was new."""
        with self._lock:
            is_new = digest not in self._digests
            self._digests.add(digest)
            return is_new

    def remove(self, digest: str) -> None:
        """Forget a digest."""
        with self._lock:
            self._digests.discard(digest)

    def all(self) -> tuple[str, ...]:
        """All of them, in order."""
        with self._lock:
            return tuple(sorted(self._digests))


@dataclass(frozen=True)
class Resources:
    """Database, files, loaded models, queue, and the two sources of what is not determined: time and chance.

    `plans` and `known_keys` are what predictions and callers need of the database, as it was a moment ago; `templates`
    are those of decision records, which never change. `stopping` is set once the process is asked to end.
    """

    settings: Settings
    database: Database
    artifacts: Artifacts
    checkpoints: Checkpoints
    registry: ModelRegistry
    queue: JobQueue
    cipher: RecordCipher
    record_keys: RecordKeys
    batches: Batches
    slow_batches: Batches
    plans: Remembered[object, object]
    known_keys: Remembered[str, object]
    templates: Remembered[str, object]
    clock: Callable[[], datetime] = field(default=utc_now)
    entropy: Callable[[int], bytes] = field(default=secrets.token_bytes)
    damages: Damages = field(default_factory=Damages)
    tracer: Tracer = field(default_factory=NoTracer)
    stopping: threading.Event = field(default_factory=threading.Event)
    looks_at_keys: UnderWay[str, Actor] = field(default_factory=UnderWay)
    meters: Meters = field(default_factory=Meters)
    buckets: Buckets = field(default_factory=Buckets)
    leases: Leases = field(default_factory=Leases)
    measurements: Measurements = field(default_factory=lambda: Measurements(MEASURED_FOR, MOST_MEASURED))
    provider: IdentityProvider | None = None

    def new_id(self) -> str:
        """A new identifier that sorts by time."""
        return uuid7(self.clock(), self.entropy(10))

    def record(self, session: Session, actor: Actor | None, action: str, subject: str, details: object = None) -> None:
        """Append the audit event of a change to its transaction. No personal data: people are named by id."""
        payload = {
            "at": timestamp(self.clock()),
            "actor": actor.id if actor else SYSTEM,
            "api_key": actor.api_key_id if actor else None,
            "action": action,
            "subject": subject,
            "details": details,
        }
        audit.append(session, payload)

    def close(self) -> None:
        """Finish what is in work, then release all connections."""
        self.batches.close()
        self.slow_batches.close()
        self.queue.close()
        self.database.dispose()
        self.tracer.close()


def open_resources(settings: Settings) -> Resources:
    """Settings → engine → artifacts → registry → queue; from here on the process computes in one thread a request."""
    compute_in_one_thread()
    tracer = _open_tracer(settings)
    database = Database(settings.resolved_database_url, tracer)
    artifacts = open_artifacts(settings)
    registry = ModelRegistry(artifacts.read, settings.loaded_versions)
    checkpoints = Checkpoints(settings.data_dir / "checkpoints")
    return Resources(
        settings,
        database,
        artifacts,
        checkpoints,
        registry,
        JobQueue(database),
        RecordCipher(settings.decoded_record_keys),
        RecordKeys(settings.data_dir / "record-keys"),
        Batches(settings.maximum_waiting_rows, tracer),
        Batches(settings.maximum_sampled_rows, tracer, batch_rows=1),
        Remembered(REMEMBERED_PLANS),
        Remembered(REMEMBERED_KEYS),
        Remembered(REMEMBERED_TEMPLATES),
        provider=IdentityProvider(settings, settings.oidc_issuer) if settings.oidc_issuer else None,
        tracer=tracer,
    )


def _open_tracer(settings: Settings) -> Tracer:
    """Who is told of spans: nobody, unless the settings name a collector. Raises: TelemetryMissing."""
    if settings.telemetry_endpoint is None:
        return NoTracer()
    if importlib.util.find_spec("opentelemetry") is None:
        raise TelemetryMissing
    telemetry = importlib.import_module("service.telemetry")  # its packages are an extra
    tracer: Tracer = telemetry.open_tracer(settings.telemetry_endpoint, settings.telemetry_share)
    return tracer
