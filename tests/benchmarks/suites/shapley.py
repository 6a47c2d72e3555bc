"""Shapley values: rows per second beside LightGBM's TreeSHAP and SHAP's explainers, and how the time grows.

The table is scikit-learn's breast cancer (30 features), repeated. Ours and SHAP explain the same pruned [30, 4, 1]
network, TreeSHAP a boosting machine of 150 trees of depth 4; all with one reference row but TreeSHAP, which measures
against what its trees were trained on. Growth is measured on random networks, whose nodes have eight inputs each.
"""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from sklearn.datasets import load_breast_cancer

from tests.benchmarks.environments import LIGHTGBM, OURS_SHAPLEY, SHAP
from tests.benchmarks.jobs import Bench, Job, Result
from tests.benchmarks.report import Report, drawn

REPEATED = 20  # times the 569 rows of the table
TREES = {"n_estimators": 150, "max_depth": 4, "num_leaves": 16, "repetitions": 5, "repeated": REPEATED}
PRUNED = {"hidden": 4, "max_edges": 40, "repeated": REPEATED, "few": 10}
KERNEL_ROWS, EXACT_ROWS = 20, 3
START: dict[str, Any] = {"features": 30, "hidden": [4], "inputs": 8, "references": 1}
GROWTH: dict[str, list[Any]] = {
    "features": [10, 30, 100],
    "inputs": [4, 8, 12, 16],
    "hidden": [[4], [4, 4], [4, 4, 4]],
    "references": [1, 10, 100],
}
HEADER = ("what", "rows/s or µs", "beside TreeSHAP", "largest error")


def measure(bench: Bench) -> Report:
    """Run all peers on the table, then ours on networks that grow; seed by seed."""
    x, y = load_breast_cancer(return_X_y=True)
    table = bench.write({"X": x, "y": y})
    ours, trees, kernel, exact = zip(*(_beside(bench, table, seed) for seed in bench.seeds), strict=True)
    rows = [
        ("ours, exact", _rate(ours), _beside_trees(ours, trees), "–"),
        ("LightGBM, TreeSHAP", _rate(trees), "1", "–"),
        ("SHAP, Kernel", _rate(kernel), _beside_trees(kernel, trees), _error(kernel, ours)),
        ("SHAP, Exact", _rate(exact), _beside_trees(exact, trees), _error(exact, ours, "values_few")),
    ]
    figure, growth = go.Figure(), _growth(bench)
    for name, times in growth.items():
        figure.add_scatter(x=[str(value) for value in GROWTH[name]], y=times, name=name)
        rows += [
            (f"ours, {name} = {value}", f"{time:.3g} µs", "", "")
            for value, time in zip(GROWTH[name], times, strict=True)
        ]
    return Report(
        title=f"Shapley values, {len(x) * REPEATED:,} rows of 30 features; medians of {bench.repetitions}",
        header=HEADER,
        rows=rows,
        figure=drawn(figure, x="setting", y="microseconds per row", logarithmic="y"),
        notes=_notes(ours, trees, kernel),
    )


def _beside(bench: Bench, table: Any, seed: int) -> tuple[Result, Result, Result, Result]:
    ours = bench.run(Job(OURS_SHAPLEY, "pruned", table, {**PRUNED, "seed": seed}))
    trees = bench.run(Job(LIGHTGBM, "tree_shap", table, {**TREES, "seed": seed}))
    x = load_breast_cancer(return_X_y=True)[0]
    network = bench.write({"X": x, **ours.arrays})
    kernel = bench.run(Job(SHAP, "kernel", network, {"rows": KERNEL_ROWS}, label="shap, kernel"))
    active = ours.figures.get("active", [])
    exact = Job(SHAP, "exact", network, {"rows": EXACT_ROWS, "active": active}, label="shap, exact")
    return ours, trees, kernel, bench.run(exact)


def _growth(bench: Bench) -> dict[str, list[float]]:
    empty, found = bench.write({}), dict[str, list[float]]()
    rows = 200 if bench.quick else 1000
    for name, values in GROWTH.items():
        found[name] = []
        for value in values:
            settings = {**START, name: value, "rows": rows}
            jobs = [Job(OURS_SHAPLEY, "grown", empty, {**settings, "seed": seed}) for seed in bench.seeds]
            found[name].append(float(np.median([bench.run(job).figures.get("microseconds", np.nan) for job in jobs])))
    return found


def _rates(results: tuple[Result, ...]) -> np.ndarray:
    return np.array([result.figures.get("rows_per_second", np.nan) for result in results])


def _rate(results: tuple[Result, ...]) -> str:
    return f"{np.median(_rates(results)):,.3g} rows/s"


def _beside_trees(results: tuple[Result, ...], trees: tuple[Result, ...]) -> str:
    return f"{np.median(_rates(results) / _rates(trees)):.3g}"


def _error(results: tuple[Result, ...], ours: tuple[Result, ...], name: str = "values") -> str:
    """Return the largest difference from our values, which are exact."""
    pairs = [(one.arrays.get("values"), own.arrays.get(name)) for one, own in zip(results, ours, strict=True)]
    errors = [float(np.abs(one - own[: len(one)]).max()) for one, own in pairs if one is not None and own is not None]
    return f"{max(errors):.2g}" if errors else "–"


def _notes(ours: tuple[Result, ...], trees: tuple[Result, ...], kernel: tuple[Result, ...]) -> list[str]:
    players = [result.figures.get("players") for result in ours]
    accuracies = [f"{np.median([one.figures.get('accuracy', np.nan) for one in part]):.4f}" for part in (ours, trees)]
    return [
        f"Inputs per node after pruning to {PRUNED['max_edges']} edges, seed by seed: {players}.",
        f"Accuracy on the rows of training: ours {accuracies[0]}, LightGBM {accuracies[1]}.",
        f"Ours / Kernel: {np.median(_rates(ours) / _rates(kernel)):,.0f} times the rows/s.",
        f"Growth: beside what is named, {START}.",
    ]
