"""Time until a test RMSE of 0.001 on exp(sin(πx) + y²), 1,000 rows, with a network of shape [2, 5, 1].

Ours is the time of one whole fit, with the smallest of some numbers of steps that gets there, and of one with nothing
but the shape given. pykan (L-BFGS, grid 5, its own settings) and the perceptrons are looked at while they fit, which
costs them no time, and are stopped as soon as they are there.
"""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from tests.benchmarks.durations import Duration, median, ratio, until
from tests.benchmarks.environments import MLP, OURS, PYKAN
from tests.benchmarks.jobs import Bench, Job, Result
from tests.benchmarks.report import Report, drawn
from tests.benchmarks.suites.samples import Numbers, draw, rmse, wave

TARGET = 1e-3
WIDTHS, OPTIMISERS = (16, 32, 64), ("adam", "lbfgs")
STEPS = (10, 15, 20, 30, 50, 100, 200)
LIMIT_S, QUICK_LIMIT_S = 30.0, 5.0


def measure(bench: Bench) -> Report:
    """Run every peer on every seed."""
    found: dict[str, list[Result]] = {}
    for seed in bench.seeds:
        rows = draw(wave, -1, 1, 2, 1000, seed)
        data = bench.write(rows)
        ours = {"hidden": [5], "grid_size": 5, "seed": seed}
        found.setdefault("ours", []).append(_fewest_steps(bench, data, ours, rows["y_test"]))
        complete = bench.run(Job(OURS, "regress", data, ours, "ours, default steps"))
        found.setdefault("ours, default steps", []).append(_judged(complete, rows["y_test"]))
        limit = {"target": TARGET, "limit_s": QUICK_LIMIT_S if bench.quick else LIMIT_S, "seed": seed}
        shape = {"width": [2, 5, 1], "grid": 5, "precision": "float32"}
        found.setdefault("pykan", []).append(bench.run(Job(PYKAN, "regress_until", data, {**shape, **limit})))
        for optimiser in OPTIMISERS:
            for width in WIDTHS:
                label = f"mlp {width}×{width}, {optimiser}"
                settings = {"width": width, "optimiser": optimiser, **limit}
                found.setdefault(label, []).append(bench.run(Job(MLP, "regress_until", data, settings, label)))
    return _report(found, bench)


def _fewest_steps(bench: Bench, data: Path, settings: dict[str, Any], known: Numbers) -> Result:
    """Return the first whole fit that is at the target, of fits that may take more and more steps."""
    for steps in STEPS:
        result = _judged(bench.run(Job(OURS, "regress", data, {**settings, "steps": steps})), known)
        if result.failure or result.figures["reached"]:
            break
    return result


def _judged(result: Result, known: Numbers) -> Result:
    """Return our result with its test RMSE, and whether that is at the target."""
    if result.failure:
        return result
    error = rmse(result.arrays["test"], known)
    return Result({**result.figures, "rmse": error, "reached": error <= TARGET})


def _report(found: Mapping[str, Sequence[Result]], bench: Bench) -> Report:
    times = {label: [until(result) for result in results] for label, results in found.items()}
    perceptrons = [label for label in found if label.startswith("mlp")]
    times["mlp, best of these"] = [
        min((times[label][seed] for label in perceptrons), key=lambda one: (not one.was_reached, one.value))
        for seed in range(len(bench.seeds))
    ]
    return Report(
        title=f"Time until a test RMSE of {TARGET:g} on exp(sin(πx) + y²); medians over {bench.repetitions}",
        header=("peer", "seconds", "ratio to ours", "reached", "last test RMSE", "seconds by seed"),
        rows=[
            (
                label,
                str(median(durations)),
                str(ratio(durations, times["ours"])),
                f"{sum(one.was_reached for one in durations)} of {len(durations)}",
                _error(found.get(label, [])),
                " ".join(str(one).replace(" ", "") for one in durations),
            )
            for label, durations in times.items()
        ],
        figure=_figure(found, times["ours"]),
        notes=(f"> a bound: the target was not reached in the time given (at most {_limit(bench):g} s).",),
    )


def _limit(bench: Bench) -> float:
    return QUICK_LIMIT_S if bench.quick else LIMIT_S


def _error(results: Sequence[Result]) -> str:
    errors = [result.figures["rmse"] for result in results if not result.failure]
    return f"{statistics.median(errors):.3g}" if errors else "–"


def _figure(found: Mapping[str, Sequence[Result]], ours: Sequence[Duration]) -> go.Figure:
    """Return the test RMSE over time of the first seed, our fits of all seeds as points."""
    figure = go.Figure()
    errors = [result.figures.get("rmse") for result in found["ours"]]
    figure.add_scatter(
        x=[one.value for one in ours], y=errors, mode="markers", name="ours, every seed", marker={"size": 11}
    )
    for label, results in found.items():
        curve = results[0].figures.get("curve", [])
        if curve:
            figure.add_scatter(x=[point[0] for point in curve], y=[point[1] for point in curve], name=label)
    figure.add_hline(y=TARGET, line={"dash": "dash", "color": "#808080"})
    return drawn(figure, x="seconds", y="test RMSE", logarithmic="xy")
