"""The SELECT of `kan.export.sql` in the SQL of six databases, translated by sqlglot.

What sqlglot cannot know is changed in the tree before it is written:

    numbers     have an exponent, so that they are floating-point numbers and no decimals
    text        is compared byte for byte, whatever the collation of the column is
    NaN         is a missing number where the database has it
    GREATEST    and LEAST are those of two numbers: the arguments are never NULL
    MATERIALIZED, TANH   are left out or written otherwise where the database does not know them

T-SQL needs SQL Server 2022 for GREATEST and LEAST.
"""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

import sqlglot
from sqlglot import exp

from kan.errors import InvalidSetting
from kan.export.pieces import Pieces
from kan.export.sql import further_rows, sql_select
from kan.features import CategoricalFeature, Feature

_TANH_OF_U = "(1e0 - 2e0 / (EXP(2e0 * LEAST(u, 3e2)) + 1e0))"  # SQL Server has no TANH


def sql_query(pieces: Pieces, dialect: str, *, table: str, row_id: str) -> str:
    """Return the SELECT with a comment that says what its columns are; raises InvalidSetting for another dialect."""
    if dialect not in DIALECTS:
        raise InvalidSetting("dialect", dialect, f"one of {', '.join(DIALECTS)}")
    change = DIALECTS[dialect]
    tree = sqlglot.parse_one(sql_select(pieces, table, row_id), read="postgres")
    for node in list(tree.walk()):
        _adapt(node)
        change(node)
    for table_expression in tree.find_all(exp.CTE):
        if table_expression.alias == "reference":
            rows = table_expression.this.sql(dialect) + further_rows(pieces)
            table_expression.set("this", exp.Table(this=exp.var(rows)))  # a table is written as it is
    return f"{_comment(pieces)}{tree.sql(dialect, pretty=True)}\n"


def _comment(pieces: Pieces) -> str:
    lines = [f"digest {pieces.digest or 'not given'}"]
    lines += [f"feature_{n}: {_described(feature)}" for n, feature in enumerate(pieces.features)]
    lines += [f"link_{o}, response_{o}: {json.dumps(name)}" for o, name in enumerate(pieces.output_names)]
    lines.append(f"contributions: to link_{pieces.output}, beside the mean base_value")
    return "".join(f"-- {line}\n" for line in lines)


def _described(feature: Feature) -> str:
    if isinstance(feature, CategoricalFeature):
        return f"{json.dumps(feature.name)}, text"
    return f"{json.dumps(feature.name)}, a number{' or NULL' if feature.has_missing else ''}"


def _adapt(node: exp.Expr) -> None:
    """Change a node as every database needs it."""
    if isinstance(node, exp.Literal) and node.is_number and "." in node.this and "e" not in node.this:
        node.set("this", f"{node.this}e0")
    if isinstance(node, exp.Greatest | exp.Least):
        node.set("ignore_nulls", False)


def _is_guard(node: exp.Expr) -> bool:
    """Whether it turns NaN into NULL; the other NULLIF keeps from dividing by 0."""
    return isinstance(node, exp.Nullif) and isinstance(node.expression, exp.Cast)


def _postgres(node: exp.Expr) -> None:
    """Change nothing: it is the language that the SELECT is written in."""


def _sqlite(node: exp.Expr) -> None:
    if _is_guard(node):
        node.replace(node.this)
    if isinstance(node, exp.Collate):
        node.set("expression", exp.var("BINARY"))


def _duckdb(node: exp.Expr) -> None:
    if isinstance(node, exp.Collate):
        node.set("expression", exp.var("C"))


def _snowflake(node: exp.Expr) -> None:
    if isinstance(node, exp.CTE):
        node.set("materialized", None)
    if isinstance(node, exp.Collate):
        node.set("expression", exp.Literal.string(""))


def _bigquery(node: exp.Expr) -> None:
    if _is_guard(node):
        number = node.this
        node.replace(exp.If(this=exp.IsNan(this=number), true=exp.null(), false=number.copy()))
    _snowflake(node)


def _tsql(node: exp.Expr) -> None:
    """Change a node for SQL Server, which compares text by its collation and without the spaces at its end."""
    if isinstance(node, exp.CTE):
        node.set("materialized", None)
    elif _is_guard(node):
        node.replace(node.this)
    elif isinstance(node, exp.Collate):
        node.replace(_bytes(node.this))
    elif isinstance(node, exp.DataType) and node.is_type("text"):
        node.replace(exp.DataType.build("NVARCHAR(MAX)", dialect="tsql"))
    elif isinstance(node, exp.Literal) and node.is_string:
        national = exp.National(this=node.this)
        node.replace(_bytes(national) if isinstance(node.parent, exp.If) else national)
    elif isinstance(node, exp.Tanh):
        argument, written = node.this, sqlglot.parse_one(_TANH_OF_U)
        node.replace(written)
        for place in list(written.find_all(exp.Column)):
            place.replace(argument)


def _bytes(text: exp.Expr) -> exp.Cast:
    return exp.Cast(this=text, to=exp.DataType.build("VARBINARY(MAX)", dialect="tsql"))


Change = Callable[[exp.Expr], None]
DIALECTS: Mapping[str, Change] = MappingProxyType(
    {
        "postgres": _postgres,
        "sqlite": _sqlite,
        "duckdb": _duckdb,
        "snowflake": _snowflake,
        "bigquery": _bigquery,
        "tsql": _tsql,
    }
)
