"""A sweep with one worker and with two: how much sooner it ends.

Wall-clock speed-up measures the machine as well: on one that others use, read the second figure. It is the processor
time of the worker that is alone over that of the busier one of two, with all their children: what the speed-up would be
if each had a processor to itself. Imports and the first training of a worker are not counted.
"""

import time
from collections.abc import Sequence
from functools import partial

import plotly.graph_objects as go
import psutil

from service.domain.sweeps import SweepGrid, SweepRequest
from service.domain.training_configuration import TrainingConfiguration
from service.operations import sweeps
from tests.benchmarks.jobs import Bench
from tests.benchmarks.report import Report, drawn
from tests.benchmarks.services import ENGINES, Engine, awaited, served_jobs
from tests.worker.crew import Crew, crew
from tests.worker.jobs import Jobs

BASE = TrainingConfiguration(target="default", hidden=(4,), optimizer="adam", steps=300, symbolify=False)
GRID_SIZES = (3, 5, 8, 10)


def measure(bench: Bench) -> Report:
    """Run the same sweep with one worker and with two, on both engines."""
    trainings = bench.count("trainings", 64, 8)
    rows, speeds = [], {}
    for engine in ENGINES:
        with served_jobs(engine, bench.folder) as jobs:
            found = [_swept(jobs, trainings, workers) for workers in (1, 2)]
        (wall, busy), (shared_wall, shared_busy) = found
        speeds[engine] = wall / shared_wall, max(busy) / max(shared_busy)
        seconds = [f"{one:.1f}" for one in (wall, shared_wall, sum(busy), sum(shared_busy), max(shared_busy))]
        rows.append((engine, *seconds, *(f"{one:.2f}" for one in speeds[engine])))
    return Report(
        title=f"A sweep of {trainings} trainings with one and with two workers, seconds",
        header=("engine", "one", "two", "one, CPU", "two, CPU", "busier, CPU", "speed-up", "speed-up, CPU"),
        rows=rows,
        figure=_figure(speeds),
        notes=("CPU: of the workers with all their children, from the second training on.",),
    )


def _swept(jobs: Jobs, trainings: int, count: int) -> tuple[float, list[float]]:
    """Seconds from the first to the last training, and the processor time of each worker."""
    names = [f"{count}-{number}" for number in range(count)]
    with crew(jobs.resources) as workers:
        started = [workers.start(name).pid for name in names]
        _warm_up(jobs, workers, names)
        before = [_processor_seconds(pid) for pid in started]
        began = time.monotonic()
        seeds = tuple(range(-(-trainings // len(GRID_SIZES))))
        grid = SweepGrid(grid_size=GRID_SIZES, seed=seeds)
        request = SweepRequest(model="credit", dataset_id=jobs.dataset, configuration=BASE, grid=grid)
        sweep = sweeps.create_sweep(jobs.resources, jobs.developer, request)
        awaited(lambda: sweeps.get_sweep(jobs.resources, jobs.developer, sweep.id).finished, pause=0.5)
        return time.monotonic() - began, [
            _processor_seconds(pid) - one for pid, one in zip(started, before, strict=True)
        ]


def _warm_up(jobs: Jobs, workers: Crew, names: Sequence[str]) -> None:
    """Return once every worker has trained something, and none is still busy."""
    queued: list[str] = []
    met: set[str | None] = set()
    while not met.issuperset(names):
        queued += [jobs.queue(BASE) for _ in names]
        awaited(partial(jobs.have_succeeded, queued))
        met = {jobs.shown(job).worker for job in queued}


def _processor_seconds(pid: int) -> float:
    """Processor time of a worker and of all that it has started, ended or not."""
    worker = psutil.Process(pid)
    times = [process.cpu_times() for process in (worker, *worker.children(recursive=True))]
    return sum(one.user + one.system + one.children_user + one.children_system for one in times)


def _figure(speeds: dict[Engine, tuple[float, float]]) -> go.Figure:
    figure = go.Figure()
    for position, name in enumerate(("wall clock", "processor time")):
        figure.add_bar(x=list(speeds), y=[pair[position] for pair in speeds.values()], name=name)
    return drawn(figure, x="engine", y="speed-up by a second worker")
