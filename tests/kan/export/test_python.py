"""The module of Python: what it accepts, what it refuses, and that names cannot do anything in it."""

import ast
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kan.export.formats import export
from kan.model import FittedModel
from tests.kan.export.models import awkward, deep, root_at_the_border

ROW: dict[str, Any] = {"age": 41, "income": None, "purpose": "car"}


def _module(model: FittedModel) -> dict[str, Any]:
    """Run the module as an import would, and return its names."""
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(str(export(model, "python")), "exported", "exec"), names)  # noqa: S102  # the export is code
    return names


def test_a_missing_number_may_be_none_or_nan() -> None:
    predict = _module(deep())["predict"]
    assert predict(ROW) == predict({**ROW, "income": math.nan})


def test_a_missing_category_is_the_empty_one() -> None:
    predict = _module(deep())["predict"]
    assert predict({**ROW, "purpose": None}) == predict({**ROW, "purpose": ""})
    assert predict({**ROW, "purpose": "boat"}) == predict({**ROW, "purpose": "Car"})
    assert predict({**ROW, "purpose": "boat"}) != predict(ROW)


@pytest.mark.parametrize(
    "change",
    [{"age": None}, {"age": "41"}, {"age": math.inf}, {"purpose": 3}, {"colour": "red"}],
)
def test_a_row_that_the_model_would_refuse_is_refused(change: dict[str, Any]) -> None:
    predict = _module(deep())["predict"]
    with pytest.raises(ValueError, match=r"age|purpose"):
        predict({**ROW, **change})


def test_a_row_without_a_finite_output_is_refused() -> None:
    predict = _module(root_at_the_border())["predict"]
    assert predict({"area": 0})["link"] == predict({"area": 0.0})["link"]
    with pytest.raises(ValueError, match="no finite output"):
        predict({"area": -1e-3})


def test_feature_contributions_add_up_to_the_difference_from_the_base_value() -> None:
    answer = _module(deep())["predict"](ROW)
    assert sum(answer["features"].values()) == pytest.approx(answer["link"][0] - answer["base_value"], abs=1e-12)
    assert list(answer["features"]) == ["age", "income", "purpose"]


def test_a_program_reads_and_writes_lines_of_json(tmp_path: Path) -> None:
    program = tmp_path / "model.py"
    program.write_text(str(export(deep(), "python")))
    command = [sys.executable, "-I", "-S", str(program)]
    done = subprocess.run(command, input=json.dumps(ROW), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == _module(deep())["predict"](ROW)


def test_names_of_users_are_constants_of_the_module() -> None:
    text = str(export(awkward(), "python"))
    assert text.isascii()
    names = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    assert {feature.name for feature in awkward().features} <= names


def test_the_module_imports_the_standard_library_alone() -> None:
    tree = ast.parse(str(export(deep(), "python")))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"json", "math", "sys", "collections.abc", "typing"}
