"""The durable queue: a job is queued in the same transaction as its row and its audit event.

dbos keeps the queue in tables of the same database (schema `dbos` on PostgreSQL). Arguments are JSON, never pickled.
"""

import json
from typing import Any

from dbos import DBOS, DBOSClient, EnqueueOptions, Serializer

from service.storage.database import Database, Session, understood

QUEUE_NAME = "training"
WORKFLOW_NAME = "run_training_job"
#: Fixed, so that an upgrade of the service does not orphan jobs that are waiting or running.
APPLICATION_NAME = "edgewise"
APPLICATION_VERSION = "1"
#: dbos begins jobs with a lower number earlier.
MIDDLE_PRIORITY = 1000


class JsonSerializer(Serializer):
    """Keeps the queue's arguments and results as JSON text."""

    def serialize(self, data: Any) -> str:
        """The JSON text of what is queued; an exception is kept as its sentence."""
        return json.dumps(data, default=str)

    def deserialize(cls, serialized_data: str) -> Any:  # noqa: N805 - the parameter's name is dbos's
        """What was queued."""
        return json.loads(serialized_data)

    def name(self) -> str:
        """The name that dbos stores beside each text."""
        return "edgewise_json"


def create_tables(url: str) -> None:
    """Create or migrate the queue's tables."""
    DBOS.migrate(url)


class JobQueue:
    """The sending end of the queue."""

    def __init__(self, database: Database) -> None:
        self._client = DBOSClient(
            system_database_url=database.url,
            serializer=JsonSerializer(),
            application_name=APPLICATION_NAME,
            lazy=True,
            retry_connection_errors=False,  # who asks knows better how long to wait, and does not lose its pulse
        )

    def enqueue(self, session: Session, job_id: str, priority: int = 0) -> None:
        """Queue a job, before those of a lower priority; nothing happens unless the caller's transaction commits."""
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW_NAME,
            "queue_name": QUEUE_NAME,
            "workflow_id": job_id,
            "app_version": APPLICATION_VERSION,
            "priority": MIDDLE_PRIORITY - priority,
        }
        self._client.enqueue_in_transaction(session, options, job_id)

    def jobs_held_by(self, worker: str) -> tuple[str, ...]:
        """The unfinished jobs that a worker has taken from the queue. Raises: DatabaseUnreachable, DatabaseRefuses."""
        with understood():
            held = self._client.list_workflows(
                status="PENDING", executor_id=worker, name=WORKFLOW_NAME, load_input=False, load_output=False
            )
        return tuple(status.workflow_id for status in held)

    def enqueue_again(self, job_id: str) -> None:
        """Queue a job that a lost worker had taken; a job that has ended is left alone.

        Raises: DatabaseUnreachable, DatabaseRefuses.
        """
        with understood():
            self._client.resume_workflow(job_id, queue_name=QUEUE_NAME)

    def close(self) -> None:
        """Release the connections."""
        self._client.destroy()
