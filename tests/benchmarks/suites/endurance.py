"""Mixed load at 70 % of capacity for an hour: memory stays flat after the warm-up, and nothing is refused.

Capacity is what callers get who never pause (`--count callers=16`). The service's memory is read every second; growth
is that of the straight line through all readings after the warm-up. `--count minutes=10` says how long.
"""

import statistics
import threading
from collections.abc import Sequence

import plotly.graph_objects as go
import psutil

from tests.benchmarks.jobs import Bench
from tests.benchmarks.report import Report, drawn
from tests.benchmarks.serving.mixed import Mixed
from tests.benchmarks.serving.processes import DATABASES, ask, database, environment, free_port, service

CALLERS, QUICK_CALLERS = 16, 4
SHARE = 0.7
WARM_UP_SHARE = 0.2
FIRST_S, CAPACITY_S, READING_S = 5.0, 15.0, 1.0
MOST_GROWTH = 0.02
HEADER = ("database", "minutes", "capacity/s", "load/s", "calls", "errors", "MiB after warm-up", "growth", "MiB/hour")


def measure(bench: Bench) -> Report:
    """Load on every database, or on so many as `--count databases=1` says."""
    rows, curves = [], {}
    for kind in DATABASES[: bench.count("databases", len(DATABASES), 1)]:
        row, curves[kind] = _endured(bench, kind)
        rows.append(row)
    return Report(
        title=f"Mixed load at {SHARE:.0%} of capacity",
        header=HEADER,
        rows=rows,
        figure=_figure(curves),
        notes=(f"Wanted: no error, and at most {MOST_GROWTH:.0%} growth of memory after the warm-up.",),
    )


def _endured(bench: Bench, kind: str) -> tuple[Sequence[str], list[float]]:
    folder = bench.folder / kind
    folder.mkdir()
    minutes, callers = bench.count("minutes", 60, 1), bench.count("callers", CALLERS, QUICK_CALLERS)
    with database(kind, folder) as url:
        variables = environment(url, folder, free_port(), bench.threads)
        plan = ask("preparation", variables) | {"port": int(variables["EDGEWISE_PORT"])}
        with service(variables) as process:
            Mixed(plan, 1).run(FIRST_S)  # loads the version
            capacity = Mixed(plan, callers).run(CAPACITY_S)
            load = Mixed(plan, callers, SHARE * capacity)
            with _Readings(process.pid) as readings:
                rate = load.run(minutes * 60)
    after = readings.mebibytes[int(len(readings.mebibytes) * WARM_UP_SHARE) :]
    slope, start = statistics.linear_regression(range(len(after)), after)
    growth = slope * len(after) / start
    errors = sum(count for status, count in load.statuses.items() if status != 200)
    failure = f"{errors} errors, {growth:.1%} growth" if errors or growth > MOST_GROWTH else None
    figures = {"capacity": capacity, "rate": rate, "statuses": load.statuses, "growth": growth, "start_mib": start}
    known = {"peer": "ours", "label": "ours", "task": f"endurance {kind}", "settings": {"minutes": minutes}}
    bench.records.append({**known, **figures, "failure": failure})
    hourly = slope / READING_S * 3600
    cells = (f"{capacity:,.0f}", f"{rate:,.0f}", f"{load.statuses.total():,}", f"{errors}")
    return (kind, str(minutes), *cells, f"{start:,.0f}", f"{growth:.2%}", f"{hourly:,.1f}"), readings.mebibytes


class _Readings:
    """The memory of a process, read until the block ends."""

    def __init__(self, pid: int) -> None:
        self.mebibytes: list[float] = []
        self._process = psutil.Process(pid)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> "_Readings":
        self._thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._stopping.wait(READING_S):
            self.mebibytes.append(self._process.memory_info().rss / 2**20)


def _figure(curves: dict[str, list[float]]) -> go.Figure:
    figure = go.Figure()
    for kind, readings in curves.items():
        figure.add_scatter(x=[one * READING_S / 60 for one in range(len(readings))], y=readings, name=kind)
    return drawn(figure, x="minutes", y="MiB")
