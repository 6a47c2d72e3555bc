"""Whole tables answered in blocks: read group by group, computed by threads, kept block by block, joined at the end.

A row has the same numbers as in a prediction of its own, to the last bit. Blocks depend on the version and on what is
asked for, never on the machine, so that an interrupted job goes on where it was and ends with the same bytes. A row
that cannot be answered has the code of the reason in `error`, and nulls.
"""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl
import torch

import kan.errors
from kan.explanation.edge_flow import edge_flow
from kan.explanation.shapley import shapley_method, shapley_values
from kan.features import outside_domain
from service.domain.predictions import Explain
from service.domain.training_configuration import Progress
from service.errors import IdentityViolated
from service.modelling.prediction import Basis
from service.modelling.registry import LoadedModel
from service.modelling.scored_rows import encoded_rows
from service.modelling.scoring_sources import READ_ROWS, Source

#: Numbers of one block's result, at most: what a thread holds is a few times as much.
BLOCK_NUMBERS = 2_000_000
LEAST_BLOCK_ROWS = 1_000
MOST_BLOCK_ROWS = 50_000

Numbers = npt.NDArray[np.float64]


class BlockFiles(Protocol):
    """Where the blocks of one job are kept."""

    def kept_at(self, name: str) -> Path:
        """The place of what `write` has kept under a name."""

    def write(self, name: str, content: bytes) -> None:
        """Keep bytes under a name, durably."""


@dataclass(frozen=True)
class ScoredTable:
    """What came out."""

    path: Path
    rows: int
    refused: int


@dataclass(frozen=True)
class Scoring:
    """A version, what its answers are measured against, and how much of them is wanted."""

    model: LoadedModel
    basis: Basis
    explain: Explain

    @property
    def block_rows(self) -> int:
        """Rows of one block."""
        fitted = self.model.fitted
        width = 8 + len(fitted.classes)
        if self.explain != "none":
            width += len(fitted.features)
        if self.explain == "edges":
            width += len(self.model.edges)
        return int(np.clip(BLOCK_NUMBERS // width, LEAST_BLOCK_ROWS, MOST_BLOCK_ROWS))

    def block(self, frame: pl.DataFrame, first: int) -> pl.DataFrame:
        """The answers to some rows, of which the first has this number. Raises: IdentityViolated."""
        fitted = self.model.fitted
        encoded = encoded_rows(fitted.features, frame)
        x = encoded.x[encoded.is_valid]
        outputs = fitted.prepared.outputs(x)
        is_defined = np.isfinite(outputs).all(axis=1)
        x, links = x[is_defined], outputs[is_defined]
        places = np.flatnonzero(encoded.is_valid)
        errors = encoded.with_undefined(places[~is_defined])
        answers = self._answers(x, links)
        columns = [
            pl.Series("row", np.arange(first, first + frame.height)),
            pl.Series("error", errors, dtype=pl.String),
            *(_spread(name, values, places[is_defined], frame.height) for name, values in answers.items()),
        ]
        return pl.DataFrame(columns)

    def _answers(self, x: Numbers, links: Numbers) -> dict[str, npt.NDArray[np.generic]]:
        fitted = self.model.fitted
        responses = fitted.response(torch.from_numpy(links)).numpy()
        explained = links.argmax(axis=1) if fitted.family == "multinomial" else np.zeros(len(links), dtype=np.int64)
        rows = np.arange(len(links))
        answers: dict[str, npt.NDArray[np.generic]] = {"link": links[rows, explained]}
        if fitted.classes:
            probabilities = np.column_stack([1 - responses, responses]) if fitted.family == "binomial" else responses
            spoken_of = np.ones_like(explained) if fitted.family == "binomial" else explained
            answers["response"] = probabilities[rows, spoken_of]
            answers["outcome"] = np.array(fitted.classes, dtype=object)[spoken_of]
            answers |= {f"probability.{name}": probabilities[:, place] for place, name in enumerate(fitted.classes)}
        else:
            answers["response"] = responses[:, 0]
        answers["out_of_domain"] = np.any(outside_domain(fitted.features, x), axis=1)
        return answers | self._contributions(x, explained)

    def _contributions(self, x: Numbers, explained: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.generic]]:
        if self.explain == "none":
            return {}
        fitted, edges = self.model.fitted, self.model.edges if self.explain == "edges" else ()
        base = np.empty(len(x))
        features = np.empty((len(fitted.features), len(x)))
        flows = np.empty((len(edges), len(x)))
        for output in np.unique(explained).tolist():
            members = np.flatnonzero(explained == output)
            rows = torch.from_numpy(x[members])
            games, traced = self.basis.reference.games(output), self.basis.reference.traced
            base[members] = traced.mean_output(output)
            try:
                if edges:
                    flow = edge_flow(fitted.network, rows, traced, output=output)
                    features[:, members] = flow.feature_contributions.numpy().T
                    for place, edge in enumerate(edges):
                        layer = flow.contributions[edge.place.layer]
                        flows[place, members] = layer[:, edge.place.target, edge.place.source].numpy()
                if not edges or shapley_method(games) != "sampled":  # as predictions find them
                    features[:, members] = shapley_values(games, rows).values.numpy().T
            except kan.errors.IdentityViolated as violated:
                raise IdentityViolated(violated.residual) from violated
        named: dict[str, npt.NDArray[np.generic]] = {"base_value": base}
        named |= {f"contribution.{one.name}": features[place] for place, one in enumerate(fitted.features)}
        return named | {f"edge.{edge.place}": flows[place] for place, edge in enumerate(edges)}


def score_table(
    scoring: Scoring,
    source: Source,
    files: BlockFiles,
    path: Path,
    report: Callable[[Progress], None],
    threads: int,
) -> ScoredTable:
    """Answer every row of a source into one Parquet file; blocks that `files` has are not computed again.

    Raises: what `report` raises, IdentityViolated, StorageFull.
    """
    size = scoring.block_rows
    firsts = range(0, source.rows, size)
    done = sum(files.kept_at(_name(first)).exists() for first in firsts)
    report(Progress(stage="score", step=done, steps=len(firsts)))
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, source.rows, READ_ROWS // size * size):
            wanted = [
                first
                for first in firsts[start // size : (start + READ_ROWS // size * size) // size]
                if not files.kept_at(_name(first)).exists()
            ]
            if not wanted:
                continue
            frame = source.read(start, READ_ROWS // size * size)
            work = [pool.submit(_keep, scoring, frame[first - start :][:size], first, files) for first in wanted]
            try:
                for finished in as_completed(work):
                    finished.result()
                    done += 1
                    report(Progress(stage="score", step=done, steps=len(firsts)))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    return _joined([files.kept_at(_name(first)) for first in firsts], path)


def _keep(scoring: Scoring, frame: pl.DataFrame, first: int, files: BlockFiles) -> None:
    content = io.BytesIO()
    scoring.block(frame, first).write_parquet(content, compression="lz4", statistics=False)
    files.write(_name(first), content.getvalue())


def _joined(parts: list[Path], path: Path) -> ScoredTable:
    """One file of all blocks, which are read one after the other."""
    whole = pl.scan_parquet(parts)
    whole.sink_parquet(path, compression="zstd", statistics=False, row_group_size=MOST_BLOCK_ROWS)
    counts = pl.scan_parquet(path).select(rows=pl.len(), refused=pl.col("error").count()).collect().row(0, named=True)
    return ScoredTable(path, int(counts["rows"]), int(counts["refused"]))


def _name(first: int) -> str:
    return f"scores-{first:012}.parquet"


def _spread(name: str, values: npt.NDArray[np.generic], places: npt.NDArray[np.int64], rows: int) -> pl.Series:
    """Values at their places, null elsewhere."""
    series = pl.Series(name, values.tolist() if values.dtype == object else values)
    if len(places) == rows:
        return series
    where = np.full(rows, -1)
    where[places] = np.arange(len(places))
    indices = pl.Series(where).replace(-1, None) if len(places) else pl.Series([None] * rows, dtype=pl.Int64)
    return series.gather(indices) if len(places) else pl.Series(name, [None] * rows, dtype=series.dtype)
