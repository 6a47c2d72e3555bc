"""What operations work with; built once per process by `service.app` or `service.worker` and handed down."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from service.domain.canonical import timestamp
from service.domain.identifiers import uuid7
from service.domain.permissions import Actor
from service.modelling.registry import ModelRegistry
from service.modelling.threads import compute_in_one_thread
from service.settings import Settings
from service.storage import audit
from service.storage.artifacts import Artifacts
from service.storage.checkpoints import Checkpoints
from service.storage.database import Database, Session
from service.storage.queue import JobQueue


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Resources:
    """Database, files, loaded models, queue, and the two sources of what is not determined: time and chance."""

    settings: Settings
    database: Database
    artifacts: Artifacts
    checkpoints: Checkpoints
    registry: ModelRegistry
    queue: JobQueue
    clock: Callable[[], datetime] = field(default=utc_now)
    entropy: Callable[[int], bytes] = field(default=secrets.token_bytes)

    def new_id(self) -> str:
        """A new identifier that sorts by time."""
        return uuid7(self.clock(), self.entropy(10))

    def record(self, session: Session, actor: Actor | None, action: str, subject: str, details: object = None) -> None:
        """Append the audit event of a change to its transaction. No personal data: people are named by id."""
        payload = {
            "at": timestamp(self.clock()),
            "actor": actor.id if actor else "system",
            "api_key": actor.api_key_id if actor else None,
            "action": action,
            "subject": subject,
            "details": details,
        }
        audit.append(session, payload)

    def close(self) -> None:
        """Release all connections."""
        self.queue.close()
        self.database.dispose()


def open_resources(settings: Settings) -> Resources:
    """Settings → engine → artifacts → registry → queue; from here on the process computes in one thread a request."""
    compute_in_one_thread()
    database = Database(settings.resolved_database_url)
    artifacts = Artifacts(settings.data_dir / "artifacts")
    registry = ModelRegistry(artifacts.read, settings.loaded_versions)
    checkpoints = Checkpoints(settings.data_dir / "checkpoints")
    return Resources(settings, database, artifacts, checkpoints, registry, JobQueue(database))
