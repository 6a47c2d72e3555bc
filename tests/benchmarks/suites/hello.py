"""From rows to a formula: exp(sin(πx) + y²), 1,000 rows, with a network of shape [2, 5, 1], as in pykan's tutorial.

Both know that the rows have no noise. Ours is fitted in at most 50 steps, simplified within a tolerance of 1e-5 and
symbolified. pykan takes the steps of its first tutorial: fit, prune, fit, refine, fit, formulas, fit, 50 steps each.
Symbolification is `symbolify` with its refits here, `auto_symbolic` without one there.
"""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence

import plotly.graph_objects as go

from tests.benchmarks.environments import OURS, PYKAN
from tests.benchmarks.jobs import Bench, Job, Result
from tests.benchmarks.report import Report, drawn
from tests.benchmarks.suites.samples import draw, rmse, wave

DOMAINS = {"x0": [-1.0, 1.0], "x1": [-1.0, 1.0]}  # pykan's grids begin as wide
STATED = {"hidden": [5], "domains": DOMAINS, "steps": 50, "tolerance": 1e-5}
RIGHT = {"ours": (["exp", "sin", "square"],), "pykan": (["exp", "sin", "x^2"],)}
PYKAN_LIMIT_S = 300.0


def measure(bench: Bench) -> Report:
    """Run ours, and pykan unless it should be quick, on every seed."""
    found: dict[str, list[Result]] = {}
    for seed in bench.seeds:
        rows = draw(wave, -1, 1, 2, 1000, seed)
        data = bench.write(rows)
        ours = bench.run(Job(OURS, "formulas", data, {**STATED, "seed": seed}))
        if not ours.failure:
            ours = Result({**ours.figures, "rmse": rmse(ours.arrays["formulas"], rows["y_test"])})
        found.setdefault("ours", []).append(ours)
        if not bench.quick:
            job = Job(PYKAN, "formulas", data, {"width": [2, 5, 1], "seed": seed}, limit_s=PYKAN_LIMIT_S)
            found.setdefault("pykan", []).append(bench.run(job))
    rows_of_table = [(peer, *_cells(peer, results, found["ours"])) for peer, results in found.items()]
    return Report(
        title=f"From rows to the formula exp(sin(πx) + y²); medians over {bench.repetitions}",
        header=(
            "peer",
            "finished",
            "seconds",
            "ratio to ours",
            "symbolification, s",
            "ratio to ours",
            "RMSE",
            "worst seed",
            "right functions",
        ),
        rows=rows_of_table,
        figure=_figure(found),
        notes=(_parts(found["ours"]), *_others(found)),
    )


def _cells(peer: str, results: Sequence[Result], ours: Sequence[Result]) -> tuple[str, ...]:
    errors = [result.figures["rmse"] for result in results if not result.failure]
    right = sum(_is_right(peer, result) for result in results)
    return (
        f"{len(errors)} of {len(results)}",
        *_times(results, ours, lambda result: result.seconds),
        *_times(results, ours, lambda result: float(result.figures["times"]["formulas"])),
        f"{_median(errors):.3g}",
        f"{max(errors, key=_nan_last, default=math.nan):.3g}",
        f"{right} of {len(results)}",
    )


def _times(results: Sequence[Result], ours: Sequence[Result], seconds: Callable[[Result], float]) -> tuple[str, str]:
    """Return the median of some times and of their ratios to ours, of the seeds on which both finished."""
    pairs = [
        (seconds(one), seconds(own))
        for one, own in zip(results, ours, strict=True)
        if not one.failure and not own.failure
    ]
    return f"{_median([one for one, _ in pairs]):.3g}", f"{_median([one / own for one, own in pairs]):.3g}"


def _parts(ours: Sequence[Result]) -> str:
    """Return the times of our stages in words."""
    figures = [result.figures for result in ours if not result.failure]
    stages = {"fit": "splines", "simplify": "simplified", "symbolify": "formulas"}
    times = [f"{name} {_median([one['times'][stage] for one in figures]):.3g}" for name, stage in stages.items()]
    alone = _median([one["candidates_seconds"] for one in figures])
    return f"Ours: {', '.join(times)} s; nothing but fitting forms to every spline takes {alone:.3g} s."


def _is_right(peer: str, result: Result) -> bool:
    return sorted(result.figures.get("functions", {}).values()) in RIGHT[peer]


def _median(numbers: Sequence[float]) -> float:
    """Return the median, NaN counting as the largest."""
    return statistics.median(sorted(map(_nan_last, numbers))) if numbers else math.nan


def _nan_last(number: float) -> float:
    return math.inf if math.isnan(number) else number


def _others(found: Mapping[str, Sequence[Result]]) -> list[str]:
    """Return what was found or went wrong where the functions are not the right ones."""
    lines = []
    for peer, results in found.items():
        for seed, result in enumerate(results):
            if not _is_right(peer, result):
                what = result.failure or f"RMSE {result.figures['rmse']:.3g}, {result.figures['functions']}"
                lines.append(f"{peer}, seed {seed}: {what}")
    return lines


def _figure(found: Mapping[str, Sequence[Result]]) -> go.Figure:
    figure = go.Figure()
    for peer, results in found.items():
        finished = [result for result in results if not result.failure]
        figure.add_scatter(
            x=[result.seconds for result in finished],
            y=[result.figures["rmse"] for result in finished],
            name=peer,
            mode="markers",
            marker={"size": 12},
        )
    return drawn(figure, x="seconds from rows to the formula", y="test RMSE", logarithmic="xy")
