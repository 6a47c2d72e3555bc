"""The worker: takes training jobs from the queue and runs them; the composition root of `edgewise worker`.

dbos keeps what runs in the database, so a worker that was killed takes its job up again when it comes back under
the same name; training is determined by its inputs, so repeating it gives the same bytes.
"""

import os
import signal
import socket
from typing import NoReturn

import structlog
from dbos import DBOS, DBOSConfig

from service.log import configure_log
from service.operations.health import ready_resources
from service.operations.resources import Resources
from service.operations.training_jobs import fail_training_job, run_training_job
from service.settings import Settings
from service.storage.queue import (
    APPLICATION_NAME,
    APPLICATION_VERSION,
    QUEUE_NAME,
    WORKFLOW_NAME,
    JsonSerializer,
)

POLL_SECONDS = 0.5
#: A job that took its worker down this often is not tried again.
MAXIMUM_ATTEMPTS = 3

_log = structlog.get_logger()


def run_worker(settings: Settings) -> NoReturn:
    """Work until SIGINT or SIGTERM, then end this process; a training in progress is taken up at the next start."""
    configure_log()
    with ready_resources(settings) as resources:
        stop = _stop_requests()
        _listen(settings, resources)
        _log.info("worker_ready", worker=settings.worker_name)
        stop.recv(1)
        DBOS.destroy(destroy_registry=True)
    # The interpreter would wait for a training that runs; dbos has it on record as unfinished.
    os._exit(0)


def _stop_requests() -> socket.socket:
    """A socket with a byte for each signal to stop: a signal may reach any thread, which wakes no waiting lock."""
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    signal.set_wakeup_fd(sender.detach())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    return receiver


def _listen(settings: Settings, resources: Resources) -> None:
    DBOS(config=_configuration(settings))

    @DBOS.workflow(name=WORKFLOW_NAME, max_recovery_attempts=MAXIMUM_ATTEMPTS)
    def workflow(job_id: str) -> str:
        return step(job_id)

    @DBOS.step()
    def step(job_id: str) -> str:
        try:
            return run_training_job(resources, job_id)
        except Exception as error:  # noqa: BLE001 - the job must end as failed, whatever broke; the log keeps the trace
            _log.exception("training_job_broke", job=job_id)
            return fail_training_job(resources, job_id, f"{type(error).__name__}: {error}")

    DBOS.listen_queues([QUEUE_NAME])
    DBOS.launch()
    DBOS.register_queue(QUEUE_NAME, worker_concurrency=settings.worker_concurrency, polling_interval_sec=POLL_SECONDS)


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
