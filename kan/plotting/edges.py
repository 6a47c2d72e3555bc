"""An edge with its band, the density of its data, and the forms that could take its place."""

import html
import math
from collections.abc import Sequence

import plotly.graph_objects as go
import torch
from plotly.subplots import make_subplots

from kan.explanation.curves import EdgeCurve
from kan.explanation.uncertainty import quantile
from kan.plotting.style import (
    BLUE,
    GREY,
    NEUTRAL,
    OVERLAYS,
    SKY,
    draw_band,
    draw_density,
    draw_missing_value,
    labelled,
    name_ticks,
    plain,
)
from kan.symbolic.fitting import Candidate
from kan.symbolic.formula import edge_text

COVERAGE = 0.9
SIGMAS, BAND_NAME = quantile(COVERAGE), "90 % band"


def edge_figure(curve: EdgeCurve, candidates: Sequence[Candidate] = ()) -> go.Figure:
    """Return the edge's function above the density of its data, with candidate forms drawn over it.

    Outside the training domain the ground is shaded; the value at a missing input is a dashed line. Where it is known
    how sure the curve is, a band holds nine in ten; it is about the curve's shape, not its level.
    A table is drawn as bars.
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.8, 0.2], vertical_spacing=0.04)
    if curve.categories:
        _draw_table(figure, curve)
    else:
        _draw_curve(figure, curve, candidates)
    source = html.escape(curve.source)
    figure.update_xaxes(title_text=labelled(curve.source, curve.unit), row=2, col=1)
    figure.update_yaxes(title_text=f"φ into {html.escape(curve.target)}", row=1, col=1)
    figure.update_yaxes(title_text="rows", rangemode="tozero", row=2, col=1)
    return plain(figure, f"Edge {curve.edge}: {source} → {html.escape(curve.target)}")


def _draw_curve(figure: go.Figure, curve: EdgeCurve, candidates: Sequence[Candidate]) -> None:
    hover = "%{x:.6g} → %{y:.6g}"
    if curve.deviation:
        draw_band(figure, curve.x, curve.y, [SIGMAS * one for one in curve.deviation], BAND_NAME, row=1, col=1)
    figure.add_scatter(
        x=curve.x,
        y=curve.y,
        name=curve.form,
        line={"color": BLUE, "width": 3},
        hovertemplate=hover,
        row=1,
        col=1,
    )
    grid = torch.tensor(curve.x, dtype=torch.float64)
    for position, candidate in enumerate(candidates):
        figure.add_scatter(
            x=curve.x,
            y=[value if math.isfinite(value) else None for value in candidate.form.evaluate(grid).tolist()],
            name=f"{candidate.form.function} (R² {candidate.r2:.4f})",
            line={"color": OVERLAYS[position % len(OVERLAYS)], "width": 2, "dash": "dot"},
            hovertemplate=f"{html.escape(edge_text(candidate.form, curve.source, digits=4))}<br>{hover}",
            row=1,
            col=1,
        )
    if curve.missing_value is not None:
        draw_missing_value(figure, curve.x, curve.missing_value, row=1, col=1)
    draw_density(figure, curve.density_edges, curve.density_counts, row=2, col=1)
    for left, right in ((curve.x[0], curve.domain[0]), (curve.domain[1], curve.x[-1])):
        figure.add_vrect(x0=left, x1=right, fillcolor=GREY, line_width=0, layer="below")


def _draw_table(figure: go.Figure, curve: EdgeCurve) -> None:
    codes = list(range(len(curve.categories)))
    labels = [html.escape(category) for category in curve.categories]
    for row, heights, name, color in (
        (1, curve.y, curve.form, BLUE),
        (2, curve.density_counts, "reference rows", SKY),
    ):
        figure.add_bar(
            x=codes,
            y=heights,
            name=name,
            marker={"color": color},
            customdata=labels,
            hovertemplate="%{customdata}: %{y:.6g}<extra></extra>",
            error_y=_error_bars(curve) if row == 1 else None,
            showlegend=False,
            row=row,
            col=1,
        )
    name_ticks(figure, "x", curve.categories)


def _error_bars(curve: EdgeCurve) -> dict[str, object] | None:
    if not curve.deviation:
        return None
    return {"type": "data", "array": [SIGMAS * one for one in curve.deviation], "color": NEUTRAL}
