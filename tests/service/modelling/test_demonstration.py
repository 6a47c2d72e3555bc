"""The demonstration's tables: where they come from, and that the credit table follows its formula."""

import math

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

from kan.features import encode
from kan.network import EdgeId
from service.domain.feature_schema import SchemaOverrides, choose_columns
from service.domain.predictions import Value
from service.domain.reasons import ScoredFeature, check_entries, unmapped_features
from service.domain.training_configuration import TrainingConfiguration
from service.modelling.demonstration import (
    BREAST_CANCER_CONFIGURATION,
    BREAST_CANCER_OVERRIDES,
    CREDIT_CONFIGURATION,
    CREDIT_INTERCEPT,
    CREDIT_OVERRIDES,
    CREDIT_REASONS,
    PURPOSE_EFFECTS,
    breast_cancer_csv,
    credit_csv,
    credit_truth,
)
from service.modelling.registry import load_model
from service.modelling.tables import read_parquet
from service.modelling.trained_versions import TrainedVersion
from service.modelling.training import train
from tests.service.snapshots import read_table

DIRECTIONS = {"income": -1, "debt_ratio": 1, "months_since_delinquency": -1, "years_employed": -1}
IN_FORMULA = ("income", "debt_ratio", "months_since_delinquency", "years_employed", "purpose")


@pytest.fixture(scope="module")
def credit() -> pl.DataFrame:
    return read_parquet(read_table(credit_csv(20_000), CREDIT_OVERRIDES, maximum_columns=20).parquet)


def test_the_breast_cancer_table_is_the_one_of_scikit_learn_to_the_last_bit() -> None:
    snapshot = read_table(breast_cancer_csv(), BREAST_CANCER_OVERRIDES, maximum_columns=50)
    table, source = read_parquet(snapshot.parquet), load_breast_cancer()
    assert (snapshot.rows, len(snapshot.schema.features)) == (569, 31)
    assert (table.drop("diagnosis").to_numpy() == source.data).all()
    assert table["diagnosis"].to_list() == [str(source.target_names[code]) for code in source.target]


def test_every_measurement_is_described_and_an_input() -> None:
    schema = read_table(breast_cancer_csv(), BREAST_CANCER_OVERRIDES, maximum_columns=50).schema
    columns = choose_columns(schema, None, None)
    assert (columns.target, columns.family, columns.classes) == (
        "diagnosis",
        "binomial",
        ("benign", "malignant"),
    )
    assert columns.inputs == tuple(str(name) for name in load_breast_cancer().feature_names)
    assert all(feature.description for feature in schema.features if feature.name != "diagnosis")


def test_the_credit_table_is_always_the_same_and_grows_at_its_end() -> None:
    assert credit_csv() == credit_csv()
    assert credit_csv(200).startswith(credit_csv(100))


def test_neither_the_protected_attribute_nor_the_identifier_is_an_input() -> None:
    schema = read_table(credit_csv(300), CREDIT_OVERRIDES, maximum_columns=20).schema
    columns = choose_columns(schema, None, None)
    assert columns.inputs == (*IN_FORMULA, "dependants")
    assert (columns.target, columns.classes) == ("default", ("no", "yes"))


def test_every_input_of_the_credit_table_has_its_reasons() -> None:
    schema = read_table(credit_csv(), CREDIT_OVERRIDES, maximum_columns=20).schema
    inputs = [schema.by_name()[name] for name in choose_columns(schema, None, None).inputs]
    scored = [
        ScoredFeature(name=feature.name, is_numeric=feature.kind == "numeric", has_missing=feature.missing > 0)
        for feature in inputs
    ]
    check_entries(CREDIT_REASONS)
    assert unmapped_features(CREDIT_REASONS, scored) == ()


def test_the_directions_of_the_credit_table_are_those_of_its_formula() -> None:
    schema = read_table(credit_csv(300), CREDIT_OVERRIDES, maximum_columns=20).schema
    directions = choose_columns(schema, None, None).monotone
    assert set(directions) == set(DIRECTIONS)
    for feature in schema.features:
        if feature.monotone is not None:
            effects = [credit_truth(feature.name, value) for value in (feature.minimum, feature.mean, feature.maximum)]
            assert effects == sorted(effects, reverse=feature.monotone == "decreasing")


@pytest.mark.parametrize(
    ("feature", "value", "effect"),
    [
        ("income", 30_000, 0.0),
        ("income", 30_000 * math.e, -0.9),
        ("debt_ratio", 0.3, 0.0),
        ("debt_ratio", 0.9, 2.0),
        ("months_since_delinquency", None, -0.3),
        ("months_since_delinquency", 18, 2 / math.e),
        ("years_employed", 10.0, -0.8),
        ("purpose", "holiday", 1.1),
        ("sex", "female", 0.0),
        ("dependants", 3, 0.0),
    ],
)
def test_the_truth_is_the_documented_formula(feature: str, value: Value, effect: float) -> None:
    assert credit_truth(feature, value) == pytest.approx(effect, abs=1e-12)


def test_defaults_happen_as_often_as_the_formula_says(credit: pl.DataFrame) -> None:
    logits = _logits(credit)
    for lowest, highest in ((-9.0, -1.5), (-1.5, 0.0), (0.0, 9.0)):
        part = [
            (logit, default == "yes")
            for logit, default in zip(logits, credit["default"], strict=True)
            if lowest < logit <= highest
        ]
        expected = sum(1 / (1 + math.exp(-logit)) for logit, _ in part) / len(part)
        observed = sum(default for _, default in part) / len(part)
        assert observed == pytest.approx(expected, abs=4 * math.sqrt(0.25 / len(part)))


def test_the_formula_is_all_there_is_to_learn(credit: pl.DataFrame) -> None:
    """A logistic regression on the true logit finds slope 1, intercept 0, and nothing in what is left out."""
    table = pl.DataFrame(
        {
            "logit": _logits(credit),
            "dependants": credit["dependants"],
            "female": (credit["sex"] == "female").cast(pl.Float64),
        }
    )
    fitted = LogisticRegression(C=1e6, max_iter=1000).fit(table.to_numpy(), credit["default"].to_numpy())
    assert fitted.coef_[0] == pytest.approx([1.0, 0.0, 0.0], abs=0.1)
    assert fitted.intercept_[0] == pytest.approx(0.0, abs=0.1)


def test_income_is_a_proxy_of_the_protected_attribute(credit: pl.DataFrame) -> None:
    medians = dict(credit.group_by("sex").agg(pl.col("income").median()).iter_rows())
    assert medians["female"] / medians["male"] == pytest.approx(0.9, abs=0.03)


def test_half_of_the_applicants_were_never_delinquent_and_every_purpose_occurs(credit: pl.DataFrame) -> None:
    assert credit["months_since_delinquency"].null_count() / credit.height == pytest.approx(0.5, abs=0.02)
    assert set(credit["purpose"]) == set(PURPOSE_EFFECTS)


def test_the_breast_cancer_version_is_good_and_small_enough_to_be_read() -> None:
    version = _train(breast_cancer_csv(), BREAST_CANCER_OVERRIDES, BREAST_CANCER_CONFIGURATION)
    metrics = {metric.name: metric.value for metric in version.metrics}
    assert metrics["auc"] >= 0.985
    assert metrics["accuracy"] >= 0.95
    assert version.active_edges <= 12
    assert version.edges_before_pruning == 30
    assert "splines are formulas: they explain" in version.symbolification


def test_the_credit_version_recovers_the_formula() -> None:
    """Each edge is compared with the truth over all rows, constants aside, gaps included."""
    version = _train(credit_csv(), CREDIT_OVERRIDES, CREDIT_CONFIGURATION)
    table = read_parquet(read_table(credit_csv(), CREDIT_OVERRIDES, maximum_columns=20).parquet)
    model = load_model(version.digest, version.artifact).fitted
    names = [feature.name for feature in model.features]
    x = encode(model.features, {name: table[name].to_list() for name in names})
    for place, name in enumerate(names):
        learned = model.network.edge_activation(EdgeId(0, place, 0), x[:, place]).detach().numpy()
        truth = np.array([credit_truth(name, value) for value in table[name]])
        error = (learned - learned.mean()) - (truth - truth.mean())
        assert math.sqrt((error**2).mean()) < 0.15, name
        if name in IN_FORMULA:
            assert np.corrcoef(learned, truth)[0, 1] > 0.96, name
        if name in DIRECTIONS:
            rising = table.select(name, pl.Series("learned", learned)).drop_nulls().sort(name)["learned"]
            assert (DIRECTIONS[name] * rising.diff().drop_nulls() >= -1e-12).all(), name
    logits = np.array(_logits(table))
    assert np.corrcoef(model.predict_link(x)[:, 0].numpy(), logits)[0, 1] > 0.98


def _train(content: bytes, overrides: SchemaOverrides, configuration: TrainingConfiguration) -> TrainedVersion:
    snapshot = read_table(content, overrides, maximum_columns=50)
    columns = choose_columns(snapshot.schema, None, None)
    return train(snapshot.parquet, snapshot.schema, columns, configuration, lambda _: None)


def _logits(credit: pl.DataFrame) -> list[float]:
    return [
        CREDIT_INTERCEPT + sum(credit_truth(name, value) for name, value in zip(IN_FORMULA, row, strict=True))
        for row in credit.select(IN_FORMULA).iter_rows()
    ]
