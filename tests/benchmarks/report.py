"""What a suite found, for three readers: a table on the terminal, JSON for programs, a page with the picture."""

import html
import json
import os
import platform
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from tests.benchmarks.jobs import Bench

CONFIG = {"showSendToCloud": False, "plotlyServerURL": "", "displaylogo": False}
# The colours of M. Okabe and K. Ito (2008), which colour-blind readers can tell apart; the first is ours.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#000000", "#999999")


@dataclass(frozen=True)
class Report:
    """A title, a table with its header, notes below it, and a figure."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    figure: go.Figure
    notes: Sequence[str] = field(default_factory=list)


def text(report: Report) -> str:
    """Return the table with aligned columns, the title above it and the notes below it."""
    lines = [list(report.header), *(list(row) for row in report.rows)]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(report.header))]
    rule = "  ".join("─" * width for width in widths)
    table = [
        "  ".join(_padded(cell, width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    ]
    return "\n".join([report.title, "", table[0], rule, *table[1:], *("", *report.notes)]).rstrip() + "\n"


def save(report: Report, suite: str, bench: Bench, folder: Path) -> None:
    """Write `<suite>.json` and `<suite>.html`."""
    folder.mkdir(parents=True, exist_ok=True)
    surroundings = environment(bench)
    found = {
        "suite": suite,
        "title": report.title,
        "environment": surroundings,
        "table": [dict(zip(report.header, row, strict=True)) for row in report.rows],
        "notes": list(report.notes),
        "jobs": bench.records,
    }
    (folder / f"{suite}.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    (folder / f"{suite}.html").write_text(_page(report, surroundings))


def environment(bench: Bench) -> dict[str, Any]:
    """Return what the figures depend on: processors, threads, scale, and the versions that the peers reported."""
    return {
        "processors": os.cpu_count(),
        "usable_processors": len(os.sched_getaffinity(0)),
        "threads": bench.threads,
        "machine": platform.machine(),
        "system": platform.system(),
        "blas_kernel": os.environ.get("OPENBLAS_CORETYPE", "chosen by OpenBLAS"),
        "quick": bench.quick,
        "seeds": list(bench.seeds),
        "versions": {record["peer"]: record["versions"] for record in bench.records if "versions" in record},
    }


def drawn(figure: go.Figure, *, x: str, y: str, logarithmic: str = "") -> go.Figure:
    """Return the figure with titled axes; `logarithmic` names the axes on a logarithmic scale, "x", "y" or "xy"."""
    figure.update_xaxes(title_text=x, type="log" if "x" in logarithmic else None, automargin=True)
    figure.update_yaxes(title_text=y, type="log" if "y" in logarithmic else None, automargin=True)
    return figure.update_layout(
        template="plotly_white", colorway=COLOURS, height=520, margin={"t": 30}, legend={"orientation": "h", "y": -0.25}
    )


def _page(report: Report, surroundings: Mapping[str, Any]) -> str:
    """Return a page that needs no network: the figure, and what the terminal shows."""
    figure = report.figure.to_html(full_html=False, include_plotlyjs=True, config=CONFIG)
    title = html.escape(report.title)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>\n'
        '<body style="font-family: system-ui, sans-serif; max-width: 70rem; margin: 2rem auto">\n'
        f"{figure}\n<pre>{html.escape(text(report))}</pre>\n"
        f"<pre>{html.escape(json.dumps(surroundings, indent=1))}</pre>\n</body></html>\n"
    )


def _width(cell: str) -> int:
    return sum(not unicodedata.combining(sign) for sign in cell)


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))
