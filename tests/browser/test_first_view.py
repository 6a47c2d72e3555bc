"""What the browser must fetch before a page shows something, by the build's own list of files."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

_BUILT = Path(__file__).parents[2] / "service/static"
_MOST_BYTES = 60_000


@pytest.fixture(scope="module")
def chunks() -> dict[str, Any]:
    """Every chunk of the built pages, with the chunks that it imports."""
    found: dict[str, Any] = json.loads((_BUILT / "assets/manifest.json").read_text())
    return found


def _needed(chunks: dict[str, Any], *names: str) -> set[str]:
    """Scripts that must be there before any of these runs."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(chunks[name].get("imports", []))
    return found


def _zipped_size(chunks: dict[str, Any], names: set[str]) -> int:
    return sum(len(gzip.compress((_BUILT / chunks[name]["file"]).read_bytes())) for name in names)


def test_no_first_view_needs_more_than_60_kb_of_zipped_scripts(chunks: dict[str, Any]) -> None:
    pages = [name for name in chunks if name.startswith("src/pages/")]
    assert len(pages) > 20
    sizes = {page: _zipped_size(chunks, _needed(chunks, "index.html", page)) for page in pages}
    assert {page: size for page, size in sizes.items() if size > _MOST_BYTES} == {}


def test_charts_and_formulas_are_fetched_only_where_they_are_shown(chunks: dict[str, Any]) -> None:
    pages = [name for name in chunks if name.startswith("src/pages/")]
    needed = _needed(chunks, "index.html", *pages)
    libraries = {name for name in chunks if "plotly" in name or "katex" in name}
    assert len(libraries) == 2
    assert libraries & needed == set()
