"""One job from its beginning to its end: children that compute it, watched for cancellation, time and memory."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from service.domain.lifecycle import EndedJobState, JobState
from service.errors import EdgewiseError, JobCrashed, JobOutOfMemory, JobTimedOut, Unavailable
from service.operations.resources import Resources
from service.operations.training_runs import (
    begin_attempt,
    cancel_is_requested,
    end_training_job,
    get_job_state,
    note_crash,
)
from service.worker.child import TRY_AGAIN, Child

POLL_SECONDS = 0.25
LOOK_SECONDS = 0.5
RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 15.0

Result = TypeVar("Result")

_log = structlog.get_logger()


def supervise(resources: Resources, job_id: str) -> JobState:
    """Run a job to its end, in as many attempts as its process survives. Raises: NotFound."""
    with structlog.contextvars.bound_contextvars(job=job_id):
        while True:
            attempt = patient(lambda: begin_attempt(resources, job_id, resources.settings.worker_name))
            if attempt is None:
                resources.checkpoints.of_job(job_id).remove()  # whoever kept it may not have come to remove it
                return patient(lambda: get_job_state(resources, job_id))
            _Attempt(resources, job_id, attempt).watch()


def patient(operation: Callable[[], Result]) -> Result:
    """The result of an operation, tried again for as long as database or disk do not answer."""
    while True:
        try:
            return operation()
        except Unavailable as error:
            _log.warning("worker_waits", code=error.code, detail=error.message)
            time.sleep(RETRY_SECONDS)  # a database that is away tells nobody when it is back


@dataclass
class _Attempt:
    """One child and the reasons for which it may not go on."""

    resources: Resources
    job_id: str
    attempt: int

    def watch(self) -> None:
        """Return when the child has ended and the job says how, or is to be begun again."""
        pause = RETRY_SECONDS
        while (status := self._run()) == TRY_AGAIN:
            time.sleep(pause)  # what was away then may still be, which is no fault of the job and no new attempt
            pause = min(2 * pause, LONGEST_RETRY_SECONDS)
        if status:
            _log.error("training_process_died", attempt=self.attempt, status=status)
            patient(lambda: note_crash(self.resources, self.job_id, self.attempt, JobCrashed(status)))

    def _run(self) -> int:
        """The exit status of one child."""
        child = Child(self.resources.settings, self.job_id, self.attempt)
        try:
            return self._await(child)
        finally:
            child.close()

    def _await(self, child: Child) -> int:
        """The exit status of the child; 0 where it was ended here and the job says so."""
        settings = self.resources.settings
        deadline = time.monotonic() + settings.job_timeout_minutes * 60
        looked = time.monotonic()
        while (status := child.wait(POLL_SECONDS)) is None:
            if time.monotonic() > deadline:
                return self._stop(child, JobTimedOut(settings.job_timeout_minutes))
            limit = settings.job_memory_bytes
            if limit is not None and child.memory() > limit:
                return self._stop(child, JobOutOfMemory(limit))
            if time.monotonic() - looked >= LOOK_SECONDS:
                looked = time.monotonic()
                if self._is_cancelled():
                    return self._stop(child, None)
        return status

    def _is_cancelled(self) -> bool:
        try:
            return cancel_is_requested(self.resources, self.job_id)
        except Unavailable:
            return False  # the child goes on while the database is away

    def _stop(self, child: Child, error: EdgewiseError | None) -> int:
        child.kill()
        state: EndedJobState = "cancelled" if error is None else "failed"
        patient(lambda: end_training_job(self.resources, self.job_id, state, error, self.attempt))
        return 0
