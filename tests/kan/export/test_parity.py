"""Every export that runs somewhere answers as `kan` does."""

from pathlib import Path

import pytest

from tests.kan.export.models import EXPLAINED, MODELS, expected, largest_difference, special_rows
from tests.kan.export.runners import RUNNERS, database, onnx32, translated

ROWS = 200
TOLERANCE, TOLERANCE_32 = 1e-9, 1e-5


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("runner", RUNNERS)
def test_an_export_gives_the_answers_of_the_model(runner: str, name: str, tmp_path: Path) -> None:
    model, output = MODELS[name](), EXPLAINED.get(name, 0)
    x = special_rows(model, ROWS)
    found = RUNNERS[runner](model, x, output, tmp_path)
    assert largest_difference(found, expected(model, x, output)) <= TOLERANCE


@pytest.mark.parametrize("name", MODELS)
def test_sql_gives_the_answers_of_the_model_in_a_server(name: str, tmp_path: Path, database_url: str) -> None:
    model, output = MODELS[name](), EXPLAINED.get(name, 0)
    x = special_rows(model, ROWS)
    found = database(database_url, model, x, output, tmp_path)
    assert largest_difference(found, expected(model, x, output)) <= TOLERANCE


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("dialect", ["snowflake", "bigquery", "tsql"])
def test_sql_of_a_database_that_is_not_here_means_the_answers_of_the_model(dialect: str, name: str) -> None:
    model, output = MODELS[name](), EXPLAINED.get(name, 0)
    x = special_rows(model, ROWS)
    assert largest_difference(translated(dialect, model, x, output), expected(model, x, output)) <= TOLERANCE


@pytest.mark.parametrize("name", MODELS)
def test_a_graph_for_numbers_of_single_precision_gives_the_answers_of_the_model(name: str, tmp_path: Path) -> None:
    model, output = MODELS[name](), EXPLAINED.get(name, 0)
    x = special_rows(model, ROWS).float().double()
    found = onnx32(model, x, output, tmp_path)
    assert largest_difference(found, expected(model, x, output)) <= TOLERANCE_32
