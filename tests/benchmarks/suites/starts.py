"""Test RMSE from random weights by the power law, which our networks have, and by three other rules.

The same rows, grids and steps for all; every seed draws other weights and holds out other rows. Formulas have no
noise and show how deep a training gets, tables have some and show whether it matters there.
"""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from sklearn.datasets import load_diabetes, make_friedman1

from tests.benchmarks.environments import OURS_STARTED
from tests.benchmarks.jobs import Array, Bench, Job, Result
from tests.benchmarks.report import Report, drawn
from tests.benchmarks.suites.samples import Numbers, draw, rmse, wave

STARTS = ("power law", "LeCun", "Glorot", "pykan")
OPTIMISERS = ("gauss_newton", "adam")
ROWS, TEST_SHARE = 1000, 0.25


@dataclass(frozen=True)
class Case:
    """Rows and the hidden nodes of a network for them."""

    name: str
    hidden: tuple[int, ...]
    rows: Mapping[str, Array]


def measure(bench: Bench) -> Report:
    """Train every case by both kinds of steps from every start."""
    rows, ratios = [], {start: list[float]() for start in STARTS}
    for case in _cases():
        data = bench.write(case.rows)
        for optimiser in OPTIMISERS:
            shared = {"hidden": case.hidden, "optimizer": optimiser, "seeds": list(bench.seeds)}
            results = [
                bench.run(Job(OURS_STARTED, "regress", data, {"start": start, **shared}, label=f"ours, {start}"))
                for start in STARTS
            ]
            errors = [_median_error(case, result) for result in results]
            rows.append((case.name, str([len(case.rows["X_train"][0]), *case.hidden, 1]), optimiser, *_cells(errors)))
            for start, error in zip(STARTS, errors, strict=True):
                ratios[start].append(error / errors[0])
    means = [float(np.exp(np.mean(np.log(ratios[start])))) for start in STARTS]
    return Report(
        title=f"Test RMSE by the rule of the first weights; medians over {bench.repetitions}",
        header=("rows", "shape", "steps by", *STARTS),
        rows=[*rows, ("geometric mean of the ratios to the power law", "", "", *_cells(means))],
        figure=_figure(rows, ratios),
        notes=(
            "All are normal; LeCun's and Glorot's variances are those of Rigas et al. (2025) for features of a KAN.",
        ),
    )


def _cases() -> list[Case]:
    def nested(x: Numbers) -> Numbers:
        halves = np.sin(np.pi * (x[:, 0] ** 2 + x[:, 1] ** 2)) + np.sin(np.pi * (x[:, 2] ** 2 + x[:, 3] ** 2))
        return np.exp(halves / 2)

    def product(x: Numbers) -> Numbers:
        return x[:, 0] * x[:, 1] + 0.5 * x[:, 2]

    friedman, diabetes = make_friedman1(ROWS, noise=1.0, random_state=0), load_diabetes(return_X_y=True)
    return [
        Case("exp(sin πx + y²)", (5,), draw(wave, -1, 1, 2, ROWS, 0)),
        Case("exp((sin π(x₁²+x₂²) + sin π(x₃²+x₄²))/2)", (2, 1), draw(nested, -1, 1, 4, ROWS, 0)),
        Case("x·y + z/2", (5,), draw(product, -1, 1, 3, ROWS, 0)),
        Case("Friedman 1, noise 1", (5,), _parted(*friedman)),
        Case("diabetes (scikit-learn)", (3,), _parted(*diabetes)),
    ]


def _parted(x: Array, y: Array) -> dict[str, Array]:
    order, held_out = np.random.default_rng(0).permutation(len(x)), int(TEST_SHARE * len(x))
    test, train = order[:held_out], order[held_out:]
    return {"X_train": x[train], "y_train": y[train], "X_test": x[test], "y_test": y[test]}


def _median_error(case: Case, result: Result) -> float:
    if result.failure:
        return float("nan")
    return statistics.median(rmse(one, case.rows["y_test"]) for one in result.arrays.values())


def _cells(numbers: list[float]) -> tuple[str, ...]:
    return tuple(f"{number:.3g}" for number in numbers)


def _figure(rows: list[tuple[str, ...]], ratios: Mapping[str, list[float]]) -> go.Figure:
    figure = go.Figure()
    for start in STARTS[1:]:
        names = [f"{name}, {optimiser}" for name, _, optimiser, *_ in rows]
        figure.add_bar(x=names, y=ratios[start], name=start)
    return drawn(figure, x="", y="test RMSE / that of the power law", logarithmic="y")
