"""The exports at work beside `kan` itself: the largest difference of any number, on rows that reach every special case.

The models are those of the tests, with every kind of edge, family and function; the rows lie in and far outside of
their domains, on knots and borders, and hold missing values and categories never seen.
"""

import math
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import plotly.graph_objects as go

from tests.benchmarks.jobs import Bench
from tests.benchmarks.report import Report, drawn
from tests.kan.export.models import EXPLAINED, MODELS, expected, largest_difference, special_rows
from tests.kan.export.runners import RUNNERS, Runner, onnx32

ROWS, QUICK_ROWS = 10_000, 1_000
SINGLE = "onnx, float32"

Differences = dict[str, tuple[float, float]]  # of outputs and contributions, by model


def measure(bench: Bench) -> Report:
    """Run every export of every model; they run in this process, so there are no jobs."""
    count = QUICK_ROWS if bench.quick else ROWS
    found, seconds = {}, {}
    for name, runner in {**RUNNERS, SINGLE: onnx32}.items():
        started = time.perf_counter()
        found[name] = {model: _differences(model, runner, count, name == SINGLE) for model in MODELS}
        seconds[name] = time.perf_counter() - started
    return Report(
        title=f"Exports beside kan: largest difference on {count:,} rows of each of {len(MODELS)} models",
        header=("export", "outputs", "contributions", "model with the largest", "seconds"),
        rows=[(name, *_cells(by_model), f"{seconds[name]:.3g}") for name, by_model in found.items()],
        figure=_figure(found),
        notes=(
            "Outputs: on the link scale and of the response. Contributions: of edges and features, and the base value.",
            "Differences are relative where the number is above 1. PostgreSQL is compared in the tests.",
        ),
    )


def _differences(name: str, runner: Runner, count: int, is_single: bool) -> tuple[float, float]:
    """Return the largest difference of the outputs, and that of the contributions."""
    model, output = MODELS[name](), EXPLAINED.get(name, 0)
    x = special_rows(model, count)
    x = x.float().double() if is_single else x
    wanted = expected(model, x, output)
    with tempfile.TemporaryDirectory() as folder:
        answers = runner(model, x, output, Path(folder))
    return (
        largest_difference(replace(wanted, link=answers.link, response=answers.response), wanted),
        largest_difference(replace(answers, link=wanted.link, response=wanted.response), wanted),
    )


def _cells(by_model: Differences) -> tuple[str, str, str]:
    outputs, contributions = (max(column) for column in zip(*by_model.values(), strict=True))
    return f"{outputs:.2g}", f"{contributions:.2g}", max(by_model, key=lambda model: max(by_model[model]))


def _figure(found: Mapping[str, Differences]) -> go.Figure:
    figure = go.Figure()
    for name, by_model in found.items():
        worst = [max(pair) or math.nan for pair in by_model.values()]
        figure.add_scatter(x=list(by_model), y=worst, name=name, mode="markers", marker={"size": 10})
    return drawn(figure, x="", y="largest difference", logarithmic="y")
