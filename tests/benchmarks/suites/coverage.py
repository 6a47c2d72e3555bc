"""Does a promise of nine in ten hold? Conformal intervals and sets on real tables, bands on known shape functions.

Every seed splits a table anew: half to train, a quarter to calibrate, a quarter to count. The known function is
sin(πx₀) + x₁² + exp(−2x₂²) + 0·x₃ with noise of 0.3; a band covers where it holds the centred term at even points.
"""

import statistics
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from tests.benchmarks.environments import OURS
from tests.benchmarks.jobs import Bench, Job, Result
from tests.benchmarks.report import Report, drawn
from tests.benchmarks.suites.samples import Numbers
from tests.benchmarks.suites.tables import Table, loaded

COVERAGE = 0.9
SIZES = (200, 400, 2000)  # rows of the known function
NOISE = 0.3


def measure(bench: Bench) -> Report:
    """Count on every table and on the known function, seed by seed."""
    counts: dict[str, list[float]] = {}
    rows = []
    for name, table in loaded(bench.data).items():
        results = [_on_table(bench, table, seed) for seed in bench.seeds]
        counts[name] = [float(one.figures["covered"]) for one in results]
        sizes = statistics.median(float(one.figures["size"]) for one in results)
        rows.append((name, *_cells(counts[name]), f"{sizes:.2f}", _stored(results)))
    for size in SIZES[:1] if bench.quick else SIZES:
        label = f"bands, {size:,} rows"
        counts[label] = [_of_bands(bench, size, seed) for seed in bench.seeds]
        rows.append((label, *_cells(counts[label]), "–", "–"))
    return Report(
        title=f"Coverage where {COVERAGE:.0%} is promised; medians over {bench.repetitions}",
        header=("table", "covered", "least", "most", "size", "covariance in the file"),
        rows=rows,
        figure=_figure(counts),
        notes=(
            "Size: classes in a set, or the width of an interval in standard deviations of the target.",
            "Sets are calibrated class by class.",
        ),
    )


def terms(x: Numbers) -> Numbers:
    """Return the terms of the known function, one column per feature."""
    return np.stack([np.sin(np.pi * x[:, 0]), x[:, 1] ** 2, np.exp(-2 * x[:, 2] ** 2), 0 * x[:, 3]], axis=1)


def _on_table(bench: Bench, table: Table, seed: int) -> Result:
    order = np.random.default_rng(seed).permutation(len(table.target))
    half, quarter = len(order) // 2, len(order) // 4
    parts = {
        "train": order[:half],
        "calibration": order[half : half + quarter],
        "test": order[half + quarter :],
    }
    data = {f"y_{part}": table.target[rows] for part, rows in parts.items()}
    for part, rows in parts.items():
        data |= {f"X_{part}:{column}": values[rows] for column, values in table.columns.items()}
    settings = {"seed": seed, "has_classes": table.has_classes, "coverage": COVERAGE}
    return bench.run(Job(OURS, "covered", bench.write(data), settings))


def _of_bands(bench: Bench, size: int, seed: int) -> float:
    generator = np.random.default_rng(seed)
    x = generator.uniform(-1, 1, size=(size, 4))
    y = terms(x).sum(axis=1) + NOISE * generator.normal(size=size)
    data = bench.write({"X_train": x, "y_train": y})
    found = bench.run(Job(OURS, "shape_bands", data, {"seed": seed, "coverage": COVERAGE})).arrays
    truth = terms(found["x"].T).T - terms(found["reference"]).mean(axis=0)[:, None]
    return float(np.mean(np.abs(found["curves"] - truth) <= found["halves"]))


def _cells(found: Sequence[float]) -> tuple[str, str, str]:
    return f"{statistics.median(found):.1%}", f"{min(found):.1%}", f"{max(found):.1%}"


def _stored(results: Sequence[Result]) -> str:
    largest = max(results, key=lambda one: float(one.figures["covariance_kib"])).figures
    return f"{largest['covariance_kib']:.0f} KiB for {largest['parameters']} parameters"


def _figure(counts: dict[str, list[float]]) -> go.Figure:
    figure = go.Figure()
    for name, found in counts.items():
        figure.add_box(y=found, name=name, boxpoints="all")
    return drawn(figure, x="", y="share covered")
