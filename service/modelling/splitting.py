"""Which rows a version is trained on and which it is measured on.

Classes are split one by one, so that both parts hold every class in the same proportion. A gap that occurs in held-out
rows only could not be read by a model that never saw one: such rows go back to the training part.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from service.domain.canonical import digest_of_json
from service.domain.feature_schema import TrainingColumns
from service.errors import TrainingFailed

MINIMUM_TEST_ROWS = 2

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Positions of rows in the snapshot, ascending; together they are all rows."""

    method: str
    seed: int
    training: Rows
    test: Rows

    def record(self) -> dict[str, str | int]:
        """How the rows were split, with a digest that another computation of it can be compared with."""
        return {
            "method": self.method,
            "seed": self.seed,
            "training_rows": len(self.training),
            "test_rows": len(self.test),
            "test_rows_digest": digest_of_json(self.test.tolist()),
        }


def split_rows(table: pl.DataFrame, columns: TrainingColumns, test_fraction: float, seed: int) -> Split:
    """Hold out a share of the rows, drawn by the seed alone; raises TrainingFailed where too few can be spared."""
    random = np.random.Generator(np.random.PCG64(seed))
    if columns.classes:
        outcomes = table[columns.target].to_numpy()
        groups = [np.flatnonzero(outcomes == outcome) for outcome in columns.classes]
    else:
        groups = [np.arange(table.height)]
    is_test = np.zeros(table.height, dtype=bool)
    for group in groups:
        count = max(1, round(test_fraction * len(group)))
        is_test[random.permutation(group)[:count]] = True
    _return_unreadable(table.select(columns.inputs), is_test)
    kept = [int(is_test[group].sum()) for group in groups]
    if min(kept) < 1 or sum(kept) < MINIMUM_TEST_ROWS:
        raise TrainingFailed("too few rows can be held out, because values or gaps are too rare in some columns.")
    method = "stratified" if columns.classes else "random"
    return Split(method, seed, np.flatnonzero(~is_test), np.flatnonzero(is_test))


def _return_unreadable(inputs: pl.DataFrame, is_test: npt.NDArray[np.bool_]) -> None:
    """Move rows to the training part where it would otherwise hold no gap, or no value, of a column."""
    for column in inputs:
        is_gap = column.is_null().to_numpy()
        for wanted in (is_gap, ~is_gap):
            if wanted.any() and not (wanted & ~is_test).any():
                is_test[wanted] = False
