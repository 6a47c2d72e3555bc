"""Figures as SVG or PNG without a browser, for reports: matplotlib draws what plotly describes.

It knows the traces of `kan.plotting`: lines, filled outlines and markers, bars and waterfalls, on one or two panels
above each other, with rectangles behind them. Names are drawn as they stand: no formula, no markup. The same figure
gives the same bytes.
"""

import html
import io
import math
import threading
from collections.abc import Sequence
from typing import Any, Literal

import matplotlib
import plotly.graph_objects as go
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from kan.plotting.style import NEUTRAL

Picture = Literal["svg", "png"]

INCHES, DOTS_PER_INCH = (8.0, 5.0), 150
ROOM_PER_ROW = 0.28  # inches of height for every named row
LONGEST_NAME = 40
DASHES = {"dash": "--", "dot": ":", None: "-"}
SETTINGS: dict[Any, Any] = {"svg.hashsalt": "kan", "text.parse_math": False, "font.size": 10}

SETTINGS_LOCK = threading.Lock()  # matplotlib has its settings once for all threads


def picture(figure: go.Figure, format: Picture, *, ink: str = "#222222") -> bytes:
    """Return a figure on a transparent ground, texts and axes in the colour `ink`."""
    described = figure.to_plotly_json()
    layout, traces = described["layout"], described["data"]
    with SETTINGS_LOCK, matplotlib.rc_context(SETTINGS):
        panels = sorted({str(trace.get("yaxis", "y")) for trace in traces}) or ["y"]
        drawn = Figure(figsize=(INCHES[0], _height(layout)), layout="constrained")
        ratios = [_share(layout, panel) for panel in panels]
        axes = drawn.subplots(len(panels), 1, sharex=True, squeeze=False, height_ratios=ratios)[:, 0].tolist()
        for panel, axis in zip(panels, axes, strict=True):
            for trace in traces:
                if str(trace.get("yaxis", "y")) == panel:
                    _draw(axis, trace)
            _finish(axis, layout, panel, ink)
        for shape in layout.get("shapes", ()):
            _draw_shape(axes, panels, shape)
        axes[-1].set_xlabel(_title(layout, _letter("xaxis", panels[-1])), color=ink)
        drawn.suptitle(_text(layout.get("title", {}).get("text", "")), x=0.02, ha="left", color=ink)
        _draw_legend(drawn, axes, ink)
        return _written(drawn, format)


def _written(drawn: Figure, format: Picture) -> bytes:
    target, nameless = io.BytesIO(), {"Date": None, "Creator": None} if format == "svg" else {"Software": None}
    drawn.savefig(target, format=format, dpi=DOTS_PER_INCH, transparent=True, metadata=nameless)
    return target.getvalue()


def _draw(axis: Axes, trace: dict[str, Any]) -> None:
    {"scatter": _draw_scatter, "bar": _draw_bars, "waterfall": _draw_waterfall}[trace["type"]](axis, trace)


def _draw_scatter(axis: Axes, trace: dict[str, Any]) -> None:
    x, y = _numbers(trace["x"]), _numbers(trace["y"])
    label = _text(trace.get("name") or "") if trace.get("showlegend", True) else None
    if trace.get("fill") == "toself":
        axis.fill(x, y, color=_colour(trace["fillcolor"]), linewidth=0, label=label)
    elif "markers" in trace.get("mode", ""):
        _draw_markers(axis, trace, x, y, label)
    else:
        line = trace.get("line", {})
        style = DASHES[line.get("dash")]
        axis.plot(x, y, style, color=_colour(line.get("color")), linewidth=0.7 * line.get("width", 2), label=label)


def _draw_markers(axis: Axes, trace: dict[str, Any], x: list[float], y: list[float], label: str | None) -> None:
    """Draw points; those with a bar of colours stand for tiles, which are shapes, and only the bar is drawn."""
    marker = trace["marker"]
    if not marker.get("showscale"):
        axis.scatter(x, y, color=_colour(marker.get("color")), label=label, zorder=3)
        for place, text in enumerate(trace.get("text", ())):
            is_left = str(trace["textposition"][place]).endswith("left")
            shift, side = ((-8, 0), "right") if is_left else ((8, 0), "left")
            axis.annotate(_text(text), (x[place], y[place]), shift, textcoords="offset points", ha=side, va="center")
        return
    colours = LinearSegmentedColormap.from_list("tiles", [tuple(stop) for stop in marker["colorscale"]])
    mapped = ScalarMappable(Normalize(marker["cmin"], marker["cmax"]), colours)
    axis.figure.colorbar(mapped, ax=axis, label=_text(trace["name"]))


def _draw_bars(axis: Axes, trace: dict[str, Any]) -> None:
    x, y, colour = _numbers(trace["x"]), _numbers(trace["y"]), _colour(trace["marker"].get("color"))
    if trace.get("orientation") == "h":
        axis.barh(y, x, height=0.8, color=colour)
        return
    error = trace.get("error_y", {}).get("array")
    widths = trace.get("width", 0.8)
    axis.bar(x, y, width=widths, color=colour, yerr=error, ecolor=NEUTRAL, edgecolor="none")


def _draw_waterfall(axis: Axes, trace: dict[str, Any]) -> None:
    end = 0.0
    for place, (value, kind) in enumerate(zip(trace["x"], trace["measure"], strict=True)):
        start, side = (0.0, "totals") if kind == "absolute" else (end, "increasing" if value >= 0 else "decreasing")
        end = start + value
        axis.barh(place, value, left=start, height=0.7, color=_colour(trace[side]["marker"]["color"]))
        axis.annotate(trace["text"][place], (max(start, end), place), (4, 0), textcoords="offset points", va="center")
    axis.margins(x=0.15)


def _draw_shape(axes: Sequence[Axes], panels: Sequence[str], shape: dict[str, Any]) -> None:
    reference = str(shape.get("yref", "y"))
    colour = _colour(shape["fillcolor"])
    if reference.endswith("domain"):
        axes[panels.index(reference.split()[0])].axvspan(shape["x0"], shape["x1"], color=colour, linewidth=0)
        return
    corner, size = (shape["x0"], shape["y0"]), (shape["x1"] - shape["x0"], shape["y1"] - shape["y0"])
    axes[panels.index(reference)].add_patch(Rectangle(corner, *size, facecolor=colour, linewidth=0))


def _finish(axis: Axes, layout: dict[str, Any], panel: str, ink: str) -> None:
    vertical, horizontal = layout.get(_letter("yaxis", panel), {}), layout.get(_letter("xaxis", panel), {})
    axis.set_ylabel(_title(layout, _letter("yaxis", panel)), color=ink)
    for described, place in ((horizontal, axis.xaxis), (vertical, axis.yaxis)):
        if described.get("tickmode") == "array":
            names = [_text(name)[:LONGEST_NAME] for name in described["ticktext"]]
            place.set_ticks(list(described["tickvals"]), labels=names)
    if horizontal.get("tickmode") == "array" and len(horizontal["ticktext"]) > 5:
        axis.tick_params(axis="x", labelrotation=45)
    if horizontal.get("visible") is False:
        axis.set_axis_off()
    if "range" in horizontal:
        axis.set_xlim(*horizontal["range"])
    if "range" in vertical:
        axis.set_ylim(*vertical["range"])
    if vertical.get("autorange") == "reversed":
        axis.invert_yaxis()
    axis.patch.set_alpha(0)
    axis.tick_params(colors=ink)
    axis.grid(visible=True, color=NEUTRAL, alpha=0.25, linewidth=0.6)
    axis.set_axisbelow(True)
    for side, spine in axis.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(NEUTRAL)


def _draw_legend(drawn: Figure, axes: Sequence[Axes], ink: str) -> None:
    handles, names = axes[0].get_legend_handles_labels()
    if len(names) > 1:
        drawn.legend(handles, names, loc="outside lower left", ncols=3, frameon=False, labelcolor=ink)


def _height(layout: dict[str, Any]) -> float:
    rows = layout.get("yaxis", {}).get("ticktext") or ()
    return max(INCHES[1], 1.5 + ROOM_PER_ROW * len(rows))


def _share(layout: dict[str, Any], panel: str) -> float:
    low, high = layout.get(_letter("yaxis", panel), {}).get("domain") or (0.0, 1.0)
    return float(high - low)


def _letter(axis: str, panel: str) -> str:
    """Return the key of an axis of a panel: the second one of "y2" is "yaxis2"."""
    return f"{axis}{panel[1:]}"


def _title(layout: dict[str, Any], axis: str) -> str:
    return _text((layout.get(axis, {}).get("title") or {}).get("text") or "")


def _text(escaped: str) -> str:
    """Return a text as it is read: plotly's are escaped."""
    return html.unescape(str(escaped))


def _numbers(values: Any) -> list[float]:
    return [math.nan if value is None else float(value) for value in values]


def _colour(colour: str | None) -> Any:
    """Return a colour as matplotlib takes it: "rgba(r, g, b, a)" and "rgb(r, g, b)" as numbers."""
    if colour is None or not colour.startswith("rgb"):
        return colour
    parts = [float(part) for part in colour[colour.index("(") + 1 : -1].split(",")]
    return (*(part / 255 for part in parts[:3]), *parts[3:])
