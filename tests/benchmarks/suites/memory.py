"""How much memory the search for formulas takes, by the number of rows: exp(sin(πx) + y²), shape [2, 1, 1], one seed.

Every figure is the growth of a fresh process. Ours loads a fitted model and fits the whole library to all edges, which
looks at the model alone; or symbolifies, which refits the network on all rows. pykan, with all rows looked at, fits one
function, the sine, to one edge; its address space is limited, for the sake of the machine.
"""

import plotly.graph_objects as go

from tests.benchmarks.environments import OURS, PYKAN
from tests.benchmarks.jobs import Bench, Job, Result
from tests.benchmarks.report import Report, drawn
from tests.benchmarks.suites.samples import draw, wave

ROWS, QUICK_ROWS = (1_000, 10_000, 100_000), (1_000, 10_000)
DOMAINS = {"x0": [-1.0, 1.0], "x1": [-1.0, 1.0]}
LIMIT_GIB = 8
LABELS = ("ours, candidates", "ours, symbolify", "pykan, one function")


def measure(bench: Bench) -> Report:
    """Measure ours, and pykan unless it should be quick, with more and more rows."""
    counts = QUICK_ROWS if bench.quick else ROWS
    found: dict[str, list[Result]] = {}
    for count in counts:
        rows = draw(wave, -1, 1, 2, count, seed=0)
        data = bench.write(rows)
        model = bench.run(Job(OURS, "fitted", data, {"hidden": [1], "domains": DOMAINS, "seed": 0}))
        loaded = bench.write({**rows, **model.arrays})
        jobs = [
            Job(OURS, "candidates", loaded, {}, LABELS[0]),
            Job(OURS, "symbolify", loaded, {}, LABELS[1]),
            Job(PYKAN, "candidates", data, {"width": [2, 1, 1], "limit_gib": LIMIT_GIB, "seed": 0}, LABELS[2]),
        ]
        for job in jobs[: 2 if bench.quick else 3]:
            found.setdefault(job.name, []).append(bench.run(job))
    failures = [f"{label}: {one.failure}" for label, results in found.items() for one in results if one.failure]
    return Report(
        title="Memory of the search for formulas: growth of the peak in MiB, by rows",
        header=("", *(f"{count:,} rows" for count in counts)),
        rows=[(label, *map(_cell, results)) for label, results in found.items()],
        figure=_figure(counts, found),
        notes=(f"pykan may have {LIMIT_GIB} GiB of addresses.", *failures),
    )


def _cell(result: Result) -> str:
    return "failed" if result.failure else f"{result.figures['growth_mib']:.0f}"


def _figure(counts: tuple[int, ...], found: dict[str, list[Result]]) -> go.Figure:
    figure = go.Figure()
    for label, results in found.items():
        figure.add_scatter(x=counts, y=[result.figures.get("growth_mib") for result in results], name=label)
    return drawn(figure, x="rows", y="growth of the peak, MiB", logarithmic="xy")
