"""The SELECT: its columns, its comments, and that no name of a user is anything but a name."""

import sqlite3

import duckdb
import pytest
import sqlglot
import torch
from jaxtyping import Float
from sqlglot import exp
from torch import Tensor

from kan.errors import InvalidSetting
from kan.export.dialects import DIALECTS, sql_query
from kan.export.formats import export
from kan.export.pieces import pieces_of
from tests.kan.export.models import additive, awkward, deep, every_function, root_at_the_border


def _query(dialect: str, table: str = "rows") -> str:
    return str(export(awkward(), f"sql-{dialect}", table=table))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_query_is_one_select_that_is_read_back_as_it_was_written(dialect: str) -> None:
    statements = sqlglot.parse(_query(dialect), read=dialect)
    assert len(statements) == 1
    assert isinstance(statements[0], exp.Select)
    again = statements[0].sql(dialect)
    assert sqlglot.parse_one(again, read=dialect).sql(dialect) == again


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery", "tsql"])
def test_every_function_can_be_read_in_a_dialect_that_is_not_run_here(dialect: str) -> None:
    tree = sqlglot.parse_one(str(export(every_function(), f"sql-{dialect}")), read=dialect)
    assert [one.name for one in tree.find_all(exp.Anonymous)] == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_names_are_read_back_as_names_and_categories_as_text(dialect: str) -> None:
    tree = sqlglot.parse_one(_query(dialect, table='my"tab`le]'), read=dialect)
    columns = {column.name for column in tree.find_all(exp.Column)}
    assert {feature.name for feature in awkward().features} <= columns
    assert 'my"tab`le]' in {table.name for table in tree.find_all(exp.Table)}
    texts = {one.this for one in tree.find_all(exp.Literal, exp.National) if one.args.get("is_string", True)}
    assert set(awkward().features[2].categories) <= texts  # type: ignore[union-attr]  # the third one is a category


@pytest.mark.parametrize("dialect", DIALECTS)
def test_comments_are_lines_of_ascii_before_the_query(dialect: str) -> None:
    comment, _, query = _query(dialect).partition("WITH ")
    assert comment.isascii()
    assert all(line.startswith("-- ") for line in comment.splitlines())
    assert "--" not in query.replace(awkward().features[0].name.replace('"', '""'), "").replace("; --", "")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_columns_of_the_answer_are_the_same_everywhere(dialect: str) -> None:
    tree = sqlglot.parse_one(str(export(deep(), f"sql-{dialect}", row_id="case")), read=dialect)
    assert isinstance(tree, exp.Select)
    assert tree.named_selects == [
        "case", "link_0", "response_0", "base_value",
        "contribution_0_0_0", "contribution_0_0_2", "contribution_0_1_0", "contribution_0_1_2", "contribution_0_2_0",
        "contribution_1_0_0", "contribution_1_2_0", "feature_0", "feature_1", "feature_2",
    ]  # fmt: skip  # a list


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery", "tsql"])
def test_a_database_that_materialises_nothing_is_not_asked_to(dialect: str) -> None:
    assert "MATERIALIZED" not in str(export(deep(), f"sql-{dialect}"))


def test_sql_server_compares_bytes_and_needs_no_tanh() -> None:
    query = str(export(every_function(), "sql-tsql")) + _query("tsql")
    assert "TANH" not in query
    assert "WHEN CAST(N'car' AS VARBINARY(MAX))" in query
    assert "COLLATE" not in query


def test_every_number_of_a_query_is_a_floating_point_number() -> None:
    tree = sqlglot.parse_one(str(export(every_function(), "sql-duckdb")), read="duckdb")
    decimals = [
        one.this for one in tree.find_all(exp.Literal) if one.is_number and "." in one.this and "e" not in one.this
    ]
    assert decimals == []


def test_an_additive_model_needs_no_reference_rows() -> None:
    query = str(export(additive(), "sql-sqlite"))
    assert "reference" not in query
    assert "CROSS JOIN" in str(export(deep(), "sql-sqlite"))


def test_rows_with_one_name_are_answered_each() -> None:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE rows (id INTEGER, age REAL, income REAL, purpose TEXT)")
        connection.executemany("INSERT INTO rows VALUES (7, ?, NULL, 'car')", [(20.0,), (80.0,)])
        found = connection.execute(str(export(deep(), "sql-sqlite"))).fetchall()
    assert [row[0] for row in found] == [7, 7]
    for row in found:
        assert sum(row[-3:]) == pytest.approx(row[1] - row[3], abs=1e-9)


def test_a_number_that_may_not_be_missing_leaves_the_answer_null() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE rows (id INTEGER, age DOUBLE, income DOUBLE, purpose TEXT)")
        connection.execute("INSERT INTO rows VALUES (1, NULL, 5, 'car'), (2, 'NaN', 5, 'car'), (3, 50, 'NaN', 'car')")
        found = sorted(connection.execute(str(export(deep(), "sql-duckdb"))).fetchall())
    assert found[0][1:3] == found[1][1:3] == (None, None)
    assert found[2][1] == pytest.approx(float(deep().predict_link(_row())), abs=1e-12)


def test_an_answer_beyond_a_border_with_infinite_slope_is_null() -> None:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE rows (id INTEGER, area REAL)")
        connection.executemany("INSERT INTO rows VALUES (?, ?)", [(1, 0.0), (2, -1.0)])
        found = connection.execute(str(export(root_at_the_border(), "sql-sqlite"))).fetchall()
    assert found[0][1] is not None
    assert found[1][1] is None


def test_an_unknown_dialect_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidSetting, match="postgres, sqlite, duckdb"):
        sql_query(pieces_of(deep()), "oracle", table="rows", row_id="id")


def _row() -> Float[Tensor, "1 features"]:
    return torch.tensor([[50.0, torch.nan, 1.0]], dtype=torch.float64)
