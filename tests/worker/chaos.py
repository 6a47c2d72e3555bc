"""Many small jobs, some workers, and SIGKILL at random moments: what is left of the order that was promised.

Moments are drawn over the whole run: the n-th blow falls a random while after a random number of jobs has ended. The
worker that is struck, what of it is struck, and whether it comes back at once or only after others have taken its jobs
over are random too, all from one seed.
"""

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select

from service.domain.lifecycle import FINISHED_JOB_STATES
from service.domain.training_configuration import TrainingConfiguration
from service.operations.leftovers import remove_leftovers
from service.operations.resources import Resources
from service.storage import tables
from tests.worker.crew import Blow, Crew, Start, crew, start_command
from tests.worker.jobs import Jobs
from tests.worker.ledger import contradictions, digests, repeated_stages

BLOWS: Sequence[Blow] = ("worker", "host")
#: The share of the jobs during which blows fall, so that the last ones still meet work.
STRUCK_SHARE = 0.95
LONGEST_WHILE = 2.0
LIMIT_SECONDS = 3600.0


@dataclass(frozen=True)
class Plan:
    """How many jobs, workers and kills of workers; `children` more kills strike only what computes."""

    jobs: int
    kills: int
    configurations: Sequence[TrainingConfiguration]
    children: int = 0
    workers: int = 3
    lost_seconds: int = 3
    seed: int = 0


@dataclass
class Outcome:
    """What was done, and what should not have happened."""

    seconds: float = 0.0
    blows: Counter[Blow] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    faults: list[str] = field(default_factory=list)
    digests: dict[str, set[str]] = field(default_factory=dict)


def run_chaos(resources: Resources, jobs: Jobs, plan: Plan, start: Start = start_command) -> Outcome:
    """Queue the jobs, kill workers until all of that is done and the jobs have ended, and read the record."""
    for number in range(plan.jobs):
        jobs.queue(plan.configurations[number % len(plan.configurations)])
    outcome, started = Outcome(), time.monotonic()
    with crew(resources, start, worker_lost_seconds=plan.lost_seconds) as workers:
        _Storm(resources, plan, workers, outcome).rage()
    outcome.seconds = time.monotonic() - started
    remove_leftovers(resources)  # as the next worker does: the crew ends the moment that the last job has ended
    outcome.faults += contradictions(resources) + repeated_stages(resources)
    outcome.digests = digests(resources)
    with resources.database.read() as session:
        for job in session.scalars(select(tables.TrainingJob)):
            outcome.states[job.error_code or job.state] += 1
            outcome.attempts += job.attempt
    return outcome


class _Storm:
    def __init__(self, resources: Resources, plan: Plan, workers: Crew, outcome: Outcome) -> None:
        self._resources, self._plan, self._workers, self._outcome = resources, plan, workers, outcome
        self._chance = random.Random(plan.seed)  # noqa: S311 - moments, not secrets
        self._names = [f"worker-{number}" for number in range(plan.workers)]
        self._returns: dict[str, float] = {}

    def rage(self) -> None:
        """Return when every blow has fallen and every job has ended."""
        pending = self._blows()
        due: list[tuple[float, Blow]] = []
        deadline = time.monotonic() + LIMIT_SECONDS
        for name in self._names:
            self._start(name)
        while (ended := self._ended()) < self._plan.jobs or pending or due:
            now = time.monotonic()
            if now > deadline:
                self._outcome.faults.append(f"only {ended} jobs have ended after {LIMIT_SECONDS:.0f} s")
                return
            while pending and pending[0][0] <= ended:
                due.append((now + self._chance.uniform(0, LONGEST_WHILE), pending.pop(0)[1]))
            due = [(moment, blow) for moment, blow in due if moment > now or not self._strike(blow, ended)]
            self._bring_back(now)
            time.sleep(0.05)  # the workers tell what they do by the database only

    def _blows(self) -> list[tuple[float, Blow]]:
        plan = self._plan
        kinds = [self._chance.choice(BLOWS) for _ in range(plan.kills)] + ["child" for _ in range(plan.children)]
        moments = [self._chance.uniform(0, plan.jobs * STRUCK_SHARE) for _ in kinds]
        return sorted(zip(moments, kinds, strict=True))

    def _strike(self, blow: Blow, ended: int) -> bool:
        """Whether the blow has fallen, or can meet nobody any more."""
        running = self._workers.running()
        for name in sorted(set(self._names) - set(running) - set(self._returns)):
            self._outcome.faults.append(f"{name} ended by itself")
            self._returns[name] = time.monotonic()
        if ended >= self._plan.jobs:
            return True
        if not running:
            return False
        name = self._chance.choice(running)
        if not self._workers.kill(name, blow):
            return False
        self._outcome.blows[blow] += 1
        if blow != "child":
            while_away = self._chance.choice((0.0, 0.0, self._plan.lost_seconds * 2.5))
            self._returns[name] = time.monotonic() + while_away
        return True

    def _bring_back(self, now: float) -> None:
        for name, moment in list(self._returns.items()):
            if now >= moment:
                del self._returns[name]
                self._start(name)

    def _start(self, name: str) -> None:
        # The number of threads that libraries may use must not show in the bytes of a version.
        threads = str(2 ** self._names.index(name))
        self._workers.start(name, OMP_NUM_THREADS=threads, OPENBLAS_NUM_THREADS=threads)

    def _ended(self) -> int:
        states = tables.TrainingJob.state.in_(FINISHED_JOB_STATES)
        with self._resources.database.read() as session:
            return session.scalar(select(func.count()).select_from(tables.TrainingJob).where(states)) or 0
