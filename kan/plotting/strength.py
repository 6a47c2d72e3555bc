"""Which features move the answers, and which only together."""

from collections.abc import Sequence

import plotly.graph_objects as go

from kan.explanation.strength import FeatureStrength, Interaction
from kan.plotting.style import BLUE, draw_tiles, name_ticks, plain


def strengths_figure(strengths: Sequence[FeatureStrength]) -> go.Figure:
    """Return the strength of every feature as a bar, in the order given from the top."""
    figure = go.Figure(
        go.Bar(
            orientation="h",
            x=[one.deviation for one in strengths],
            y=list(range(len(strengths))),
            name="strength",
            marker={"color": BLUE},
            hovertemplate="%{y}: %{x:.4g}<extra></extra>",
        )
    )
    name_ticks(figure, "y", [one.feature for one in strengths])
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title_text="standard deviation of the contribution, link scale", rangemode="tozero")
    return plain(figure, "Strength of the features")


def interactions_figure(found: Sequence[Interaction]) -> go.Figure:
    """Return the size of every interaction as a tile of a square of the features that have one."""
    names = sorted({name for one in found for name in (one.first, one.second)})
    sizes = {(one.first, one.second): one.size for one in found}
    tiles = [[sizes.get((row, column), sizes.get((column, row), 0.0)) for column in names] for row in names]
    figure, places = go.Figure(), [float(place) for place in range(len(names))]
    if names:
        draw_tiles(figure, places, places, tiles, name="size, link scale", diverging=False)
        name_ticks(figure, "x", names)
        name_ticks(figure, "y", names)
    return plain(figure, "Interactions of features")
