"""Monotone constraints: a million random pairs, none of which may be in the wrong order.

The output must rise with x0 and fall with x1. The second point of a pair has an x0 at least as large, an x1 at most as
large and the rest the same; half of the points lie outside the training domain. Logits are compared to the last bit.
"""

import statistics
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from sklearn.metrics import roc_auc_score

from tests.benchmarks.environments import LIGHTGBM, OURS
from tests.benchmarks.jobs import Bench, Job, Result
from tests.benchmarks.report import Report, drawn
from tests.benchmarks.suites.samples import Numbers

ROWS, TEST_ROWS, FEATURES = 2_000, 20_000, 4
PAIRS, QUICK_PAIRS = 1_000_000, 100_000
ROUNDING = 1e-12  # relative to the spread of the logits


def measure(bench: Bench) -> Report:
    """Run every peer on every seed."""
    found: dict[str, list[tuple[Result, Numbers]]] = {}
    for seed in bench.seeds:
        arrays, known = _rows(seed, QUICK_PAIRS if bench.quick else PAIRS)
        data = bench.write(arrays)
        network = {"hidden": [4], "seed": seed}
        jobs = (
            Job(OURS, "classify", data, {**network, "monotone": {"x0": 1, "x1": -1}}, "ours, monotone"),
            Job(OURS, "classify", data, network, "ours, free"),
            Job(
                LIGHTGBM, "classify", data, {"monotone_constraints": [1, -1, 0, 0], "seed": seed}, "lightgbm, monotone"
            ),
        )
        for job in jobs:
            found.setdefault(job.name, []).append((bench.run(job), known))
    pairs = (QUICK_PAIRS if bench.quick else PAIRS) * len(bench.seeds)
    return Report(
        title=f"Monotone constraints, {pairs:,} random pairs over {bench.repetitions}",
        header=(
            "peer",
            "pairs in the wrong order",
            "beyond rounding",
            "largest drop",
            "AUC, median",
            "seconds",
        ),
        rows=[(label, *_cells(results)) for label, results in found.items()],
        figure=_figure(found),
        notes=(f"Beyond rounding: by more than {ROUNDING:g} of the standard deviation of the logits.",),
    )


def _rows(seed: int, pairs: int) -> tuple[dict[str, Numbers], Numbers]:
    """Return training rows of a noisy monotone truth, test rows and both ends of the pairs; and the test target."""
    generator = np.random.default_rng(seed)
    x = generator.uniform(-1, 1, size=(ROWS + TEST_ROWS, FEATURES))
    logit = 2 * np.tanh(2 * x[:, 0]) - x[:, 1] ** 3 - 0.5 * x[:, 1] + np.sin(3 * x[:, 2]) * (1 + x[:, 3])
    y = (generator.uniform(size=len(x)) < 1 / (1 + np.exp(-logit))).astype(float)
    lower = generator.uniform(-1.5, 1.5, size=(pairs, FEATURES))
    upper = lower.copy()
    # steps from tiny to as long as the domain
    steps = 10 ** generator.uniform(-6, 0.5, size=(pairs, 2)) * generator.integers(0, 2, size=(pairs, 2))
    upper[:, 0] += steps[:, 0]
    upper[:, 1] -= steps[:, 1]
    train = {"X_train": x[:ROWS], "y_train": y[:ROWS]}
    return {**train, "X_test": x[ROWS:], "X_lower": lower, "X_upper": upper}, y[ROWS:]


def _cells(results: Sequence[tuple[Result, Numbers]]) -> tuple[str, ...]:
    arrays = [(result.arrays, known) for result, known in results if not result.failure]
    if not arrays:
        return ("failed", "–", "–", "–", "–")
    drops = [one["lower"] - one["upper"] for one, _ in arrays]
    allowed = [ROUNDING * one["lower"].std() for one, _ in arrays]
    wrong = sum(int((drop > 0).sum()) for drop in drops)
    large = sum(int((drop > limit).sum()) for drop, limit in zip(drops, allowed, strict=True))
    auc = statistics.median(roc_auc_score(known, one["test"]) for one, known in arrays)
    seconds = statistics.median(result.seconds for result, _ in results)
    largest = max(0.0, *(float(drop.max()) for drop in drops))
    return f"{wrong:,}", f"{large:,}", f"{largest:.3g}", f"{auc:.4f}", f"{seconds:.3g}"


def _figure(found: Mapping[str, Sequence[tuple[Result, Numbers]]]) -> go.Figure:
    """Return how the change of the logit along the pairs of the first seed is spread."""
    figure = go.Figure()
    for label, results in found.items():
        result = results[0][0]
        if not result.failure:
            counts, borders = np.histogram(result.arrays["upper"] - result.arrays["lower"], bins=200)
            figure.add_scatter(x=borders[:-1], y=counts + 1, name=label, line={"shape": "hv"})
    return drawn(figure, x="change of the logit from the first to the second point", y="pairs + 1", logarithmic="y")
