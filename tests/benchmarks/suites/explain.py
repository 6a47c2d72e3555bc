"""Scores and exact contributions per second with one thread, beside LightGBM's scores and TreeSHAP.

One table of 30 features, breast cancer: networks of shape [30, 4, 1] with all edges and with those that `simplify`
leaves, against 150 trees of depth 4. Untrained networks show how edge flow grows with features, depth and reference
rows. Every figure is the best of some repetitions, the table shows medians over the seeds, which take turns.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
from sklearn.datasets import load_breast_cancer

from tests.benchmarks.environments import LIGHTGBM, OURS_EXPLAINED
from tests.benchmarks.jobs import Bench, Job, Result
from tests.benchmarks.report import Report, drawn

ROWS, QUICK_ROWS, REFERENCES = 10_000, 2_000, 256
REPETITIONS, QUICK_REPETITIONS = 7, 3
TREES = {"n_estimators": 150, "max_depth": 4, "num_leaves": 15, "min_child_samples": 5}
GROWTH = ((10, (4,)), (30, (4,)), (100, (4,)), (30, ()), (30, (4, 4)), (30, (4, 4, 4)))
FIGURES = ("scores", "flows", "flows_many")
NOTES = (
    "Rows per second, one thread. TreeSHAP: LightGBM's pred_contrib, which has no reference rows.",
    f"Edge flow is measured against one reference row and against {REFERENCES}.",
)


def measure(bench: Bench) -> Report:
    """Measure every network and the trees, in turn."""
    single = replace(bench, threads=1)
    repetitions = QUICK_REPETITIONS if bench.quick else REPETITIONS
    found: dict[str, list[Result]] = {}
    for seed in bench.seeds:
        for job in _jobs(single, repetitions, seed):
            found.setdefault(job.name, []).append(single.run(job))
    trees = found["LightGBM"]
    return Report(
        title=f"Answers per second, {len(bench.seeds)} × best of {repetitions}",
        header=("", "edges", "scores", "edge flow, 1", f"edge flow, {REFERENCES}", "one row, µs", "scores ×", "flow ×"),
        rows=[_row(name, results, trees) for name, results in found.items()],
        figure=_figure(found),
        notes=NOTES,
    )


def _jobs(bench: Bench, repetitions: int, seed: int) -> list[Job]:
    x, y = load_breast_cancer(return_X_y=True)
    generator, rows = np.random.default_rng(seed), QUICK_ROWS if bench.quick else ROWS
    drawn_rows, reference = (x[generator.integers(0, len(x), count)] for count in (rows, REFERENCES))
    table = bench.write({"X_train": x, "y_train": y, "X_rows": drawn_rows, "X_reference": reference})
    settings = {"repetitions": repetitions, "seed": seed}
    shapes = {"hidden": [4], **settings}
    jobs = [
        Job(LIGHTGBM, "explain", table, {**TREES, **settings}, "LightGBM"),
        Job(OURS_EXPLAINED, "classifier", table, {**shapes, "simplified": False}, "ours, [30, 4, 1]"),
        Job(OURS_EXPLAINED, "classifier", table, {**shapes, "simplified": True}, "ours, simplified"),
    ]
    for inputs, hidden in GROWTH:
        random = {
            "X_rows": generator.uniform(-1, 1, (rows, inputs)),
            "X_reference": generator.uniform(-1, 1, (REFERENCES, inputs)),
        }
        shape = [inputs, *hidden, 1]
        job = Job(OURS_EXPLAINED, "untrained", bench.write(random), {"hidden": list(hidden), **settings})
        jobs.append(replace(job, label=f"ours, untrained {shape}"))
    return jobs


def _row(name: str, results: Sequence[Result], trees: Sequence[Result]) -> tuple[str, ...]:
    known = [_median(results, figure) for figure in FIGURES]
    cells = [f"{value:,.0f}" if value else "–" for value in known]
    micro = 1e6 * _median(results, "one_row")
    ratios = [f"{_ratio(results, trees, figure):.3g}" for figure in ("scores", "flows")]
    return (name, f"{_median(results, 'edges'):.0f}", *cells, f"{micro:.0f}" if micro else "–", *ratios)


def _median(results: Sequence[Result], figure: str) -> float:
    return statistics.median(float(result.figures.get(figure, 0.0)) for result in results)


def _ratio(results: Sequence[Result], trees: Sequence[Result], figure: str) -> float:
    """Return the median over the seeds of our rate / that of the trees."""
    pairs = zip(results, trees, strict=True)
    return statistics.median(
        float(own.figures.get(figure, 0.0)) / float(peer.figures.get(figure, np.inf)) for own, peer in pairs
    )


def _figure(found: Mapping[str, Sequence[Result]]) -> go.Figure:
    figure = go.Figure()
    for kind, title in zip(
        FIGURES, ("scores", "contributions", f"contributions, {REFERENCES} references"), strict=True
    ):
        figure.add_bar(x=list(found), y=[_median(results, kind) or None for results in found.values()], name=title)
    return drawn(figure, x="", y="rows per second", logarithmic="y")
