"""How the test RMSE falls with the grid size G on exp(sin(πx) + y²), with a network of shape [2, 1, 1].

Ours is fitted anew at every G; pykan refines from one grid to the next, 200 L-BFGS steps on each, in float64. Cubic
splines allow RMSE ∝ G⁻⁴.
"""

import math
import statistics
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from tests.benchmarks.environments import OURS, PYKAN
from tests.benchmarks.jobs import Bench, Job, Result
from tests.benchmarks.report import Report, drawn
from tests.benchmarks.suites.samples import draw, rmse, wave

GRIDS = (3, 6, 12, 24, 48, 96)
STEPS = 200
DOMAINS = {"x0": [-1.0, 1.0], "x1": [-1.0, 1.0]}  # pykan's grids begin as wide

Errors = dict[int, list[float]]  # by grid size, one per seed


def measure(bench: Bench) -> Report:
    """Run ours, and pykan unless it should be quick, on every seed."""
    errors: dict[str, Errors] = {"ours": {grid: [] for grid in GRIDS}}
    seconds: dict[str, Errors] = {"ours": {grid: [] for grid in GRIDS}}
    if not bench.quick:
        errors["pykan"], seconds["pykan"] = {grid: [] for grid in GRIDS}, {grid: [] for grid in GRIDS}
    for seed in bench.seeds:
        rows = draw(wave, -1, 1, 2, 1000, seed)
        data = bench.write(rows)
        for grid in GRIDS:
            result = bench.run(
                Job(OURS, "regress", data, {"hidden": [1], "grid_size": grid, "domains": DOMAINS, "seed": seed})
            )
            errors["ours"][grid].append(math.nan if result.failure else rmse(result.arrays["test"], rows["y_test"]))
            seconds["ours"][grid].append(result.seconds)
        if not bench.quick:
            settings = {"width": [2, 1, 1], "grids": GRIDS, "steps": STEPS, "penalty": 0.0, "seed": seed}
            _sort_in(bench.run(Job(PYKAN, "refine", data, settings)), errors["pykan"], seconds["pykan"])
    return _report(errors, seconds, bench)


def _sort_in(result: Result, errors: Errors, seconds: Errors) -> None:
    """File what pykan found under the grids that it came to."""
    missing = [math.nan] * len(GRIDS)
    for grid, error in zip(GRIDS, result.figures.get("rmses", missing), strict=True):
        errors[grid].append(error)
    for grid, time in zip(GRIDS, result.figures.get("times", missing), strict=True):
        seconds[grid].append(time)


def _report(errors: Mapping[str, Errors], seconds: Mapping[str, Errors], bench: Bench) -> Report:
    medians = {peer: [statistics.median(found[grid]) for grid in GRIDS] for peer, found in errors.items()}
    rows = [
        (
            str(grid),
            *(f"{medians[peer][position]:.3g}" for peer in errors),
            *(f"{statistics.median(seconds[peer][grid]):.3g}" for peer in errors),
        )
        for position, grid in enumerate(GRIDS)
    ]
    slopes = ", ".join(f"{peer} {_exponent(found):.2f}" for peer, found in medians.items())
    return Report(
        title=f"Test RMSE on exp(sin(πx) + y²) by grid size; medians over {bench.repetitions}",
        header=("G", *(f"{peer}: RMSE" for peer in errors), *(f"{peer}: seconds" for peer in errors)),
        rows=rows,
        figure=_figure(errors, medians),
        notes=(
            f"Exponent of G, fitted to the medians: {slopes} (theory −4).",
            "Seconds: one fit for ours; all grids up to this one for pykan.",
            "pykan's own tutorial prints 1.53e-2, 3.29e-4, 4.04e-5, 1.24e-5, 1.74e-3 for G = 3, 10, 20, 50, 100.",
        ),
    )


def _exponent(errors: Sequence[float]) -> float:
    return float(np.polyfit(np.log(GRIDS), np.log(errors), 1)[0])


def _figure(errors: Mapping[str, Errors], medians: Mapping[str, Sequence[float]]) -> go.Figure:
    figure = go.Figure()
    for peer, found in errors.items():
        figure.add_scatter(x=GRIDS, y=medians[peer], name=f"{peer}, median", line={"width": 3})
        figure.add_scatter(
            x=[grid for grid in GRIDS for _ in found[grid]],
            y=[error for grid in GRIDS for error in found[grid]],
            name=f"{peer}, every seed",
            mode="markers",
            opacity=0.5,
        )
    ideal = [medians["ours"][0] * (grid / GRIDS[0]) ** -4 for grid in GRIDS]
    figure.add_scatter(x=GRIDS, y=ideal, name="G⁻⁴", line={"dash": "dash", "color": "#808080"})
    return drawn(figure, x="grid size G", y="test RMSE", logarithmic="xy")
