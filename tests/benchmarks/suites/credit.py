"""Formulas for credit tables in five folds: how much of the AUC of the splines is left, with defaults throughout.

The folds are the repetitions; `--seeds` plays no part.
"""

import statistics
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from tests.benchmarks.environments import OURS
from tests.benchmarks.jobs import Bench, Job, Result
from tests.benchmarks.report import Report, drawn
from tests.benchmarks.suites.tables import FILES, FOLDS, QUICK_FOLDS, SEED, Table, loaded

STAGES = ("splines", "simplified", "formulas")

Scores = dict[str, list[float]]  # by stage, one per fold


def measure(bench: Bench) -> Report:
    """Go all the way on every fold of every credit table that is there."""
    rows, scores = [], {}
    for name, table in loaded(bench.data).items():
        if name in FILES:
            results, scores[name] = _cross_validated(name, table, bench)
            rows.append((name, *_cells(results, scores[name])))
    absent = [file for file, _, _ in FILES.values() if not (bench.data / file).exists()]
    return Report(
        title=f"Formulas for credit tables: AUC, means over {QUICK_FOLDS if bench.quick else FOLDS} folds",
        header=("table", *STAGES, "formulas - splines", "worst fold", "formulas of numeric edges", "seconds of each"),
        rows=rows,
        figure=_figure(scores),
        notes=[f"Not there, so not measured: {', '.join(absent)} (name their folder with --data)."] if absent else (),
    )


def _cross_validated(name: str, table: Table, bench: Bench) -> tuple[list[Result], Scores]:
    results: list[Result] = []
    scores: Scores = {stage: [] for stage in STAGES}
    for fold, (train, test) in enumerate(table.folds()[: QUICK_FOLDS if bench.quick else FOLDS]):
        data = bench.write(table.fold(train, test))
        settings = {"has_classes": table.has_classes, "seed": SEED}
        result = bench.run(Job(OURS, "formulas", data, settings, f"ours, {name}, fold {fold}"))
        if not result.failure:
            results.append(result)
            for stage in STAGES:
                scores[stage].append(table.score(table.target[test], result.arrays[stage]))
    return results, scores


def _cells(results: Sequence[Result], scores: Scores) -> tuple[str, ...]:
    if not results:
        return ("failed", *["–"] * 6)
    lost = [after - before for before, after in zip(scores["splines"], scores["formulas"], strict=True)]
    edges = [[one for one in result.figures["functions"].values() if one != "table"] for result in results]
    formulas = [f"{sum(one != 'spline' for one in numeric)}/{len(numeric)}" for numeric in edges]
    seconds = [statistics.median(result.figures["times"][stage] for result in results) for stage in STAGES]
    return (
        *(f"{statistics.mean(scores[stage]):.4f}" for stage in STAGES),
        f"{statistics.mean(lost):+.4f}",
        f"{min(lost):+.4f}",
        " ".join(formulas),
        ", ".join(f"{one:.3g}" for one in seconds),
    )


def _figure(scores: Mapping[str, Scores]) -> go.Figure:
    figure = go.Figure()
    for stage in STAGES:
        figure.add_box(
            x=[name for name, found in scores.items() for _ in found[stage]],
            y=[score for found in scores.values() for score in found[stage]],
            name=stage,
            boxpoints="all",
        )
    return drawn(figure, x="", y="AUC").update_layout(boxmode="group")
