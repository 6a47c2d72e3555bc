"""The README says everything that a user can set, call, type or meet, and nothing that is not there."""

import json
import re
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from service.cli.main import main
from service.errors import EdgewiseError
from service.settings import Settings

ROOT = Path(__file__).parents[2]
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text()


def _edgewise(argument: str, data_dir: Path) -> str:
    """What the command prints."""
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as output, suppress(SystemExit):
        patch.setenv("EDGEWISE_DATA_DIR", str(data_dir))
        main([argument])
    return output.getvalue()


def _leaves(error: type[EdgewiseError]) -> list[type[EdgewiseError]]:
    children = error.__subclasses__()
    return [leaf for child in children for leaf in _leaves(child)] if children else [error]


def test_every_setting_is_documented(readme: str) -> None:
    names = [f"EDGEWISE_{field.upper()}" for field in Settings.model_fields]
    assert [name for name in names if f"`{name}`" not in readme] == []


def test_every_documented_setting_exists(readme: str) -> None:
    known = {f"EDGEWISE_{field.upper()}" for field in Settings.model_fields} | {"EDGEWISE_TEST_DATABASE"}
    assert set(re.findall(r"EDGEWISE_[A-Z_]+", readme)) <= known


def test_every_command_is_documented(readme: str, tmp_path: Path) -> None:
    _, listing = _edgewise("--help", tmp_path).split("COMMAND\n")
    commands = re.findall(r"^    ([a-z-]+)", listing, flags=re.MULTILINE)
    assert {"serve", "worker", "migrate", "demo"} <= set(commands)
    assert [name for name in commands if f"edgewise {name}" not in readme] == []


def test_every_route_is_documented(readme: str, tmp_path: Path) -> None:
    openapi: Any = json.loads(_edgewise("openapi", tmp_path))
    routes = [
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, operations in openapi["paths"].items()
        for method in operations
        if method in METHODS
    ]
    assert routes
    # A route is followed by something that cannot continue its path.
    missing = [route for route in routes if not re.search(re.escape(route) + r"(?![\w/{])", readme)]
    assert missing == []


def test_every_error_code_is_documented(readme: str) -> None:
    codes = sorted({leaf.code for leaf in _leaves(EdgewiseError)})
    assert [code for code in codes if f"`{code}`" not in readme] == []


def test_every_leaf_error_has_a_code_of_its_own() -> None:
    codes = [leaf.code for leaf in _leaves(EdgewiseError)]
    assert sorted(codes) == sorted(set(codes))
    assert EdgewiseError.code not in codes


def test_every_documented_make_target_exists(readme: str) -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", readme, flags=re.MULTILINE))
    assert {"run", "test"} <= named <= targets


def test_every_linked_file_exists(readme: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)[^):]*\)", readme)
    assert [link for link in links if not (ROOT / link).exists()] == []
