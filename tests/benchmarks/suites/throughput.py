"""Forward and backward pass of one batch of 256 rows: our training path beside a perceptron with as many parameters.

Shapes as in the published comparison of fast KAN libraries: [n, n, 1] for the KAN, grid 5, and [n, 9n, 1] for the
perceptron. Ours are steps of Adam on a larger table, all but the update: the splines of the inputs, which never change
in a training, are computed once before; each step selects the rows and features of its batch, then passes forward and
backward. Where the features of a table exceed the memory they are computed in every step: "ours, anew". The perceptron
passes over one batch that stays.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from tests.benchmarks.durations import median_ratio
from tests.benchmarks.environments import MLP, OURS_INSIDE
from tests.benchmarks.jobs import Bench, Job, Result
from tests.benchmarks.report import Report, drawn

TABLE, BATCH = 4096, 256  # rows
GRID, TERMS = 5, 9  # TERMS are the parameters of an edge: five intervals, degree three, and the base
WIDTHS = (33, 105, 333)  # about 10,000, 100,000 and 1,000,000 parameters
REPETITIONS, QUICK_REPETITIONS = 100, 20
PRECISIONS = ("float64", "float32")
PEERS = ("ours", "ours, anew", "mlp")
MEMORY = 2**28  # bytes for features, as an estimator has it if not told otherwise
NOTES = (
    f"Ours: one training step without the update; batches are drawn from {TABLE:,} rows, whose features are kept",
    "as in training, or computed anew in every step, as for tables that exceed the memory. MLP: one batch that stays.",
    "efficient-kan and FastKAN are not packaged. Published for them (KAN-benchmarking: CPU, batch 100, 1000→1000→1,",
    "MLP of the same size; forward/backward in ms): efficient-kan 31.98/44.49, FastKAN 9.96/17.06, MLP 9.77/7.27;",
    f"that is {(31.98 + 44.49) / (9.77 + 7.27):.2f} and {(9.96 + 17.06) / (9.77 + 7.27):.2f} times the MLP.",
)


def measure(bench: Bench) -> Report:
    """Run both at every size and precision, in turn."""
    found: dict[tuple[int, str], list[list[Result]]] = {}
    repetitions = QUICK_REPETITIONS if bench.quick else REPETITIONS
    for seed in bench.seeds:
        for width in WIDTHS:
            generator = np.random.default_rng(seed)
            x, y = generator.uniform(-1, 1, (TABLE, width)), generator.normal(size=TABLE)
            table, batch = bench.write({"X": x, "y": y}), bench.write({"X": x[:BATCH], "y": y[:BATCH]})
            for precision in PRECISIONS:
                settings = {"inputs": width, "precision": precision, "repetitions": repetitions, "seed": seed}
                own = {**settings, "width": width, "grid_size": GRID, "batch": BATCH}
                kept = Job(OURS_INSIDE, "throughput", table, {**own, "memory": MEMORY})
                anew = Job(OURS_INSIDE, "throughput", table, {**own, "memory": 0}, label="ours, anew")
                mlp = Job(MLP, "throughput", batch, {**settings, "width": TERMS * width})
                results = found.setdefault((width, precision), [[] for _ in PEERS])
                for one, job in zip(results, (kept, anew, mlp), strict=True):
                    one.append(bench.run(job))
    return Report(
        title=f"Milliseconds forward and backward, {BATCH} rows; medians of {repetitions} × {len(bench.seeds)} passes",
        header=("parameters", "precision", *PEERS, "ours / mlp", "anew / mlp"),
        rows=[_row(precision, results) for (_, precision), results in found.items()],
        figure=_figure(found),
        notes=NOTES,
    )


def _row(precision: str, results: Sequence[Sequence[Result]]) -> tuple[str, ...]:
    kept, anew, mlp = results
    parameters = mlp[0].figures.get("parameters", 0)
    times = [f"{_milliseconds(one):.3g}" for one in results]
    ratios = [f"{median_ratio(one, mlp):.3g}" for one in (kept, anew)]
    return (f"{parameters:,}", precision, *times, *ratios)


def _milliseconds(results: Sequence[Result]) -> float:
    return float(np.median([result.seconds for result in results])) * 1000


def _figure(found: Mapping[tuple[int, str], Sequence[Sequence[Result]]]) -> go.Figure:
    figure = go.Figure()
    for precision in PRECISIONS:
        for position, peer in enumerate(PEERS):
            chosen = [results for (_, one), results in found.items() if one == precision]
            figure.add_scatter(
                x=[results[-1][0].figures.get("parameters") for results in chosen],
                y=[_milliseconds(results[position]) for results in chosen],
                name=f"{peer}, {precision}",
            )
    return drawn(figure, x="parameters", y="milliseconds", logarithmic="xy")
