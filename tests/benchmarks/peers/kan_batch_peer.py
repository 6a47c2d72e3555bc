"""Scoring jobs as a worker computes them: a Parquet file in, a Parquet file with contributions out."""

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from kan import KANClassifier
from kan.serialization import dump
from service.domain.canonical import digest_of
from service.modelling.prediction import training_basis
from service.modelling.registry import LoadedModel, load_model
from service.modelling.scoring import Scoring, score_table
from service.modelling.scoring_sources import open_source
from service.modelling.threads import compute_in_one_thread
from service.storage.checkpoints import Checkpoints

Answer = tuple[dict[str, Any], dict[str, Any]]
#: Rows that are written at once while the table is made.
PART_ROWS = 250_000


def warm_up() -> None:
    """Fit and score a small table."""
    compute_in_one_thread()
    x = np.random.default_rng(0).normal(size=(100, 2))
    with tempfile.TemporaryDirectory() as folder:
        _score(_loaded(KANClassifier(random_state=0).fit(x, x[:, 0] > 0)), x, 100, 1, Path(folder))


def batch(data: dict[str, Any], *, rows: int, threads: int, hidden: list[int], simplified: bool, seed: int) -> Answer:
    """Fit, then score a Parquet table of so many rows with the contributions of features; the time is the scoring's."""
    fitted = KANClassifier(hidden=tuple(hidden), random_state=seed).fit(data["X_train"], data["y_train"])
    if simplified:
        fitted.simplify()
    model = _loaded(fitted)
    with tempfile.TemporaryDirectory() as folder:
        seconds, cpu, size = _score(model, data["X_rows"], rows, threads, Path(folder))
    speeds = {"rows_per_second": rows / seconds, "rows_per_cpu_second": rows / cpu}
    return {"seconds": seconds, **speeds, "edges": len(model.edges), "result_bytes": size}, {}


def _loaded(fitted: KANClassifier) -> LoadedModel:
    content = dump(fitted.model_)
    return load_model(digest_of(content), content)


def _score(model: LoadedModel, drawn: Any, rows: int, threads: int, folder: Path) -> tuple[float, float, int]:
    names = [feature.name for feature in model.fitted.features]
    part, table = folder / "part.parquet", folder / "table.parquet"
    pl.DataFrame(dict(zip(names, drawn.T, strict=True))).write_parquet(part)
    repeated = pl.scan_parquet([part] * -(-rows // len(drawn)))
    repeated.head(rows).sink_parquet(table, row_group_size=PART_ROWS)
    started, began = time.perf_counter(), time.process_time()
    source = open_source(table, folder, model.fitted.features, len(names))
    asked = Scoring(model, training_basis(model), "features")
    files = Checkpoints(folder).of_job("job")
    scored = score_table(asked, source, files, folder / "scores.parquet", lambda _: None, threads)
    return time.perf_counter() - started, time.process_time() - began, scored.path.stat().st_size
