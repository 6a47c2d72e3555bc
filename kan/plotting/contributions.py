"""The way from the base value to one output, contribution by contribution."""

import html
import math
from collections.abc import Sequence

import plotly.graph_objects as go

from kan.plotting.style import BLUE, NEUTRAL, VERMILION, plain


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
            totals={"marker": {"color": NEUTRAL}},
            connector={"line": {"color": NEUTRAL, "width": 1}},
        )
    )
    # rows are numbered and named by the axis, so that equal labels stay apart
    figure.update_yaxes(
        autorange="reversed", automargin=True, tickmode="array", tickvals=list(range(len(labels))), ticktext=labels
    )
    figure.update_xaxes(title_text="link scale")
    return plain(figure, "Contributions")
