"""One answer as a flow through the network: every edge as wide as what it contributes, layer by layer."""

import html
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from kan.network import EdgeId
from kan.plotting.style import BLUE, NEUTRAL, VERMILION, plain

WIDEST, THINNEST = 14.0, 0.5  # pixels of the largest contribution, and of those that are nearly 0


def flow_figure(contributions: Mapping[EdgeId, float], names: Sequence[Sequence[str]]) -> go.Figure:
    """Return the contributions of all edges to one output, in one colour where they raise it, in another where not.

    `names` are the names of all nodes, layer by layer, inputs first. Nodes without an edge are left out.
    """
    figure = go.Figure()
    largest = max((abs(value) for value in contributions.values()), default=0.0) or 1.0
    heights = [_heights(len(layer)) for layer in names]
    for edge, value in sorted(contributions.items(), key=lambda pair: abs(pair[1])):
        source, target = names[edge.layer][edge.source], names[edge.layer + 1][edge.target]
        figure.add_scatter(
            x=[edge.layer, edge.layer + 1],
            y=[heights[edge.layer][edge.source], heights[edge.layer + 1][edge.target]],
            mode="lines",
            name=f"{edge}: {html.escape(source)} → {html.escape(target)} {value:+.4g}",
            line={
                "color": VERMILION if value > 0 else BLUE,
                "width": max(THINNEST, WIDEST * abs(value) / largest),
            },
            hovertemplate=f"{html.escape(source)} → {html.escape(target)}: {value:+.4g}<extra></extra>",
            showlegend=False,
        )
    _draw_nodes(figure, contributions, names, heights)
    figure.update_xaxes(visible=False, range=[-0.6, len(names) - 0.4])
    figure.update_yaxes(visible=False, range=[-0.05, 1.05])
    return plain(figure, "Contributions of the edges")


def _draw_nodes(
    figure: go.Figure,
    contributions: Mapping[EdgeId, float],
    names: Sequence[Sequence[str]],
    heights: Sequence[Sequence[float]],
) -> None:
    used = {(edge.layer, edge.source) for edge in contributions}
    used |= {(edge.layer + 1, edge.target) for edge in contributions}
    places = sorted(used)
    figure.add_scatter(
        x=[layer for layer, _ in places],
        y=[heights[layer][node] for layer, node in places],
        mode="markers+text",
        name="nodes",
        text=[html.escape(names[layer][node]) for layer, node in places],
        textposition=["middle left" if layer == 0 else "middle right" for layer, _ in places],
        marker={"color": NEUTRAL, "size": 10},
        hoverinfo="skip",
        showlegend=False,
    )


def _heights(count: int) -> list[float]:
    """Return where the nodes of a layer stand, the first at the top."""
    return [1 - (place + 0.5) / count for place in range(count)]
