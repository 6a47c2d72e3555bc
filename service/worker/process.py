"""The composition root of `edgewise worker`: queue, children and heartbeat, until a signal to stop.

dbos keeps what runs in the database. A worker that comes back under its name takes its jobs up again; those of a worker
that does not are taken over by another one. Training is determined by its inputs and goes on from the last stage that
was kept, so repeating it gives the same bytes.
"""

import os
import signal
import socket
from typing import NoReturn

import structlog
from dbos import DBOS, DBOSConfig

from service.errors import Unavailable
from service.log import configure_log
from service.operations.health import ready_resources
from service.operations.resources import Resources
from service.operations.workers import start_worker, stop_worker
from service.settings import Settings
from service.storage.queue import (
    APPLICATION_NAME,
    APPLICATION_VERSION,
    QUEUE_NAME,
    WORKFLOW_NAME,
    JsonSerializer,
)
from service.worker import child
from service.worker.heartbeat import Heartbeat
from service.worker.supervision import supervise

POLL_SECONDS = 0.5
#: Far above the attempts that a job may have, which decide: the queue only ends what the job's row does not know.
MAXIMUM_RECOVERIES = 1000

_log = structlog.get_logger()


def run_worker(settings: Settings) -> NoReturn:
    """Work until SIGINT or SIGTERM, then end this process; what it ran is taken up by the next worker.

    Raises: DatabaseUnreachable, DatabaseNotMigrated.
    """
    configure_log()
    child.prepare()
    with ready_resources(settings) as resources:
        stop, wake = _stop_requests()
        refusals: list[Unavailable] = []

        def give_up(error: Unavailable) -> None:
            refusals.append(error)
            wake.send(b"!")

        incarnation = start_worker(resources, settings.worker_name)
        heartbeat = Heartbeat(resources, incarnation, give_up)
        _listen(settings, resources)
        heartbeat.start()
        _log.info("worker_ready", worker=settings.worker_name)
        stop.recv(1)
        for refusal in refusals:
            _log.error("worker_refused", code=refusal.code, detail=refusal.message)
        heartbeat.stop()
        stop_worker(resources, settings.worker_name, incarnation)
        DBOS.destroy(destroy_registry=True)
    # The interpreter would wait for the children and their watchers; the children end with this process.
    os._exit(1 if refusals else 0)


def _stop_requests() -> tuple[socket.socket, socket.socket]:
    """A socket with a byte for each signal to stop: a signal may reach any thread, which wakes no waiting lock."""
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    signal.set_wakeup_fd(sender.fileno())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    return receiver, sender


def _listen(settings: Settings, resources: Resources) -> None:
    DBOS(config=_configuration(settings))

    @DBOS.workflow(name=WORKFLOW_NAME, max_recovery_attempts=MAXIMUM_RECOVERIES)
    def workflow(job_id: str) -> str:
        return step(job_id)

    @DBOS.step()
    def step(job_id: str) -> str:
        return supervise(resources, job_id)

    DBOS.listen_queues([QUEUE_NAME])
    DBOS.launch()
    DBOS.register_queue(
        QUEUE_NAME,
        worker_concurrency=settings.worker_concurrency,
        global_concurrency=settings.total_concurrency,
        polling_interval_sec=POLL_SECONDS,
    )


def _configuration(settings: Settings) -> DBOSConfig:
    return {
        "name": APPLICATION_NAME,
        "system_database_url": settings.resolved_database_url,
        "application_version": APPLICATION_VERSION,
        "executor_id": settings.worker_name,
        "serializer": JsonSerializer(),
        "run_migrations": False,
        "log_level": "WARNING",
        "enable_otlp": False,
    }
