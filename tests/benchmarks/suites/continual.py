"""Five Gaussian peaks, learned one after the other: how much of the old ones does a network forget?

y = exp(-300 (x - c)²) for c = -0.8, -0.4, 0, 0.4, 0.8, with 100 rows in c ± 0.2 each, after S. Liu et al., "KAN"
(2024), section 3.4. Figures are taken on 2,001 even points of [-1, 1]. Forgetting is how much the RMSE on a peak grew
from the moment it was learned until all were.
"""

import statistics
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from tests.benchmarks.environments import MLP, OURS, PYKAN, Peer
from tests.benchmarks.jobs import Bench, Job, Result
from tests.benchmarks.report import Report, drawn
from tests.benchmarks.suites.samples import Numbers, rmse

CENTRES = (-0.8, -0.4, 0.0, 0.4, 0.8)
REACH, ROWS, GRID = 0.2, 100, 200
POINTS = np.linspace(-1, 1, 2001)
SETTINGS: Mapping[Peer, Mapping[str, object]] = {
    OURS: {"hidden": [], "grid_size": GRID, "domains": {"x0": [-1.0, 1.0]}},
    PYKAN: {"grid": GRID},
    MLP: {"width": 32, "steps": 5000},
}


def measure(bench: Bench) -> Report:
    """Run every peer on every seed."""
    found: dict[str, list[Result]] = {peer.name: [] for peer in SETTINGS}
    for seed in bench.seeds:
        data = bench.write(_parts(seed))
        for peer, settings in SETTINGS.items():
            common = {"parts": len(CENTRES), "seed": seed}
            found[peer.name].append(bench.run(Job(peer, "learn_in_turn", data, {**settings, **common})))
    return Report(
        title=f"Five peaks learned one after the other; medians over {bench.repetitions}",
        header=(
            "peer",
            "forgotten",
            "worst seed",
            "RMSE when learned",
            "RMSE at the end",
        ),
        rows=[(peer, *_cells(results)) for peer, results in found.items()],
        figure=_figure(found),
        notes=(
            "Forgotten: the largest growth of the RMSE on an old peak from the moment it was learned to the end.",
            "pykan's own tutorial prints a training RMSE of 3.99e-6 in every part.",
        ),
    )


def peaks(x: Numbers) -> Numbers:
    """Return the sum of the five peaks."""
    total: Numbers = np.exp(-300 * (x[:, None] - np.array(CENTRES)) ** 2).sum(axis=1)
    return total


def _parts(seed: int) -> dict[str, Numbers]:
    generator = np.random.default_rng(seed)
    parts = {"X": POINTS[:, None], "y": peaks(POINTS)}
    for part, centre in enumerate(CENTRES):
        x = generator.uniform(centre - REACH, centre + REACH, size=ROWS)
        parts |= {f"X_{part}": x[:, None], f"y_{part}": peaks(x)}
    return parts


def _cells(results: Sequence[Result]) -> tuple[str, ...]:
    figures = [_forgotten(result) for result in results if not result.failure]
    if not figures:
        return ("failed", "–", "–", "–")
    forgotten, learned, final = zip(*figures, strict=True)
    medians = (statistics.median(forgotten), max(forgotten), statistics.median(learned), statistics.median(final))
    return tuple(f"{one:.3g}" for one in medians)


def _forgotten(result: Result) -> tuple[float, float, float]:
    """Return the largest growth of the RMSE on an old peak, the worst RMSE when learned, the RMSE of all at the end."""
    final = result.arrays[f"after_{len(CENTRES) - 1}"]
    growth, learned = [], []
    for part, centre in enumerate(CENTRES):
        near = np.abs(POINTS - centre) <= REACH
        known = peaks(POINTS[near])
        learned.append(rmse(result.arrays[f"after_{part}"][near], known))
        growth.append(rmse(final[near], known) - learned[-1])
    return max(growth[:-1]), max(learned), rmse(final, peaks(POINTS))


def _figure(found: Mapping[str, Sequence[Result]]) -> go.Figure:
    figure = go.Figure()
    figure.add_scatter(x=POINTS, y=peaks(POINTS), name="truth", line={"color": "#808080", "width": 5})
    for peer, results in found.items():
        if not results[0].failure:
            final = results[0].arrays[f"after_{len(CENTRES) - 1}"]
            figure.add_scatter(x=POINTS, y=final, name=f"{peer}, at the end")
    return drawn(figure, x="x", y="y")
