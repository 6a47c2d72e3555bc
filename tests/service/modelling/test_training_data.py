"""What a training reads of a snapshot."""

from service.domain.feature_schema import SchemaOverrides, TrainingColumns
from service.domain.training_configuration import TrainingConfiguration
from service.modelling.training_data import TrainingData
from tests.service.snapshots import read_table
from tests.service.training import credit_csv


def test_columns_that_are_neither_inputs_nor_target_are_not_read() -> None:
    snapshot = read_table(credit_csv(), SchemaOverrides(), maximum_columns=20)
    columns = TrainingColumns(inputs=("income", "age"), target="default", family="binomial", classes=("no", "yes"))
    data = TrainingData.read(snapshot.parquet, columns, TrainingConfiguration())
    assert data.table.columns == ["income", "age", "default"]
    assert data.table.height == snapshot.rows
