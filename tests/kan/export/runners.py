"""The exports at work, each where it is meant to run: Python, a compiler of C, databases, ONNX Runtime."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import onnxruntime
import psycopg
import sqlglot
import torch
from jaxtyping import Float
from sqlglot import exp
from torch import Tensor

from kan.export.formats import export
from kan.export.pieces import pieces_of
from kan.export.sql import quoted
from kan.features import CategoricalFeature
from kan.model import FittedModel
from tests.kan.export.models import Answers, labelled

Runner = Callable[[FittedModel, Float[Tensor, "rows features"], int, Path], Answers]


def python(model: FittedModel, x: Tensor, output: int, directory: Path) -> Answers:
    program = directory / "model.py"
    program.write_text(str(export(model, "python", output=output)), encoding="utf-8")
    lines = "\n".join(json.dumps(row) for row in labelled(model, x))
    # Isolated and without site-packages: nothing but the standard library can be imported.
    answers = [json.loads(line) for line in _output([sys.executable, "-I", "-S", str(program)], lines).splitlines()]
    names = list(answers[0]["contributions"])
    return Answers(
        _tensor([one["link"] for one in answers]),
        _tensor([one["response"] for one in answers]),
        answers[0]["base_value"],
        {name: _tensor([one["contributions"][name] for one in answers]) for name in names},
        _tensor([[one["features"][feature.name] for feature in model.features] for one in answers]),
    )


def c(model: FittedModel, x: Tensor, output: int, directory: Path) -> Answers:
    text = str(export(model, "c", output=output))
    (directory / "model.c").write_text(text, encoding="utf-8")
    strict = ["gcc", "-O2", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"]
    _output([*strict, "-c", str(directory / "model.c"), "-o", str(directory / "model.o")])
    program = directory / "model"
    _output([*strict, "-DKAN_MAIN", str(directory / "model.c"), "-o", str(program), "-lm"])
    lines = "\n".join(" ".join(map(repr, row)) for row in x.tolist())
    numbers = [[float(one) for one in line.split()] for line in _output([str(program)], lines).splitlines()]
    base_value = next(line.split()[2] for line in text.splitlines() if line.startswith("#define KAN_BASE_VALUE"))
    return _split(model, _tensor(numbers), float(base_value), _contributing(model, output))


def sqlite(model: FittedModel, x: Tensor, output: int, directory: Path) -> Answers:
    with sqlite3.connect(":memory:") as connection:
        text = "TEXT COLLATE NOCASE"  # which must not matter
        _fill(connection, model, x, "?", {"number": "REAL", "text": text})
        return _from_rows(model, connection.execute(_query(model, "sqlite", output)).fetchall(), output)


def duck(model: FittedModel, x: Tensor, output: int, directory: Path) -> Answers:
    with duckdb.connect() as connection:
        _fill(connection, model, x, "?", {"number": "DOUBLE", "text": "VARCHAR COLLATE NOCASE"})
        return _from_rows(model, connection.execute(_query(model, "duckdb", output)).fetchall(), output)


def translated(dialect: str, model: FittedModel, x: Tensor, output: int) -> Answers:
    """Run what is written for a database that is not here in DuckDB, as sqlglot understands it."""
    tree = sqlglot.parse_one(_query(model, dialect, output), read=dialect).transform(_in_duckdb)
    with duckdb.connect() as connection:
        _fill(connection, model, x, "?", {"number": "DOUBLE", "text": "VARCHAR COLLATE NOCASE"})
        return _from_rows(model, connection.execute(tree.sql("duckdb")).fetchall(), output)


def _in_duckdb(node: exp.Expr) -> exp.Expr:
    """Write what sqlglot takes over from SQL Server as it is: texts of any length, their bytes, a FLOAT of 53 bits."""
    if isinstance(node, exp.Cast) and node.to.is_type("varbinary"):
        return exp.Anonymous(this="ENCODE", expressions=[node.this.transform(_in_duckdb)])
    if isinstance(node, exp.DataType) and node.is_type("float"):
        return exp.DataType.build("double")
    if isinstance(node, exp.DataType) and node.expressions:
        return exp.DataType.build("text")
    return exp.Literal.string(node.this) if isinstance(node, exp.National) else node


def database(url: str, model: FittedModel, x: Tensor, output: int, directory: Path) -> Answers:
    """Run in the database of the service's tests: SQLite or PostgreSQL."""
    if not url.startswith("postgresql"):
        return sqlite(model, x, output, directory)
    with psycopg.connect(url) as connection:
        cursor = connection.cursor()
        _fill(cursor, model, x, "%s", {"number": "DOUBLE PRECISION", "text": "TEXT"})
        query = _query(model, "postgres", output)
        found = cursor.execute(query.encode()).fetchall()
        connection.rollback()
        return _from_rows(model, found, output)


def onnx64(model: FittedModel, x: Tensor, output: int, directory: Path) -> Answers:
    return _onnx(model, x.numpy(), output, "onnx")


def onnx32(model: FittedModel, x: Tensor, output: int, directory: Path) -> Answers:
    return _onnx(model, x.numpy().astype(np.float32), output, "onnx-float32")


def _onnx(model: FittedModel, x: np.ndarray, output: int, name: str) -> Answers:
    session = onnxruntime.InferenceSession(export(model, name, output=output))
    names = [one.name for one in session.get_outputs()]
    parts = [session.run(None, {"x": part}) for part in np.array_split(x, len(x) // 500 + 1)]
    columns = [np.concatenate(one).astype(np.float64) for one in zip(*parts, strict=True)]
    found = {name: torch.from_numpy(one) for name, one in zip(names, columns, strict=True)}
    edges = json.loads(session.get_modelmeta().custom_metadata_map["contributions"])
    contributions = dict(zip(edges, found["contributions"].T, strict=True))
    return Answers(found["link"], found["response"], float(found["base_value"][0]), contributions, found["features"])


def _output(command: Sequence[str], text: str = "") -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _tensor(values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def _query(model: FittedModel, dialect: str, output: int) -> str:
    return str(export(model, f"sql-{dialect}", output=output, table='ro"ws', row_id="row id"))


def _fill(connection: Any, model: FittedModel, x: Tensor, mark: str, types: dict[str, str]) -> None:
    """Make the table that the query reads."""
    kinds = [types["text" if isinstance(one, CategoricalFeature) else "number"] for one in model.features]
    columns = ", ".join(f"{quoted(one.name)} {kind}" for one, kind in zip(model.features, kinds, strict=True))
    table = quoted('ro"ws')
    connection.execute(f'CREATE TABLE {table} ("row id" INTEGER, {columns})')
    marks = ", ".join([mark] * (len(model.features) + 1))
    rows = [(number, *row.values()) for number, row in enumerate(labelled(model, x))]
    connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608  # the test's own table


def _from_rows(model: FittedModel, rows: list[tuple[Any, ...]], output: int) -> Answers:
    numbers = _tensor([row[1:] for row in sorted(rows)])
    size = model.network.shape[-1]
    base_value = float(numbers[0, 2 * size])
    numbers = torch.cat([numbers[:, : 2 * size], numbers[:, 2 * size + 1 :]], dim=1)
    return _split(model, numbers, base_value, _contributing(model, output))


def _contributing(model: FittedModel, output: int) -> list[str]:
    return [str(one.edge) for one in pieces_of(model, output).explained]


def _split(model: FittedModel, numbers: Tensor, base_value: float, edges: list[str]) -> Answers:
    """Return link, response, contributions and features from columns in this order."""
    size = model.network.shape[-1]
    link, response, contributions, features = numbers.split([size, size, len(edges), len(model.features)], dim=1)
    return Answers(link, response, base_value, dict(zip(edges, contributions.T, strict=True)), features)


RUNNERS: dict[str, Runner] = {"python": python, "c": c, "sqlite": sqlite, "duckdb": duck, "onnx": onnx64}
