"""A table of many rows with contributions: our scoring job beside LightGBM's predict with pred_contrib.

Breast cancer, 30 features; rows are drawn from the table again and again. Ours reads Parquet and writes Parquet with
outputs and the Shapley values of all features, blocks kept on disk as a worker keeps them; LightGBM (150 trees of depth
4) explains arrays that are in memory and writes nothing. Both use the same threads. The goal is ten million rows:
`--count rows=10000000`.
"""

import statistics
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from sklearn.datasets import load_breast_cancer

from tests.benchmarks.environments import LIGHTGBM, OURS_BATCH
from tests.benchmarks.jobs import Bench, Job, Result
from tests.benchmarks.report import Report, drawn

ROWS, QUICK_ROWS, DRAWN = 1_000_000, 50_000, 50_000
TREES = {"n_estimators": 150, "max_depth": 4, "num_leaves": 15, "min_child_samples": 5}
NETWORKS = {
    "ours, additive": {"hidden": [], "simplified": False},
    "ours, [30, 4, 1]": {"hidden": [4], "simplified": True},
}
NOTES = (
    "Ours: a scoring job, from Parquet to Parquet, with the exact Shapley values of every feature.",
    "LightGBM: predict with pred_contrib on arrays in memory, in parts of the same size; nothing is read or written.",
    "Peak: the most memory of the process, libraries included.",
)


def measure(bench: Bench) -> Report:
    """Score with every network and with the trees, in turn."""
    rows = bench.count("rows", ROWS, QUICK_ROWS)
    x, y = load_breast_cancer(return_X_y=True)
    found: dict[str, list[Result]] = {}
    for seed in bench.seeds:
        table = bench.write({
            "X_train": x, "y_train": y,
            "X_rows": x[np.random.default_rng(seed).integers(0, len(x), min(rows, DRAWN))],
        })  # fmt: skip
        settings = {"rows": rows, "threads": bench.threads, "seed": seed}
        jobs = [Job(OURS_BATCH, "batch", table, {**own, **settings}, name) for name, own in NETWORKS.items()]
        for job in [*jobs, Job(LIGHTGBM, "batch", table, {**TREES, **settings}, "LightGBM")]:
            found.setdefault(job.name, []).append(bench.run(job))
    return Report(
        title=f"{rows:,} rows with contributions, {bench.threads} threads, {bench.repetitions}",
        header=("", "edges", "rows per second", "per CPU second", "peak, MiB", "× LightGBM"),
        rows=[_row(name, results, found["LightGBM"]) for name, results in found.items()],
        figure=_figure({name: _median(results, "rows_per_second") for name, results in found.items()}),
        notes=NOTES,
    )


def _row(name: str, results: Sequence[Result], trees: Sequence[Result]) -> tuple[str, ...]:
    edges = _median(results, "edges")
    ratio = _median(results, "rows_per_second") / (_median(trees, "rows_per_second") or np.nan)
    figures = ("rows_per_second", "rows_per_cpu_second", "peak_rss_mib")
    cells = [f"{_median(results, figure):,.0f}" for figure in figures]
    return (name, f"{edges:.0f}" if edges else "–", *cells, f"{ratio:.3g}")


def _median(results: Sequence[Result], figure: str) -> float:
    return statistics.median(float(result.figures.get(figure, 0.0)) for result in results)


def _figure(speeds: dict[str, float]) -> go.Figure:
    figure = go.Figure()
    figure.add_bar(x=list(speeds), y=list(speeds.values()), name="rows per second")
    return drawn(figure, x="", y="rows per second", logarithmic="y")
