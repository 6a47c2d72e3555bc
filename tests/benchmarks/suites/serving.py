"""One-row explained predictions over HTTP beside an empty endpoint with the same body in the same process.

The real service, one process, real authentication with an API key, a durable record of every answer, a network of
shape [30, 4, 1] with all 124 edges and 256 reference rows, every edge in the answer. The client is another process.
Runs of both take turns; the table shows medians, and beside the ratio of throughputs that of processor times, which
another program on the machine disturbs less.
"""

import os
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import psutil

from tests.benchmarks.jobs import Bench
from tests.benchmarks.report import Report, drawn
from tests.benchmarks.serving.processes import DATABASES, ask, database, environment, free_port, service
from tests.benchmarks.serving.server import EMPTY

CONNECTIONS = (1, 32, 256)
SECONDS, QUICK_SECONDS, WARM_UP = 5.0, 2.0, 1.0
COMMITS = 30
OURS = "ours"
Found = dict[tuple[str, int, str], list[dict[str, Any]]]
NOTES = (
    "Wanted: at 32 and 256 connections at least 50 % of the throughput and at most 3 times the p99; at one connection",
    "an added latency of at most 1.5 durable commits (a file grown by 4 KiB and synchronised).",
)


def measure(bench: Bench) -> Report:
    """Load both endpoints in turn, on every database."""
    found: Found = {}
    commits = [_commit_ms(bench.folder) for _ in range(COMMITS)]
    for kind in DATABASES:
        folder = bench.folder / kind
        folder.mkdir()
        with database(kind, folder) as url:
            variables = environment(url, folder, free_port(), bench.threads)
            plan = ask("preparation", variables)
            with service(variables) as process:
                _load(bench, kind, plan | {"port": int(variables["EDGEWISE_PORT"])}, process.pid, found)
    commit = statistics.median(commits)
    return Report(
        title=f"Explained, recorded predictions beside an empty endpoint; medians of {len(bench.seeds)} runs",
        header=("database", "connections", "empty/s", "ours/s", "ratio", "processor", "p50", "p99", "p99 ×", "added"),
        rows=[_row(found, kind, count, commit) for kind in DATABASES for count in CONNECTIONS],
        figure=_figure(found),
        notes=(*NOTES, f"One durable commit took {commit:.2f} ms. Latencies in ms; 'added' is in commits."),
    )


def _load(bench: Bench, kind: str, plan: Mapping[str, Any], pid: int, found: Found) -> None:
    seconds = QUICK_SECONDS if bench.quick else SECONDS
    process = psutil.Process(pid)
    for seed in bench.seeds:
        for count in CONNECTIONS:
            for name, path in (("empty", EMPTY), (OURS, plan["path"])):
                asked = {**plan, "path": path, "connections": count, "seconds": seconds, "warm_up": WARM_UP}
                before = sum(process.cpu_times()[:2])
                result = ask("load", {"PYTHONPATH": "."}, asked)
                spent = sum(process.cpu_times()[:2]) - before
                result["processor_us"] = spent / (seconds + WARM_UP) * seconds / max(result["requests"], 1) * 1e6
                failure = None if set(result["statuses"]) <= {"200"} else f"statuses {result['statuses']}"
                known = {"peer": OURS, "label": OURS, "task": f"{name} {kind} {count}", "settings": {"seed": seed}}
                bench.records.append({**known, **result, "failure": failure})
                found.setdefault((kind, count, name), []).append(result)


def _commit_ms(folder: Path) -> float:
    """How long it takes until four KiB more of a file are on the disk."""
    with (folder / "commits").open("ab", buffering=0) as file:
        started = time.perf_counter()
        file.write(bytes(4096))
        os.fsync(file.fileno())
        return (time.perf_counter() - started) * 1000


def _median(found: Found, kind: str, count: int, name: str, figure: str) -> float:
    return float(statistics.median(one[figure] for one in found[kind, count, name]))


def _row(found: Found, kind: str, count: int, commit: float) -> Sequence[str]:
    empty, ours = (
        {figure: _median(found, kind, count, name, figure) for figure in ("requests", "p50", "p99", "processor_us")}
        for name in ("empty", OURS)
    )
    seconds = found[kind, count, OURS][0]["seconds"]
    return (
        kind,
        str(count),
        f"{empty['requests'] / seconds:,.0f}",
        f"{ours['requests'] / seconds:,.0f}",
        f"{ours['requests'] / empty['requests']:.0%}",
        f"{empty['processor_us'] / ours['processor_us']:.0%}",
        f"{ours['p50']:.1f}",
        f"{ours['p99']:.1f}",
        f"{ours['p99'] / empty['p99']:.1f}",
        f"{(ours['p50'] - empty['p50']) / commit:.2f}" if count == 1 else "",
    )


def _figure(found: Found) -> go.Figure:
    figure = go.Figure()
    for kind in DATABASES:
        for name in ("empty", OURS):
            rates = [
                _median(found, kind, count, name, "requests") / found[kind, count, name][0]["seconds"]
                for count in CONNECTIONS
            ]
            figure.add_scatter(x=list(CONNECTIONS), y=rates, name=f"{name}, {kind}")
    return drawn(figure, x="connections", y="requests per second", logarithmic="x")
