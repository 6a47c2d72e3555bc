"""The rows of a training as the engine takes them: read, split, inputs beside what was observed."""

from dataclasses import dataclass, replace
from typing import Any

import numpy.typing as npt
import polars as pl
from jaxtyping import Float
from torch import Tensor

from kan.features import encode
from kan.model import FittedModel
from kan.tables import frame_columns
from service.domain.feature_schema import TrainingColumns
from service.domain.training_configuration import TrainingConfiguration
from service.modelling.splitting import Rows, Split, split_rows
from service.modelling.tables import read_parquet


@dataclass(frozen=True)
class TrainingData:
    """The rows of a training as the engine takes them."""

    table: pl.DataFrame
    columns: TrainingColumns
    split: Split

    @classmethod
    def read(cls, parquet: bytes, columns: TrainingColumns, configuration: TrainingConfiguration) -> "TrainingData":
        """Read what is used of a snapshot and split its rows. Raises: TrainingFailed where too few can be held out."""
        table = read_parquet(parquet, [*columns.inputs, columns.target])
        return cls(table, columns, split_rows(table, columns, configuration.test_fraction, configuration.seed))

    def inputs(self, rows: Rows) -> pl.DataFrame:
        """The input columns of some rows."""
        return self.table.select(self.columns.inputs)[rows]

    def encoded(self, rows: Rows, model: FittedModel) -> Float[Tensor, "rows features"]:
        """The input columns of some rows as the numbers that a model takes."""
        return encode(model.features, frame_columns(self.inputs(rows)))

    def titled(self, model: FittedModel) -> FittedModel:
        """The model with the names of target and classes."""
        return replace(model, target=self.columns.target, classes=self.columns.classes)

    def observed(self, rows: Rows) -> npt.NDArray[Any]:
        """Codes of the classes, in the order of `columns.classes`, or the numbers to predict."""
        values = self.table[self.columns.target][rows]
        if not self.columns.classes:
            return values.to_numpy()
        codes = {outcome: code for code, outcome in enumerate(self.columns.classes)}
        return values.replace_strict(codes, return_dtype=pl.Int64).to_numpy()
