"""A million rows with 20 features: time, AUC and memory, every library with its defaults.

The target is drawn from a logit of smooth effects of twelve features and two interactions; eight features are idle.
One seed, because one run takes minutes.
"""

import numpy as np
import plotly.graph_objects as go
from sklearn.metrics import roc_auc_score

from tests.benchmarks.environments import EBM, LIGHTGBM, OURS
from tests.benchmarks.jobs import Bench, Job, Result
from tests.benchmarks.report import Report, drawn
from tests.benchmarks.suites.samples import Numbers

ROWS, QUICK_ROWS, TEST_ROWS, FEATURES = 1_000_000, 50_000, 100_000, 20


def measure(bench: Bench) -> Report:
    """Run every peer once."""
    rows = QUICK_ROWS if bench.quick else ROWS
    x, y, logit = generated(rows + TEST_ROWS, seed=0)
    train, known = {"X_train": x[:rows], "y_train": y[:rows]}, y[rows:]
    data = bench.write({**train, "X_test": x[rows:]})
    jobs = (
        Job(OURS, "classify", data, {"seed": 0}),
        Job(LIGHTGBM, "classify", data, {"seed": 0}),
        Job(EBM, "classify", data, {"seed": 0, "n_jobs": bench.threads}),
    )
    results = {job.name: bench.run(job) for job in jobs}
    best = roc_auc_score(known, logit[rows:])
    return Report(
        title=f"{rows:,} rows, {FEATURES} features, binary target; one seed, test on {TEST_ROWS:,} rows",
        header=("peer", "seconds", "ratio to ours", "AUC", "peak memory, MiB"),
        rows=[(name, *_cells(result, results["ours"], known)) for name, result in results.items()],
        figure=_figure(results),
        notes=(
            f"AUC of the logit that the target was drawn from: {best:.4f}.",
            f"All rows together take {x.nbytes / 2**20:.0f} MiB.",
        ),
    )


def generated(rows: int, seed: int) -> tuple[Numbers, Numbers, Numbers]:
    """Return inputs (uniform on [-1, 1]), a target of zeros and ones, and the logit that it was drawn from."""
    generator = np.random.default_rng(seed)
    x = generator.uniform(-1, 1, size=(rows, FEATURES))
    a = x.T
    logit = (
        np.sin(3 * a[0]) + a[1] ** 2 - np.tanh(4 * a[2]) + 0.8 * np.cos(4 * a[3]) + 0.5 * np.exp(a[4]) - np.abs(a[5])
        + np.log1p(4 * a[6] ** 2) + 0.7 * a[7] ** 3 + np.sqrt(a[8] + 1) - 0.6 * a[9] + np.exp(-8 * a[10] ** 2)
        + 1 / (1 + np.exp(-6 * a[11])) + 1.2 * a[0] * a[1] + np.sin(np.pi * a[2]) * a[3] - 2.5
    )  # fmt: skip  # one term per feature
    y = (generator.uniform(size=rows) < 1 / (1 + np.exp(-logit))).astype(float)
    return x, y, logit


def _cells(result: Result, ours: Result, known: Numbers) -> tuple[str, str, str, str]:
    if result.failure:
        return "failed", "–", "–", "–"
    auc = roc_auc_score(known, result.arrays["test"])
    memory = result.figures["peak_rss_mib"]
    return f"{result.seconds:.3g}", f"{result.seconds / ours.seconds:.3g}", f"{auc:.4f}", f"{memory:.0f}"


def _figure(results: dict[str, Result]) -> go.Figure:
    figure = go.Figure()
    figure.add_bar(x=list(results), y=[result.seconds for result in results.values()], name="seconds")
    return drawn(figure, x="", y="seconds").update_layout(showlegend=False)
