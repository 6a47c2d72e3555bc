"""Candidates of a search by size and loss, with those that no smaller one beats."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from kan.plotting.style import BLUE, NEUTRAL, plain


@dataclass(frozen=True)
class CandidatePoint:
    """One candidate: its size, its loss, whether it is on the front, and its name."""

    size: float
    loss: float
    on_front: bool
    name: str


def candidates_figure(points: Sequence[CandidatePoint], size_title: str, loss_title: str) -> go.Figure:
    """Return loss against size, those on the front as diamonds; names are shown as they stand."""
    figure = go.Figure()
    for on_front, name, colour in ((False, "other candidates", NEUTRAL), (True, "front", BLUE)):
        shown = sorted((one for one in points if one.on_front == on_front), key=lambda one: (one.size, one.loss))
        figure.add_scatter(
            x=[one.size for one in shown],
            y=[one.loss for one in shown],
            text=[one.name for one in shown],
            mode="markers",
            name=name,
            marker={"color": colour, "size": 10 if on_front else 7, "symbol": "diamond" if on_front else "circle"},
            hovertemplate="%{text}<br>%{x}, %{y:.4g}<extra></extra>",
        )
    figure.update_xaxes(title_text=size_title)
    figure.update_yaxes(title_text=loss_title)
    return plain(figure, "Candidates by size and loss")
