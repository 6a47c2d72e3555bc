"""The child process in which one attempt of a job computes.

Children are forked from a server that has imported everything and started no thread, so that each begins at once and
clean. A child ends with its worker, however that ends: it holds one end of a pipe whose other end only the worker has.
"""

import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.connection import Connection

import psutil
import structlog

from service.errors import Unavailable
from service.log import configure_log
from service.operations.health import ready_resources
from service.operations.training_runs import end_with_unforeseen_error, run_attempt
from service.settings import Settings

#: The child could not record how the attempt ended, because database or disk do not answer: not the job's fault.
TRY_AGAIN = os.EX_TEMPFAIL

#: Trainings yield the processor to whoever answers people and clients on the same host.
NICENESS = 10

_context = multiprocessing.get_context("forkserver")
_log = structlog.get_logger()


def prepare() -> None:
    """Let the server of the children import what they need, before the first of them."""
    _context.set_forkserver_preload(["service.worker.server"])


class Child:
    """A running child and what can be done with it."""

    def __init__(self, settings: Settings, job_id: str, attempt: int) -> None:
        lifeline, self._lifeline = _context.Pipe(duplex=False)
        self._process = _context.Process(target=_work, args=(settings, job_id, attempt, lifeline), daemon=True)
        self._process.start()
        lifeline.close()

    def wait(self, seconds: float) -> int | None:
        """The exit status, None while it runs; a negative one is the signal that ended it."""
        self._process.join(seconds)
        return self._process.exitcode

    def memory(self) -> int:
        """Bytes of memory in use, 0 when it has just ended."""
        try:
            return int(psutil.Process(self._process.pid).memory_info().rss)
        except psutil.NoSuchProcess:
            return 0

    def kill(self) -> None:
        """End it at once and wait for its end."""
        self._process.kill()
        self._process.join()

    def close(self) -> None:
        """Release what it held, once it has ended."""
        self._lifeline.close()
        self._process.close()


def _work(settings: Settings, job_id: str, attempt: int, lifeline: Connection) -> None:
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the worker, which ends its children
    threading.Thread(target=_end_with_the_worker, args=(lifeline,), daemon=True).start()
    configure_log()
    structlog.contextvars.bind_contextvars(job=job_id, attempt=attempt)
    try:
        with ready_resources(settings) as resources:
            try:
                run_attempt(resources, job_id, attempt)
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001 - the job must end as failed, whatever broke; the log keeps the trace
                _log.exception("training_job_broke")
                end_with_unforeseen_error(resources, job_id, attempt, type(error).__name__)
    except Unavailable as error:
        _log.warning("training_job_put_off", code=error.code, detail=error.message)
        sys.exit(TRY_AGAIN)


def _end_with_the_worker(lifeline: Connection) -> None:
    try:
        lifeline.recv()
    except EOFError:
        os._exit(TRY_AGAIN)
