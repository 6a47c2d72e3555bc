"""Known formulas found again: 1,000 rows without noise and with noise of 5 % of their standard deviation.

Every network knows the domain of the inputs and may be as large as the formula needs. Without noise a formula is found
if every edge is one and the test RMSE is at most 1e-6. With noise its form is: every edge is a formula, the functions
are those of one way to write it with this shape, and the test RMSE against the truth is below 2 % of its deviation.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from tests.benchmarks.environments import OURS
from tests.benchmarks.jobs import Bench, Job, Result
from tests.benchmarks.report import Report, drawn
from tests.benchmarks.suites.samples import Function, Numbers, draw, rmse, wave

NOISES = {0.0: 1e-5, 0.05: 0.001}  # share of the standard deviation, and the tolerance of simplify
EXACT, NEAR = 1e-6, 0.02  # largest RMSE, and largest one as a share of the standard deviation
TOLERANCE = 0.005  # of symbolify, which is not told otherwise
HEADER = ("formula", "shape", "found", "RMSE, median", "form found", "RMSE/sd, median", "other functions with noise")
PRODUCT = ("linear", "linear", "linear", "linear", "square", "square")  # ((x+y)² - (x-y)²)/4


@dataclass(frozen=True)
class Case:
    """A formula on a cube, the hidden nodes of its network, and the functions of each way to write it so."""

    name: str
    function: Function
    inputs: int
    hidden: tuple[int, ...]
    low: float
    high: float
    ways: tuple[tuple[str, ...], ...]

    def accepts(self, functions: Sequence[str]) -> bool:
        """Return whether these are the functions of one of the ways, in any order."""
        return sorted(functions) in [sorted(way) for way in self.ways]


CASES = (
    Case("exp(sin(πx) + y²)", wave, 2, (1,), -1, 1, (("exp", "sin", "square"),)),
    Case(
        "x·y", lambda x: x[:, 0] * x[:, 1], 2, (2,), -1, 1,
        (PRODUCT, ("linear", "linear", "linear", "square", "square", "square")),
    ),
    Case("x/y", lambda x: x[:, 0] / x[:, 1], 2, (1,), 0.5, 2, (("exp", "log", "log"),)),
    Case(
        "(u+v)/(1+uv)", lambda x: (x[:, 0] + x[:, 1]) / (1 + x[:, 0] * x[:, 1]), 2, (1,), -0.9, 0.9,
        (("tanh", "arctanh", "arctanh"),),
    ),
    Case(
        "sin(2(log x + log y))", lambda x: np.sin(2 * np.log(x.prod(axis=1))), 2, (1,), 0.2, 5,
        (("sin", "log", "log"),),
    ),
    Case("√(x²+y²)", lambda x: np.hypot(x[:, 0], x[:, 1]), 2, (1,), -1, 1, (("sqrt", "square", "square"),)),
    Case(
        "tanh(5(x⁴+y⁴+z⁴-1))", lambda x: np.tanh(5 * ((x**4).sum(axis=1) - 1)), 3, (1,), -1, 1,
        (("tanh", *3 * ("fourth_power",)),),
    ),
    Case(
        "1/(1+exp(-(2x-y²)))", lambda x: 1 / (1 + np.exp(x[:, 1] ** 2 - 2 * x[:, 0])), 2, (1,), -1, 1,
        (("tanh", "linear", "square"), ("sigmoid", "linear", "square")),
    ),
    Case(
        "normal density", lambda x: np.exp(-x[:, 0] ** 2 / 2) / math.sqrt(2 * math.pi), 1, (), -3, 3,
        (("gaussian",),),
    ),
    Case(
        "a·sin b + c²", lambda x: x[:, 0] * np.sin(x[:, 1]) + x[:, 2] ** 2, 3, (3,), -1, 1,
        (
            ("linear", "linear", "linear", "sin", "sin", "square", "square", "square"),
            ("linear", "linear", "sin", "sin", "square", "square", "square"),
        ),
    ),
    Case(
        "log(1+x²) + |y|", lambda x: np.log(1 + x[:, 0] ** 2) + np.abs(x[:, 1]), 2, (2,), -2, 2,
        (("log", "square", "abs", "linear"),),
    ),
    Case("x³ - 2y + 1/2", lambda x: x[:, 0] ** 3 - 2 * x[:, 1] + 0.5, 2, (), -1, 1, (("cube", "linear"),)),
    Case(
        "|x - 0.3| + max(0, y)", lambda x: np.abs(x[:, 0] - 0.3) + np.maximum(0, x[:, 1]), 2, (), -1, 1,
        (("abs", "hinge"),),
    ),
    Case(
        "5 exp(-2(x²+y²))", lambda x: 5 * np.exp(-2 * (x**2).sum(axis=1)), 2, (1,), -1, 1,
        (("exp", "square", "square"),),
    ),
)  # fmt: skip  # a table


@dataclass(frozen=True)
class Found:
    """What became of one formula on one seed; `error` is the test RMSE against the truth."""

    functions: tuple[str, ...]
    error: float
    is_right: bool
    breaks_own_limit: bool
    breaks_fresh_limit: bool


def measure(bench: Bench) -> Report:
    """Look for every formula, with and without noise, on every seed."""
    found: dict[float, dict[str, list[Found]]] = {noise: {case.name: [] for case in CASES} for noise in NOISES}
    for seed in bench.seeds:
        for case in CASES:
            for noise, tolerance in NOISES.items():
                rows = _rows(case, noise, seed)
                domains = {f"x{position}": [case.low, case.high] for position in range(case.inputs)}
                settings = {"hidden": case.hidden, "domains": domains, "tolerance": tolerance, "seed": seed}
                label = f"ours, {case.name}, noise {noise:g}"
                result = bench.run(Job(OURS, "formulas", bench.write(rows), settings, label))
                found[noise][case.name].append(_judged(case, noise, rows, result))
    return Report(
        title=f"Known formulas found again, without noise and with {max(NOISES):.0%}; {bench.repetitions}",
        header=HEADER,
        rows=[_row(case, *(by_case[case.name] for by_case in found.values())) for case in CASES],
        figure=_figure(found),
        notes=_notes(found, bench),
    )


def _rows(case: Case, noise: float, seed: int) -> dict[str, Numbers]:
    """Return rows as ever, "truth" for the test rows, and targets with noise."""
    rows = draw(case.function, case.low, case.high, case.inputs, 1000, seed)
    generator, spread = np.random.default_rng([seed, 1]), noise * rows["y_train"].std()
    truth = rows["y_test"]
    noisy = {name: rows[name] + spread * generator.normal(size=len(rows[name])) for name in ("y_train", "y_test")}
    return {**rows, **noisy, "truth": truth}


def _judged(case: Case, noise: float, rows: Mapping[str, Numbers], result: Result) -> Found:
    if result.failure:
        return Found((result.failure,), math.nan, False, False, False)
    functions, answers = tuple(result.figures["functions"].values()), result.arrays
    error, deviation = rmse(answers["formulas"], rows["truth"]), float(rows["truth"].std())
    all_formulas = "spline" not in functions
    is_right = error < NEAR * deviation and case.accepts(functions) if noise > 0 else error <= EXACT
    before, after = (rmse(answers[stage], rows["y_test"]) ** 2 for stage in ("simplified", "formulas"))
    explained = max(float(rows["y_test"].var()) - before, 0.0)
    return Found(
        functions,
        error / deviation if noise > 0 else error,
        all_formulas and is_right,
        result.figures["loss_formulas"] > result.figures["largest_loss"],
        after > before + TOLERANCE * explained,
    )


def _row(case: Case, clean: Sequence[Found], noisy: Sequence[Found]) -> tuple[str, ...]:
    cells = []
    for found in (clean, noisy):
        cells += [f"{sum(one.is_right for one in found)} of {len(found)}", f"{_median(found):.2g}"]
    others = {" ".join(sorted(one.functions)) for one in noisy if not one.is_right}
    return (case.name, str([case.inputs, *case.hidden, 1]), *cells, "; ".join(sorted(others)))


def _notes(found: Mapping[float, Mapping[str, Sequence[Found]]], bench: Bench) -> list[str]:
    lines = []
    for noise, by_case in found.items():
        counts = [sum(of_case[at].is_right for of_case in by_case.values()) for at in range(len(bench.seeds))]
        lines.append(f"Noise {noise:.0%}: found by seed {', '.join(map(str, counts))}, of {len(CASES)} formulas.")
    runs = [one for by_case in found.values() for of_case in by_case.values() for one in of_case]
    own, fresh = sum(one.breaks_own_limit for one in runs), sum(one.breaks_fresh_limit for one in runs)
    return [
        *lines,
        "A loss above that of the splines by more than the tolerance:",
        f"in {own} of {len(runs)} runs on the held-out rows of the search, in {fresh} on 1,000 fresh rows.",
    ]


def _median(found: Sequence[Found]) -> float:
    return statistics.median(math.inf if math.isnan(one.error) else one.error for one in found)


def _figure(found: Mapping[float, Mapping[str, Sequence[Found]]]) -> go.Figure:
    figure = go.Figure()
    for noise, by_case in found.items():
        figure.add_scatter(
            x=list(by_case),
            y=[_median(of_case) for of_case in by_case.values()],
            name=f"noise {noise:.0%}, {'share of the standard deviation' if noise > 0 else 'absolute'}",
            mode="markers",
            marker={"size": 12},
        )
    return drawn(figure, x="", y="test RMSE against the truth", logarithmic="y")
