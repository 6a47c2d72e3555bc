"""The split: every row once, every class in proportion, and nothing held out that the model could not read."""

import numpy as np
import polars as pl
import pytest

from service.domain.feature_schema import TrainingColumns
from service.errors import TrainingFailed
from service.modelling.splitting import split_rows

ROWS = 100
CLASSES = TrainingColumns(inputs=("x", "y"), target="outcome", family="binomial", classes=("no", "yes"))
QUANTITY = TrainingColumns(inputs=("x", "y"), target="x", family="gaussian")


def frame(gaps: tuple[int, ...] = (), only_values: tuple[int, ...] = ()) -> pl.DataFrame:
    """100 rows, one in five "yes"; `y` is null in the rows of `gaps`, or everywhere but in `only_values`."""
    kept = only_values or tuple(row for row in range(ROWS) if row not in gaps)
    return pl.DataFrame(
        {
            "x": [float(row) for row in range(ROWS)],
            "y": [float(row % 7) if row in kept else None for row in range(ROWS)],
            "outcome": ["yes" if row % 5 == 0 else "no" for row in range(ROWS)],
        }
    )


@pytest.mark.parametrize("columns", [CLASSES, QUANTITY])
@pytest.mark.parametrize("fraction", [0.05, 0.2, 0.5])
def test_every_row_is_in_exactly_one_part(columns: TrainingColumns, fraction: float) -> None:
    split = split_rows(frame(), columns, fraction, 3)
    assert sorted([*split.training, *split.test]) == list(range(ROWS))
    assert len(split.test) == round(fraction * ROWS)


def test_both_parts_hold_the_classes_in_proportion() -> None:
    split = split_rows(frame(), CLASSES, 0.25, 0)
    assert (split.test % 5 == 0).sum() == 5
    assert (split.training % 5 == 0).sum() == 15


def test_the_seed_alone_decides() -> None:
    first, again, other = (split_rows(frame(), CLASSES, 0.2, seed) for seed in (1, 1, 2))
    assert first.record() == again.record()
    assert first.record()["test_rows_digest"] != other.record()["test_rows_digest"]


@pytest.mark.parametrize("seed", range(8))
def test_a_rare_gap_is_never_held_out_alone(seed: int) -> None:
    split = split_rows(frame(gaps=(4, 17)), CLASSES, 0.5, seed)
    if {4, 17} & set(split.test):
        assert {4, 17} & set(split.training)


@pytest.mark.parametrize("seed", range(8))
def test_rare_values_are_trained_on(seed: int) -> None:
    split = split_rows(frame(only_values=(8,)), QUANTITY, 0.5, seed)
    assert 8 in split.training


def test_a_table_that_leaves_nothing_to_hold_out_is_refused() -> None:
    rows = np.eye(20)
    sparse = pl.DataFrame({f"x{i}": [1.0 if value else None for value in rows[i]] for i in range(20)}).with_columns(
        pl.Series("y", range(20), dtype=pl.Float64)
    )
    columns = TrainingColumns(inputs=tuple(f"x{i}" for i in range(20)), target="y", family="gaussian")
    with pytest.raises(TrainingFailed, match="too few rows can be held out"):
        split_rows(sparse, columns, 0.2, 0)
