"""Plotly figures from plain data: an edge with its candidates, and the contributions of one prediction.

Figures carry an empty template and transparent backgrounds, so that whoever shows them sets fonts, axes and
ground for a light or dark page. Only the series have colours: those of M. Okabe and K. Ito (2008), which
colour-blind readers can tell apart and which keep contrast on both grounds. Names come from users: markup in
them is shown as text.
"""

import html
import math
from collections.abc import Sequence
from itertools import pairwise

import plotly.graph_objects as go
import torch
from plotly.subplots import make_subplots

from kan.explanation.curves import EdgeCurve
from kan.symbolic.fitting import Candidate
from kan.symbolic.formula import edge_text

BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
OVERLAYS = (ORANGE, GREEN, PURPLE, VERMILION, SKY)
GREY = "rgba(128, 128, 128, 0.18)"
TRANSPARENT = "rgba(0, 0, 0, 0)"


def edge_figure(curve: EdgeCurve, candidates: Sequence[Candidate] = ()) -> go.Figure:
    """Return the edge's function above the density of its data, with candidate forms drawn over it.

    Outside the training domain the ground is shaded; the value at a missing input is a dashed line.
    A table is drawn as bars.
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.8, 0.2], vertical_spacing=0.04)
    if curve.categories:
        _draw_table(figure, curve)
    else:
        _draw_curve(figure, curve, candidates)
    source = html.escape(curve.source)
    unit = f" ({html.escape(curve.unit)})" if curve.unit else ""
    figure.update_xaxes(title_text=f"{source}{unit}", row=2, col=1)
    figure.update_yaxes(title_text=f"φ into {html.escape(curve.target)}", row=1, col=1)
    figure.update_yaxes(title_text="rows", rangemode="tozero", row=2, col=1)
    return _plain(figure, f"Edge {curve.edge}: {source} → {html.escape(curve.target)}")


def contributions_figure(
    base_value: float, contributions: Sequence[tuple[str, float]], output: float, limit: int = 15
) -> go.Figure:
    """Return the way from the base value to the output as a waterfall, the largest contributions first.

    `contributions` are labels and shares on the link scale; those after the first `limit` are drawn as one
    step.
    """
    ordered = sorted(contributions, key=lambda pair: -abs(pair[1]))
    shown, rest = ordered[:limit], ordered[limit:]
    if rest:
        shown = [*shown, (f"{len(rest)} others", math.fsum(value for _, value in rest))]
    values = [base_value, *(value for _, value in shown), output]
    labels = ["base value", *(html.escape(label) for label, _ in shown), "output"]
    figure = go.Figure(
        go.Waterfall(
            orientation="h",
            y=list(range(len(values))),
            x=values,
            measure=["absolute", *("relative" for _ in shown), "absolute"],
            customdata=labels,
            text=[f"{value:.4g}" if k in (0, len(values) - 1) else f"{value:+.4g}" for k, value in enumerate(values)],
            textposition="auto",
            hovertemplate="%{customdata}: %{text}<extra></extra>",
            increasing={"marker": {"color": VERMILION}},
            decreasing={"marker": {"color": BLUE}},
            totals={"marker": {"color": "#808080"}},
            connector={"line": {"color": "#808080", "width": 1}},
        )
    )
    # rows are numbered and named by the axis, so that equal labels stay apart
    figure.update_yaxes(
        autorange="reversed", automargin=True, tickmode="array", tickvals=list(range(len(labels))), ticktext=labels
    )
    figure.update_xaxes(title_text="link scale")
    return _plain(figure, "Contributions")


def _draw_curve(figure: go.Figure, curve: EdgeCurve, candidates: Sequence[Candidate]) -> None:
    hover = "%{x:.6g} → %{y:.6g}"
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
        figure.add_scatter(
            x=[curve.x[0], curve.x[-1]],
            y=[curve.missing_value] * 2,
            name="value when missing",
            mode="lines",
            line={"color": "#808080", "dash": "dash"},
            hovertemplate="missing → %{y:.6g}",
            row=1,
            col=1,
        )
    borders = curve.density_edges
    figure.add_bar(
        x=[(left + right) / 2 for left, right in pairwise(borders)],
        width=[right - left for left, right in pairwise(borders)],
        y=curve.density_counts,
        name="reference rows",
        marker={"color": SKY},
        hovertemplate="%{x:.6g}: %{y} rows<extra></extra>",
        showlegend=False,
        row=2,
        col=1,
    )
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
            showlegend=False,
            row=row,
            col=1,
        )
    figure.update_xaxes(tickmode="array", tickvals=codes, ticktext=labels)


def _plain(figure: go.Figure, title: str) -> go.Figure:
    return figure.update_layout(
        template=go.layout.Template(),
        paper_bgcolor=TRANSPARENT,
        plot_bgcolor=TRANSPARENT,
        title={"text": title, "x": 0.01, "xanchor": "left"},
        legend={"orientation": "h", "yanchor": "top", "y": -0.2, "xanchor": "left", "x": 0.0},
        margin={"l": 60, "r": 20, "t": 50, "b": 50},
        bargap=0.2,
    )
