"""Jobs while workers are killed: nothing lost, nothing twice, the same bytes, and a host that never comes back.

SIGKILL falls at random moments on worker processes, alone or with all that runs on their host; some stay away until
others have taken their jobs over. Workers may use different numbers of threads. Then a host dies for good with its
settings as they come: how long until its job has ended elsewhere, beside what the job takes undisturbed. Last, the
database is away for half a minute and more: how long after its return a job has ended that was in its middle.
"""

import time
from collections.abc import Mapping

import plotly.graph_objects as go

from service.domain.training_configuration import TrainingConfiguration
from service.worker.process import run_worker
from tests.benchmarks.forked import forking
from tests.benchmarks.jobs import Bench
from tests.benchmarks.report import Report, drawn
from tests.benchmarks.services import ENGINES, Engine, awaited, served_jobs
from tests.worker.chaos import Outcome, Plan, run_chaos
from tests.worker.crew import crew
from tests.worker.jobs import Jobs
from tests.worker.outages import outages

#: Each of them is one digest, however often it is trained and interrupted.
CONFIGURATIONS = (
    TrainingConfiguration(),
    TrainingConfiguration(grid_size=3, steps=25, seed=0),
    TrainingConfiguration(grid_size=3, steps=25, seed=1),
    TrainingConfiguration(hidden=(2,), grid_size=3, optimizer="adam", steps=60, symbolify=False),
)
LONG = TrainingConfiguration(hidden=(4,), grid_size=8, optimizer="adam", steps=600, symbolify=False)
HEADER = (
    "engine",
    "jobs",
    "killed",
    "ended",
    "attempts",
    "digests",
    "faults",
    "minutes",
    "dead host, s",
    "alone, s",
    "database away, s",
)


def measure(bench: Bench) -> Report:
    """Run the storm and the dead host on both engines."""
    plan = Plan(
        jobs=bench.count("jobs", 200, 12),
        kills=bench.count("kills", 100, 4),
        children=bench.count("children", 6, 1),
        workers=bench.count("workers", 3, 2),
        configurations=CONFIGURATIONS,
    )
    rows, found, waits = [], [], {}
    for engine in ENGINES:
        with forking(run_worker) as start, served_jobs(engine, bench.folder) as jobs:
            outcome = run_chaos(jobs.resources, jobs, plan, start)
            waits[engine] = (*_dead_host(jobs), _outage(jobs, bench.count("away", 35, 5)))
        found += [f"{engine}: {fault}" for fault in outcome.faults]
        rows.append(_row(engine, plan, outcome, waits[engine]))
        bench.records.append({"peer": "ours", "label": f"ours, {engine}", "failure": "; ".join(outcome.faults) or None})
    return Report(
        title=f"{plan.jobs} jobs, {plan.workers} workers, {plan.kills} of them killed, and a host that never returns",
        header=HEADER,
        rows=rows,
        figure=_figure(waits),
        notes=found or ("Nothing was lost, nothing came twice, no stage but the interrupted one was computed again.",),
    )


def _row(engine: Engine, plan: Plan, outcome: Outcome, waits: tuple[float, ...]) -> tuple[str, ...]:
    counted = [", ".join(f"{number} {kind}" for kind, number in one.items()) for one in (outcome.blows, outcome.states)]
    digests = sum(map(len, outcome.digests.values()))
    seconds = [f"{wait:.1f}" for wait in waits]
    told = (str(outcome.attempts), f"{digests} of {len(plan.configurations)}", str(len(outcome.faults)))
    return (engine, str(plan.jobs), *counted, *told, f"{outcome.seconds / 60:.1f}", *seconds)


def _dead_host(jobs: Jobs) -> tuple[float, float]:
    """Seconds from the death of a host until its job has ended elsewhere, and what the job takes undisturbed."""
    with crew(jobs.resources) as workers:
        workers.start("stays")
        workers.start("dies")
        queued = [jobs.queue(LONG) for _ in range(4)]
        lost = awaited(lambda: next((job for job in queued if _is_computed_by(jobs, job, "dies")), None))
        began = time.monotonic()
        workers.kill("dies", "host")
        awaited(lambda: jobs.shown(lost).state == "succeeded")
        taken = time.monotonic() - began
        awaited(lambda: jobs.have_succeeded(queued))
        alone = jobs.queue(LONG)
        began = time.monotonic()
        awaited(lambda: jobs.shown(alone).state == "succeeded")
        return taken, time.monotonic() - began


def _outage(jobs: Jobs, away_seconds: int) -> float:
    """Seconds from the return of the database until a job has ended that was computed when it went away."""
    with (
        outages(jobs.resources.settings.resolved_database_url) as (url, away),
        crew(jobs.resources, database_url=url) as workers,
    ):
        workers.start("waits")
        job = jobs.queue(LONG)
        awaited(lambda: _is_computed_by(jobs, job, "waits"))
        with away():
            time.sleep(away_seconds)  # as long as it is away
        began = time.monotonic()
        awaited(lambda: jobs.shown(job).state == "succeeded")
        return time.monotonic() - began


def _is_computed_by(jobs: Jobs, job: str, worker: str) -> bool:
    return jobs.shown(job).worker == worker and jobs.is_in(job, "fit")


def _figure(waits: Mapping[Engine, tuple[float, ...]]) -> go.Figure:
    figure = go.Figure()
    for position, name in enumerate(("taken over", "undisturbed", "after the outage")):
        figure.add_bar(x=list(waits), y=[wait[position] for wait in waits.values()], name=name)
    return drawn(figure, x="engine", y="seconds until the job has ended")
