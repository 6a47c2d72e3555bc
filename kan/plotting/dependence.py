"""Shape functions and partial dependence with band and density, and the surface of two features."""

import html

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from kan.explanation.dependence import Dependence, Surface
from kan.plotting.edges import BAND_NAME, SIGMAS
from kan.plotting.style import (
    BLUE,
    GREY,
    NEUTRAL,
    SKY,
    draw_band,
    draw_density,
    draw_missing_value,
    draw_tiles,
    labelled,
    name_ticks,
    plain,
)


def dependence_figure(found: Dependence) -> go.Figure:
    """Return how the output moves with a feature, above the density of the reference rows.

    The band holds nine in ten where it is known; thin lines are single rows, a dashed line is the value when missing.
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.8, 0.2], vertical_spacing=0.04)
    what = "shape function" if found.is_additive else "partial dependence"
    if found.categories:
        _draw_bars(figure, found, what)
    else:
        _draw_curve(figure, found, what)
    figure.update_xaxes(title_text=labelled(found.feature, found.unit), row=2, col=1)
    figure.update_yaxes(title_text=f"change of {html.escape(found.output)}, link scale", row=1, col=1)
    figure.update_yaxes(title_text="rows", rangemode="tozero", row=2, col=1)
    return plain(figure, f"{what.capitalize()} of {html.escape(found.feature)}")


def surface_figure(found: Surface) -> go.Figure:
    """Return how the output moves with two features together, as coloured tiles."""
    figure = go.Figure()
    draw_tiles(figure, found.x, found.y, found.z, name="change, link scale", diverging=True)
    first, second = (labelled(name, unit) for name, unit in zip(found.features, found.units, strict=True))
    figure.update_xaxes(title_text=first)
    figure.update_yaxes(title_text=second)
    for letter, names in zip("xy", found.categories, strict=True):
        if names:
            name_ticks(figure, letter, names)
    pair = " and ".join(html.escape(name) for name in found.features)
    return plain(figure, f"Dependence of {html.escape(found.output)} on {pair}")


def _draw_curve(figure: go.Figure, found: Dependence, what: str) -> None:
    if found.deviation:
        draw_band(figure, found.x, found.y, [SIGMAS * one for one in found.deviation], BAND_NAME, row=1, col=1)
    for position, curve in enumerate(found.individual):
        figure.add_scatter(
            x=found.x,
            y=curve,
            name="single rows",
            legendgroup="single rows",
            showlegend=position == 0,
            mode="lines",
            line={"color": GREY, "width": 1},
            hoverinfo="skip",
            row=1,
            col=1,
        )
    figure.add_scatter(
        x=found.x,
        y=found.y,
        name=what,
        mode="lines",
        line={"color": BLUE, "width": 3},
        hovertemplate="%{x:.6g} → %{y:.6g}",
        row=1,
        col=1,
    )
    if found.missing_value is not None:
        draw_missing_value(figure, found.x, found.missing_value, row=1, col=1)
    draw_density(figure, found.density_edges, found.density_counts, row=2, col=1)


def _draw_bars(figure: go.Figure, found: Dependence, what: str) -> None:
    error = {"type": "data", "array": [SIGMAS * one for one in found.deviation], "color": NEUTRAL}
    for row, heights, name, color in ((1, found.y, what, BLUE), (2, found.density_counts, "reference rows", SKY)):
        figure.add_bar(
            x=found.x,
            y=heights,
            name=name,
            marker={"color": color},
            customdata=[html.escape(category) for category in found.categories],
            error_y=error if row == 1 and found.deviation else None,
            hovertemplate="%{customdata}: %{y:.6g}<extra></extra>",
            showlegend=False,
            row=row,
            col=1,
        )
    name_ticks(figure, "x", found.categories)
