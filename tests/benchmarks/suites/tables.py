"""Real tables in five folds: every library with its defaults, on the same rows.

Classification is judged by the AUC, regression by R². The folds are the repetitions; `--seeds` plays no part. On
separable rows a boosting machine may not find a reason to stop, so a fit has ten minutes; a fold that some library did
not finish counts for the score of none.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
import plotly.graph_objects as go
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import KFold, StratifiedKFold

from tests.benchmarks.durations import median_ratio
from tests.benchmarks.environments import EBM, LIGHTGBM, LINEAR, OURS
from tests.benchmarks.jobs import Array, Bench, Job, Result
from tests.benchmarks.report import Report, drawn

PEERS = (OURS, EBM, LIGHTGBM, LINEAR)
FOLDS, QUICK_FOLDS, SEED = 5, 2, 0  # a quick run takes the first two folds of the five
LIMIT_S, QUICK_LIMIT_S = 600.0, 60.0
FILES = {  # file name, target, label that counts as positive
    "German credit": ("german_credit.csv", "creditability", "bad"),
    "card default": ("card_default.csv", "default", "Yes"),
}


@dataclass(frozen=True)
class Table:
    """Columns by name, a target, and whether it names classes."""

    columns: Mapping[str, Array]
    target: Array
    has_classes: bool = True

    def folds(self) -> list[tuple[Array, Array]]:
        """Return the training and the test rows of every fold."""
        splitter = (StratifiedKFold if self.has_classes else KFold)(FOLDS, shuffle=True, random_state=SEED)
        return list(splitter.split(self.target, self.target))

    def fold(self, train: Array, test: Array) -> dict[str, Array]:
        """Return the columns of both parts by their names for a file, and the target of the training rows."""
        parts = {"train": train, "test": test}
        columns = {
            f"X_{part}:{column}": values[rows]
            for part, rows in parts.items()
            for column, values in self.columns.items()
        }
        return {**columns, "y_train": self.target[train]}

    def score(self, target: Array, predicted: Array) -> float:
        """Return the AUC, or R²."""
        return float((roc_auc_score if self.has_classes else r2_score)(target, predicted))


def measure(bench: Bench) -> Report:
    """Run every peer on every fold of every table."""
    rows: list[tuple[str, ...]] = []
    scores: dict[str, dict[str, list[float]]] = {}
    for name, table in loaded(bench.data).items():
        results, scores[name] = _cross_validated(name, table, bench)
        for peer, found in results.items():
            rows.append((name, peer, *_cells(scores[name][peer], _count(bench)), *_times(found, results[OURS.name])))
    return Report(
        title=f"Real tables, every library with its defaults; {_count(bench)} folds",
        header=("table", "peer", "folds", "score, mean", "least", "seconds, median", "ratio to ours"),
        rows=rows,
        figure=_figure(scores),
        notes=("Score: AUC of a classifier, R² of a regression (diabetes).", *_absent(bench.data)),
    )


def loaded(folder: Path) -> dict[str, Table]:
    """Return the tables by name: the files that are in the folder, and two that come with scikit-learn."""
    tables = {}
    for name, (file, target, positive) in FILES.items():
        if (folder / file).exists():
            frame = pandas.read_csv(folder / file, keep_default_na=False)
            frame = frame.drop(columns=[column for column in frame if not column or column.startswith("Unnamed")])
            tables[name] = Table(
                _columns(frame.drop(columns=target)), (frame[target] == positive).to_numpy().astype(int)
            )
    cancer, diabetes = load_breast_cancer(as_frame=True), load_diabetes(as_frame=True, scaled=False)
    tables["breast cancer"] = Table(_columns(cancer.data), cancer.target.to_numpy())
    tables["diabetes"] = Table(_columns(diabetes.data), diabetes.target.to_numpy(), has_classes=False)
    return tables


def _columns(frame: Any) -> dict[str, Array]:
    """Return columns of numbers, and of text with a fixed width, which a file of arrays can hold."""
    return {
        name: column.to_numpy(dtype=float if pandas.api.types.is_numeric_dtype(column) else str)
        for name, column in frame.items()
    }


def _cross_validated(
    name: str, table: Table, bench: Bench
) -> tuple[Mapping[str, Sequence[Result]], dict[str, list[float]]]:
    """Return by peer the results of all folds, and the scores of those that all peers finished."""
    task, limit = "classify" if table.has_classes else "regress", QUICK_LIMIT_S if bench.quick else LIMIT_S
    results: dict[str, list[Result]] = {peer.name: [] for peer in PEERS}
    scores: dict[str, list[float]] = {peer.name: [] for peer in PEERS}
    for fold, (train, test) in enumerate(table.folds()[: _count(bench)]):
        data = bench.write(table.fold(train, test))
        finished = {}
        for peer in PEERS:
            label = f"{peer.name}, {name}, fold {fold}"
            result = bench.run(Job(peer, task, data, {"seed": SEED}, label, limit))
            results[peer.name].append(result)
            if not result.failure:
                finished[peer.name] = table.score(table.target[test], result.arrays["test"])
        if len(finished) == len(PEERS):
            for peer_name, score in finished.items():
                scores[peer_name].append(score)
    return results, scores


def _count(bench: Bench) -> int:
    return QUICK_FOLDS if bench.quick else FOLDS


def _cells(scores: Sequence[float], folds: int) -> tuple[str, str, str]:
    found = (f"{statistics.mean(scores):.4f}", f"{min(scores):.4f}") if scores else ("–", "–")
    return (f"{len(scores)} of {folds}", *found)


def _times(found: Sequence[Result], ours: Sequence[Result]) -> tuple[str, str]:
    seconds = statistics.median(result.seconds for result in found)
    return f"{seconds:.3g}", f"{median_ratio(found, ours):.3g}"


def _absent(folder: Path) -> list[str]:
    absent = [file for file, _, _ in FILES.values() if not (folder / file).exists()]
    return [f"Not there, so not measured: {', '.join(absent)} (name their folder with --data)."] if absent else []


def _figure(scores: Mapping[str, Mapping[str, Sequence[float]]]) -> go.Figure:
    figure = go.Figure()
    for peer in PEERS:
        figure.add_box(
            x=[table for table, found in scores.items() for _ in found[peer.name]],
            y=[score for found in scores.values() for score in found[peer.name]],
            name=peer.name,
            boxpoints="all",
        )
    return drawn(figure, x="", y="AUC or R²").update_layout(boxmode="group")
