"""The one style of all figures: colours, grounds, axes, bands, densities, tiles.

Figures carry an empty template and transparent backgrounds, so that whoever shows them sets fonts, axes and
ground for a light or dark page. Only the series have colours: those of M. Okabe and K. Ito (2008), which
colour-blind readers can tell apart and which keep contrast on both grounds. Names come from users: markup in
them is shown as text.
"""

import html
from collections.abc import Sequence
from itertools import pairwise

import plotly.graph_objects as go
from plotly.colors import sample_colorscale

BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
OVERLAYS = (ORANGE, GREEN, PURPLE, VERMILION, SKY)
NEUTRAL = "#808080"
GREY = "rgba(128, 128, 128, 0.18)"
BAND = "rgba(0, 114, 178, 0.22)"  # blue
TRANSPARENT = "rgba(0, 0, 0, 0)"
RISING = ((0.0, "#f4e3b2"), (0.5, "#56B4E9"), (1.0, "#003f63"))
DIVERGING = ((0.0, "#0072B2"), (0.5, "#f2f2f2"), (1.0, "#D55E00"))


def plain(figure: go.Figure, title: str) -> go.Figure:
    """Return the figure in the style of all; `title` is shown as it stands, so names in it must be escaped."""
    return figure.update_layout(
        template=go.layout.Template(),
        paper_bgcolor=TRANSPARENT,
        plot_bgcolor=TRANSPARENT,
        title={"text": title, "x": 0.01, "xanchor": "left"},
        legend={"orientation": "h", "yanchor": "top", "y": -0.2, "xanchor": "left", "x": 0.0},
        margin={"l": 60, "r": 20, "t": 50, "b": 50},
        bargap=0.2,
    )


def labelled(name: str, unit: str | None) -> str:
    """Return a name with its unit, both as text."""
    return f"{html.escape(name)} ({html.escape(unit)})" if unit else html.escape(name)


def draw_band(
    figure: go.Figure, x: Sequence[float], y: Sequence[float], halves: Sequence[float], name: str, **place: int
) -> None:
    """Shade what lies within `halves` of a curve, as one closed outline."""
    upper = [value + half for value, half in zip(y, halves, strict=True)]
    lower = [value - half for value, half in zip(y, halves, strict=True)]
    figure.add_scatter(
        x=[*x, *reversed(x)],
        y=[*upper, *reversed(lower)],
        name=name,
        mode="lines",
        line={"width": 0, "color": BAND},
        fill="toself",
        fillcolor=BAND,
        hoverinfo="skip",
        **place,
    )


def draw_missing_value(figure: go.Figure, x: Sequence[float], value: float, **place: int) -> None:
    """Draw what a curve is where its input is missing, as a dashed line over its whole width."""
    figure.add_scatter(
        x=[x[0], x[-1]],
        y=[value] * 2,
        name="value when missing",
        mode="lines",
        line={"color": NEUTRAL, "dash": "dash"},
        hovertemplate="missing → %{y:.6g}",
        **place,
    )


def draw_density(figure: go.Figure, borders: Sequence[float], counts: Sequence[int], **place: int) -> None:
    """Draw the reference rows per interval as bars."""
    figure.add_bar(
        x=[(left + right) / 2 for left, right in pairwise(borders)],
        width=[right - left for left, right in pairwise(borders)],
        y=counts,
        name="reference rows",
        marker={"color": SKY},
        hovertemplate="%{x:.6g}: %{y} rows<extra></extra>",
        showlegend=False,
        **place,
    )


def name_ticks(figure: go.Figure, letter: str, names: Sequence[str], **selector: int) -> None:
    """Let the positions 0, 1, 2 … of an axis be told by names, which stay apart where they are equal."""
    shown = [html.escape(name) for name in names]
    update = figure.update_xaxes if letter == "x" else figure.update_yaxes
    update(tickmode="array", tickvals=list(range(len(shown))), ticktext=shown, automargin=True, **selector)


def draw_tiles(
    figure: go.Figure,
    x: Sequence[float],
    y: Sequence[float],
    z: Sequence[Sequence[float]],
    *,
    name: str,
    diverging: bool,
) -> None:
    """Draw a number for every pair of places as a coloured tile, `z[k][i]` at x[i] and y[k], with a bar of colours.

    Tiles are shapes and invisible points with their values: every plotly bundle can draw them.
    """
    flat = [value for row in z for value in row]
    high = max((abs(value) for value in flat), default=0.0) or 1.0
    low, scale = (-high, DIVERGING) if diverging else (0.0, RISING)
    widths, heights = _cells(x), _cells(y)
    places = [(i, k) for k in range(len(y)) for i in range(len(x))]
    colours = sample_colorscale([list(stop) for stop in scale], [(value - low) / (high - low) for value in flat])
    tiles = [
        _tile((widths[i], widths[i + 1]), (heights[k], heights[k + 1]), colour)
        for (i, k), colour in zip(places, colours, strict=True)
    ]
    figure.update_layout(shapes=tiles)
    figure.add_scatter(
        x=[x[i] for i, _ in places],
        y=[y[k] for _, k in places],
        customdata=flat,
        name=name,
        mode="markers",
        marker={
            "color": flat,
            "colorscale": [list(stop) for stop in scale],
            "cmin": low,
            "cmax": high,
            "opacity": 0,
            "showscale": True,
            "colorbar": {"title": {"text": name}, "thickness": 12, "outlinewidth": 0},
        },
        hovertemplate="%{x}, %{y}: %{customdata:.4g}<extra></extra>",
        showlegend=False,
    )
    figure.update_xaxes(range=[widths[0], widths[-1]], showgrid=False, zeroline=False)
    figure.update_yaxes(range=[heights[0], heights[-1]], showgrid=False, zeroline=False)


def _tile(width: tuple[float, float], height: tuple[float, float], colour: str) -> dict[str, object]:
    corners = {"x0": width[0], "x1": width[1], "y0": height[0], "y1": height[1]}
    return {"type": "rect", **corners, "fillcolor": colour, "line": {"width": 0}, "layer": "below"}


def _cells(places: Sequence[float]) -> list[float]:
    """Return the borders half-way between places."""
    if len(places) < 2:
        return [places[0] - 0.5, places[0] + 0.5]
    inner = [(left + right) / 2 for left, right in pairwise(places)]
    return [2 * places[0] - inner[0], *inner, 2 * places[-1] - inner[-1]]
