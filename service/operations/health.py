"""Whether the service can serve, and bringing its database to where it can."""

from collections.abc import Iterator
from contextlib import contextmanager

from service.operations.resources import Resources, open_resources
from service.settings import Settings
from service.storage import queue
from service.storage.migration import require_migrated, upgrade


def check_readiness(resources: Resources) -> None:
    """Raise DatabaseUnreachable or DatabaseNotMigrated unless the database can serve."""
    require_migrated(resources.database)


def migrate(url: str) -> None:
    """Bring the tables of the service and of the queue to the schema of this release."""
    upgrade(url)
    queue.create_tables(url)


@contextmanager
def ready_resources(settings: Settings) -> Iterator[Resources]:
    """Resources for a process, closed at its end.

    Raises, before anything is begun: DatabaseNotMigrated, DatabaseUnreachable, ObjectStoreUnavailable.
    """
    resources = open_resources(settings)
    try:
        check_readiness(resources)
        resources.artifacts.require_reachable()
        yield resources
    finally:
        resources.close()
