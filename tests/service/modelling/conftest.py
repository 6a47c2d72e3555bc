"""Small tables and the versions trained on them, once per session."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from service.domain.feature_schema import SchemaOverrides, TrainingColumns, choose_columns
from service.domain.training_configuration import TrainingConfiguration
from service.modelling.registry import LoadedModel, load_model
from service.modelling.trained_versions import TrainedVersion
from service.modelling.training import train
from tests.service.snapshots import SmallSnapshot, read_table

ROWS = 400


@dataclass(frozen=True)
class Table:
    """A snapshot with its settled columns."""

    snapshot: SmallSnapshot
    columns: TrainingColumns

    def train(self, **settings: object) -> TrainedVersion:
        configuration = TrainingConfiguration.model_validate({"steps": 60, **settings})
        return train(self.snapshot.parquet, self.snapshot.schema, self.columns, configuration, lambda _: None)


def table(target: str) -> Table:
    """Numbers, a number with gaps and a category; three targets of different families that depend on them."""
    random = np.random.Generator(np.random.PCG64(5))
    lines = ["age,income,city,amount,repaid,rating"]
    for _ in range(ROWS):
        age, income, noise, chance = (float(number) for number in random.random(4))
        city = ("ash", "birch", "cedar")[int(3 * random.random())]
        gap = random.random() < 0.2
        score = (
            3 * age**2 - 1 + (0.8 if gap else 2 * math.log(0.2 + income)) + {"ash": 0.0, "birch": 1.0}.get(city, -1.0)
        )
        repaid = "yes" if chance < 1 / (1 + math.exp(-2 * score)) else "no"
        rating = "high" if score + noise > 1.5 else "low" if score + noise < -0.5 else "middle"
        shown = "" if gap else f"{1000 * income:.1f}"
        lines.append(f"{20 + 60 * age:.1f},{shown},{city},{1000 * (score + 0.2 * noise):.2f},{repaid},{rating}")
    overrides = SchemaOverrides.model_validate({"target": target, "features": {"income": {"unit": "EUR"}}})
    snapshot = read_table("\n".join(lines).encode(), overrides, maximum_columns=20)
    return Table(snapshot, choose_columns(snapshot.schema, None, ("age", "income", "city")))


def loaded(version: TrainedVersion) -> LoadedModel:
    return load_model(version.digest, version.artifact)


@pytest.fixture(scope="session")
def binomial_table() -> Table:
    return table("repaid")


@pytest.fixture(scope="session")
def gaussian_table() -> Table:
    return table("amount")


@pytest.fixture(scope="session")
def multinomial_table() -> Table:
    return table("rating")


@pytest.fixture(scope="session")
def binomial_version(binomial_table: Table) -> TrainedVersion:
    return binomial_table.train(hidden=(2,), steps=20, symbolify=False)


@pytest.fixture(scope="session")
def binomial(binomial_version: TrainedVersion) -> LoadedModel:
    """Two hidden nodes, splines and tables."""
    return loaded(binomial_version)


@pytest.fixture(scope="session")
def gaussian_version(gaussian_table: Table) -> TrainedVersion:
    return gaussian_table.train(formula_tolerance=0.05, steps=200)


@pytest.fixture(scope="session")
def gaussian(gaussian_version: TrainedVersion) -> LoadedModel:
    """Additive, with formulas."""
    return loaded(gaussian_version)


@pytest.fixture(scope="session")
def multinomial(multinomial_table: Table) -> LoadedModel:
    """Additive with three outputs; with less than all edges one class may have none, as only differences count."""
    return loaded(multinomial_table.train(symbolify=False, tolerance=0.0))


@pytest.fixture(params=["binomial", "gaussian", "multinomial"])
def model(request: pytest.FixtureRequest) -> LoadedModel:
    """Each of the three models in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, LoadedModel)
    return found
