"""How long `GET /models` takes while two trainings run on the same host, beside the idle service.

Requests come one after the other, a pause apart, from a client process of its own, with the API key of a developer.
Idle and busy are measured in turn, so that whatever else the machine does falls on both.
"""

import http.client
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial

import plotly.graph_objects as go

from service.domain.training_configuration import TrainingConfiguration
from service.operations import api_keys
from service.operations.api_keys import ApiKeyRequest
from tests.benchmarks.jobs import Bench
from tests.benchmarks.report import Report, drawn
from tests.benchmarks.services import ENGINES, Engine, awaited, served_jobs
from tests.database import free_port
from tests.worker.crew import crew, environment_of
from tests.worker.jobs import Jobs

ENDLESS = TrainingConfiguration(hidden=(8,), grid_size=20, optimizer="adam", steps=5000, symbolify=False)
TRAININGS = 2
TURNS = 3
PAUSE_SECONDS = 0.01
WARM_UP = 50
SERVE = "from service.cli.serving import serve; from service.settings import Settings; serve(Settings())"


def measure(bench: Bench) -> Report:
    """Measure both engines."""
    requests = bench.count("requests", 500, 100)
    rows, found = [], {}
    for engine in ENGINES:
        with served_jobs(engine, bench.folder) as jobs, _service(jobs) as ask:
            idle, busy = _turns(jobs, ask, requests)
        found[engine] = idle, busy
        rows.append(_row(engine, idle, busy))
    return Report(
        title=f"Milliseconds of GET /models, {TURNS} × {requests} requests, idle and beside {TRAININGS} trainings",
        header=("engine", "idle, median", "idle, p99", "busy, median", "busy, p99", "p99 busy / idle"),
        rows=rows,
        figure=_figure(found),
        notes=(f"Load of the machine in the last minute: {os.getloadavg()[0]:.1f}; it falls on both.",),
    )


def _turns(jobs: Jobs, ask: Callable[[], float], requests: int) -> tuple[list[float], list[float]]:
    idle: list[float] = []
    busy: list[float] = []
    for _ in range(WARM_UP):
        ask()
    for _ in range(TURNS):
        idle += _asked(ask, requests)
        queued = [jobs.queue(ENDLESS) for _ in range(TRAININGS)]
        with crew(jobs.resources, worker_concurrency=TRAININGS) as workers:
            workers.start("trains")
            awaited(partial(_all_train, jobs, queued))
            busy += _asked(ask, requests)
        for job in queued:
            jobs.cancel(job)
    return idle, busy


def _all_train(jobs: Jobs, queued: Sequence[str]) -> bool:
    return all(jobs.is_in(job, "fit") for job in queued)


def _asked(ask: Callable[[], float], requests: int) -> list[float]:
    times = []
    for _ in range(requests):
        times.append(ask())
        time.sleep(PAUSE_SECONDS)  # requests at an even pace, so that they load nothing themselves
    return times


@contextmanager
def _service(jobs: Jobs) -> Iterator[Callable[[], float]]:
    """A running API, and a function that asks it once and returns the milliseconds."""
    port = free_port()
    told = {**environment_of(jobs.resources, "none", {}), "EDGEWISE_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-c", SERVE], env={**os.environ, **told})
    request = ApiKeyRequest(label="latency", role="developer")
    headers = {"Authorization": f"Bearer {api_keys.create_api_key(jobs.resources, jobs.developer, request).key}"}

    def ask() -> float:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        started = time.perf_counter()
        client.request("GET", "/api/v1/models", headers=headers)
        answer = client.getresponse()
        answer.read()
        taken = time.perf_counter() - started
        client.close()
        if answer.status != http.HTTPStatus.OK:
            raise RuntimeError(f"GET /models answered {answer.status}")
        return taken * 1000

    def answers() -> bool:
        with suppress(OSError):
            return ask() > 0
        return False

    try:
        awaited(answers)
        yield ask
    finally:
        process.terminate()
        process.wait()


def _row(engine: Engine, idle: Sequence[float], busy: Sequence[float]) -> tuple[str, ...]:
    times = (statistics.median(idle), _p99(idle), statistics.median(busy), _p99(busy))
    return (engine, *(f"{one:.1f}" for one in times), f"{_p99(busy) / _p99(idle):.2f}")


def _p99(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=100)[-1]


def _figure(found: dict[Engine, tuple[list[float], list[float]]]) -> go.Figure:
    figure = go.Figure()
    for engine, pair in found.items():
        for name, times in zip(("idle", "busy"), pair, strict=True):
            shares = [(place + 1) / len(times) for place in range(len(times))]
            figure.add_scatter(x=sorted(times), y=shares, name=f"{engine}, {name}")
    return drawn(figure, x="milliseconds", y="share of the requests", logarithmic="x")
