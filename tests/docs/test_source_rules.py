"""Rules of this tree that no linter knows."""

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYTHON = sorted(path for top in ("kan", "service", "migrations", "tests") for path in (ROOT / top).rglob("*.py"))
PAGES = sorted(path for path in (ROOT / "frontend/src").rglob("*.ts*") if path.name != "schema.ts")
SOURCES = [str(path.relative_to(ROOT)) for path in (*PYTHON, *PAGES)]
VAGUE = {"utils", "helpers", "manager", "common", "base", "core", "misc"}
LONGEST_FILE, LONGEST_FUNCTION = 400, 50
STORES_ITS_SETTINGS = "kan/configuration.py"  # scikit-learn wants a constructor that stores each by name
ONE_PIECE = {"kan/errors.py", "service/errors.py"}  # a tree of small classes each, read as a list


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _comments(path: Path) -> Iterator[tokenize.TokenInfo]:
    with path.open("rb") as source:
        yield from (token for token in tokenize.tokenize(source.readline) if token.type == tokenize.COMMENT)


def test_there_are_sources() -> None:
    assert len(PYTHON) > 20


def test_no_file_is_too_long() -> None:
    lengths = {name: len((ROOT / name).read_text().splitlines()) for name in SOURCES if name not in ONE_PIECE}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_file_has_a_vague_name() -> None:
    assert [name for name in SOURCES if not VAGUE.isdisjoint(Path(name).with_suffix("").parts)] == []


def test_no_function_is_too_long() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in PYTHON
        for node in _functions(path)
        # A migration is one list of tables, told in order.
        if (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION and "versions" not in path.parts
        if (str(path.relative_to(ROOT)), node.name) != (STORES_ITS_SETTINGS, "__init__")
    ]
    assert long == []


def test_every_ignore_has_its_reason_beside_it() -> None:
    bare = []
    for path in PYTHON:
        for token in _comments(path):
            reason, ignores = re.subn(r"noqa: [A-Z0-9, ]+|type: ignore\[[\w, -]+\]", "", token.string)
            if ignores and not re.search(r"\w{3}", reason):
                bare.append(f"{path.relative_to(ROOT)}:{token.start[0]} {token.string}")
    assert bare == []
