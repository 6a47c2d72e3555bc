"""Signs of life of this worker, and the jobs of workers that give none any more.

What counts is how long a number has not grown by this process's own monotonic clock: clocks that differ between hosts
or jump declare nobody dead.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from service.errors import DatabaseNotMigrated, Unavailable, WorkerNameTaken
from service.operations.health import check_readiness
from service.operations.leftovers import remove_leftovers
from service.operations.resources import Resources
from service.operations.workers import Pulse, beat, read_pulses, take_over_jobs

BEAT_SECONDS = 2.0
#: Beats from one look at the schema of the database to the next.
SCHEMA_BEATS = 5
#: Beats from one removal of leftovers to the next.
CLEANING_BEATS = 900

_log = structlog.get_logger()


class Silence:
    """How long each worker has been silent, as seen from here."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[Pulse, float]] = {}

    def lost(self, pulses: Mapping[str, Pulse], after: float) -> frozenset[str]:
        """The workers that have stopped, or whose pulse has not changed for `after` seconds."""
        now, lost = self._clock(), set()
        for name, pulse in pulses.items():
            known, since = self._seen.get(name, (None, now))
            if known != pulse:
                self._seen[name] = (pulse, now)
            elif now - since >= after:
                lost.add(name)
            if pulse.has_stopped:
                lost.add(name)
        return frozenset(lost)


@dataclass
class Heartbeat:
    """A thread that beats for one worker until it is stopped.

    `refused` is called when the worker must not go on: another one has its name, or the database belongs to another
    release.
    """

    resources: Resources
    incarnation: str
    refused: Callable[[Unavailable], None]

    def __post_init__(self) -> None:
        self._stopping = threading.Event()
        self._silence = Silence()
        self._beats = 0
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Stop beating."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(BEAT_SECONDS):
            try:
                self._beat()
            except (DatabaseNotMigrated, WorkerNameTaken) as error:
                self.refused(error)
                return
            except Unavailable as error:
                _log.warning("heartbeat_missed", code=error.code)
            except Exception:  # noqa: BLE001 - without a pulse this worker would lose its jobs while it computes them
                _log.exception("heartbeat_broke")

    def _beat(self) -> None:
        settings = self.resources.settings
        self._beats += 1
        if self._beats % SCHEMA_BEATS == 0:
            check_readiness(self.resources)
        beat(self.resources, settings.worker_name, self.incarnation)
        lost = self._silence.lost(read_pulses(self.resources), settings.worker_lost_seconds)
        for name in sorted(lost - {settings.worker_name}):
            for job_id in take_over_jobs(self.resources, name):
                _log.warning("training_job_taken_over", job=job_id, lost_worker=name)
        if self._beats % CLEANING_BEATS == 1:
            remove_leftovers(self.resources)
