"""Forward and backward pass of one batch of 256 rows: our training path beside a perceptron with as many parameters.

Shapes as in the published comparison of fast KAN libraries: [n, n, 1] for the KAN, grid 5, and [n, 9n, 1] for the
perceptron. The batch is new in every step, so the splines of the inputs count.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from tests.benchmarks.durations import median_ratio
from tests.benchmarks.environments import MLP, OURS_INSIDE
from tests.benchmarks.jobs import Bench, Job, Result
from tests.benchmarks.report import Report, drawn

BATCH, GRID, TERMS = 256, 5, 9  # TERMS are the parameters of an edge: five intervals, degree three, and the base
WIDTHS = (33, 105, 333)  # about 10,000, 100,000 and 1,000,000 parameters
REPETITIONS, QUICK_REPETITIONS = 100, 20
PRECISIONS = ("float64", "float32")
NOTES = (
    "efficient-kan and FastKAN are not packaged. Published for them (KAN-benchmarking: CPU, batch 100, 1000→1000→1,",
    "MLP of the same size; forward/backward in ms): efficient-kan 31.98/44.49, FastKAN 9.96/17.06, MLP 9.77/7.27;",
    f"that is {(31.98 + 44.49) / (9.77 + 7.27):.2f} and {(9.96 + 17.06) / (9.77 + 7.27):.2f} times the MLP.",
)


def measure(bench: Bench) -> Report:
    """Run both at every size and precision, in turn."""
    found: dict[tuple[int, str], tuple[list[Result], list[Result]]] = {}
    repetitions = QUICK_REPETITIONS if bench.quick else REPETITIONS
    for seed in bench.seeds:
        for width in WIDTHS:
            generator = np.random.default_rng(seed)
            data = bench.write({"X": generator.uniform(-1, 1, (BATCH, width)), "y": generator.normal(size=BATCH)})
            for precision in PRECISIONS:
                settings = {"inputs": width, "precision": precision, "repetitions": repetitions, "seed": seed}
                kan = Job(OURS_INSIDE, "throughput", data, {**settings, "width": width, "grid_size": GRID})
                mlp = Job(MLP, "throughput", data, {**settings, "width": TERMS * width})
                ours, theirs = found.setdefault((width, precision), ([], []))
                ours.append(bench.run(kan))
                theirs.append(bench.run(mlp))
    return Report(
        title=f"Milliseconds forward and backward, {BATCH} rows; medians of {repetitions} × {len(bench.seeds)} passes",
        header=("parameters", "precision", "ours", "mlp", "ours / mlp"),
        rows=[_row(precision, ours, theirs) for (_, precision), (ours, theirs) in found.items()],
        figure=_figure(found),
        notes=NOTES,
    )


def _row(precision: str, ours: Sequence[Result], theirs: Sequence[Result]) -> tuple[str, ...]:
    parameters = theirs[0].figures.get("parameters", 0)
    ratio = median_ratio(ours, theirs)
    return (f"{parameters:,}", precision, f"{_milliseconds(ours):.3g}", f"{_milliseconds(theirs):.3g}", f"{ratio:.3g}")


def _milliseconds(results: Sequence[Result]) -> float:
    return float(np.median([result.seconds for result in results])) * 1000


def _figure(found: Mapping[tuple[int, str], tuple[Sequence[Result], Sequence[Result]]]) -> go.Figure:
    figure = go.Figure()
    for precision in PRECISIONS:
        for position, peer in enumerate(("ours", "mlp")):
            chosen = [pair for (_, one), pair in found.items() if one == precision]
            figure.add_scatter(
                x=[pair[1][0].figures.get("parameters") for pair in chosen],
                y=[_milliseconds(pair[position]) for pair in chosen],
                name=f"{peer}, {precision}",
            )
    return drawn(figure, x="parameters", y="milliseconds", logarithmic="xy")
