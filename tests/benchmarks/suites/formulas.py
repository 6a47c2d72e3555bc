"""Test RMSE on functions with a known formula, beside the numbers that pykan's documentation prints for plain networks.

Ours and pykan have the same shape and know the domain of the inputs. pykan has the grids and steps of its
documentation; ours has its default grid, or pykan's where that is finer.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from scipy.special import j0

from tests.benchmarks.environments import OURS, PYKAN
from tests.benchmarks.jobs import Bench, Job, Result
from tests.benchmarks.report import Report, drawn
from tests.benchmarks.suites.samples import Function, Numbers, draw, rmse

MARKS = {"mode": "markers", "marker": {"size": 14}}
DEFAULT_GRID = 10  # intervals of an estimator that is not told otherwise
SMALLEST_SCORE = 1e-2  # pykan's own threshold for an input that is used


@dataclass(frozen=True)
class Case:
    """A function on a cube, the hidden nodes of its network, pykan's grids and steps, and what was published.

    `used` are the inputs that the function depends on, where some of its inputs are idle.
    """

    name: str
    function: Function
    inputs: int
    hidden: tuple[int, ...]
    published: str
    low: float = -1.0
    high: float = 1.0
    rows: int = 1000
    grids: tuple[int, ...] = (5,)
    steps: int = 20
    penalty: float = 0.0
    used: tuple[int, ...] = ()

    def domains(self) -> dict[str, list[float]]:
        """Return the domain of every input by its name."""
        return {f"x{position}": [self.low, self.high] for position in range(self.inputs)}


def _nested(x: Numbers) -> Numbers:
    halves = np.sin(np.pi * (x[:, 0] ** 2 + x[:, 1] ** 2)) + np.sin(np.pi * (x[:, 2] ** 2 + x[:, 3] ** 2))
    return np.exp(halves / 2)


CASES = (
    Case(
        "exp((sin π(x₁²+x₂²) + sin π(x₃²+x₄²))/2)",
        _nested,
        4,
        (2, 1),
        "3.78e-5",
        rows=3000,
        grids=(3, 5, 10, 20, 50),
        steps=50,
    ),
    Case("x·y", lambda x: x[:, 0] * x[:, 1], 2, (5,), "4.96e-3", penalty=1e-3),
    Case(
        "(u+v)/(1+uv)",
        lambda x: (x[:, 0] + x[:, 1]) / (1 + x[:, 0] * x[:, 1]),
        2,
        (1,),
        "2.31e-3",
        low=-0.9,
        high=0.9,
        grids=(10,),
    ),
    Case("sin(2(log x + log y))", lambda x: np.sin(2 * np.log(x.prod(axis=1))), 2, (1,), "1.29e-1", low=0.2, high=5.0),
    Case("√(x²+y²)", lambda x: np.hypot(x[:, 0], x[:, 1]), 2, (1,), "3.97e-3"),
    Case("J₀(20x)", lambda x: j0(20 * x[:, 0]), 1, (), "R² .9989 as a formula", grids=(20,)),
    Case(
        "x₀² + .3x₁ + .1x₂³ + 0·x₃",
        lambda x: x[:, 0] ** 2 + 0.3 * x[:, 1] + 0.1 * x[:, 2] ** 3,
        4,
        (5,),
        "keeps 3 of 4 inputs",
        steps=40,
        penalty=1e-3,
        used=(0, 1, 2),
    ),
)


def measure(bench: Bench) -> Report:
    """Run ours, and pykan unless it should be quick, on every case and seed."""
    rows, medians = [], []
    for case in CASES:
        ours: list[tuple[Result, Numbers]] = []
        theirs: list[Result] = []
        for seed in bench.seeds:
            drawn_rows = draw(case.function, case.low, case.high, case.inputs, case.rows, seed)
            data = bench.write(drawn_rows)
            settings = {
                "hidden": case.hidden,
                "grid_size": _own_grid(case),
                "domains": case.domains(),
                "simplified": bool(case.used),
                "seed": seed,
            }
            ours.append((bench.run(Job(OURS, "regress", data, settings)), drawn_rows["y_test"]))
            if not bench.quick:
                theirs.append(bench.run(Job(PYKAN, "refine", data, _settings(case, seed))))
        own = [rmse(result.arrays["test"], known) for result, known in ours if not result.failure]
        other = [result.figures["rmse"] for result in theirs if not result.failure]
        shape = [case.inputs, *case.hidden, 1]
        grids = f"{_own_grid(case)} / {case.grids[-1]}"
        rows.append((case.name, str(shape), grids, *_cells(own, other), case.published))
        if case.used:
            rows.append(("  of its inputs, just the used ones kept", "", "", *_kept(case, ours, theirs), ""))
        medians.append((case.name, _median(own), _median(other)))
    return Report(
        title=f"Test RMSE on known formulas; medians over {bench.repetitions}",
        header=("function", "shape", "G, ours / pykan", "ours", "ours: worst seed", "pykan here", "pykan published"),
        rows=rows,
        figure=_figure(medians),
        notes=("Inputs: ours after simplify(); pykan those with a feature_score above 0.01, its default.",),
    )


def _own_grid(case: Case) -> int:
    return max(DEFAULT_GRID, case.grids[-1])


def _settings(case: Case, seed: int) -> dict[str, object]:
    width = [case.inputs, *case.hidden, 1]
    return {"width": width, "grids": case.grids, "steps": case.steps, "penalty": case.penalty, "seed": seed}


def _kept(case: Case, ours: Sequence[tuple[Result, Numbers]], theirs: Sequence[Result]) -> tuple[str, str, str]:
    """Return how many of the networks kept the inputs that the function depends on and no others."""
    own = sum(result.figures.get("inputs") == list(case.used) for result, _ in ours)
    scores = [result.figures.get("scores", []) for result in theirs]
    used = [[position for position, score in enumerate(one) if score > SMALLEST_SCORE] for one in scores]
    other = f"{sum(one == list(case.used) for one in used)} of {len(theirs)}" if theirs else "–"
    return f"{own} of {len(ours)}", "", other


def _cells(own: Sequence[float], other: Sequence[float]) -> tuple[str, str, str]:
    worst = f"{max(own):.3g}" if own else "–"
    return f"{_median(own):.3g}", worst, f"{_median(other):.3g}" if other else "–"


def _median(errors: Sequence[float]) -> float:
    return statistics.median(errors) if errors else float("nan")


def _figure(medians: Sequence[tuple[str, float, float]]) -> go.Figure:
    names = [name for name, _, _ in medians]
    figure = go.Figure()
    figure.add_scatter(x=names, y=[own for _, own, _ in medians], name="ours", **MARKS)
    if any(other == other for _, _, other in medians):
        figure.add_scatter(x=names, y=[other for _, _, other in medians], name="pykan here", **MARKS)
    return drawn(figure, x="", y="test RMSE", logarithmic="y")
