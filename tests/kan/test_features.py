"""From tables to input nodes, and every way a table can be wrong."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

from kan.errors import (
    FeatureWithoutValues,
    InputError,
    InvalidSetting,
    MissingFeature,
    MissingValueNotSeen,
    NoFeatures,
    NonFinite,
    NoRows,
    TooManyCategories,
    UnequalLengths,
    UnknownFeature,
    WrongValueType,
)
from kan.features import CategoricalFeature, DomainWarning, NumericFeature, domain_warnings, encode, infer_features

TABLE: Mapping[str, Any] = {
    "age": np.array([20, 60, 40]),
    "income": [1000.0, None, 3000],
    "purpose": ["car", None, "house"],
}
FEATURES = infer_features(TABLE, units={"age": "years"})


def row(**changes: object) -> dict[str, list[object]]:
    values: dict[str, object] = {"age": 30, "income": 2000.0, "purpose": "car"}
    return {name: [value] for name, value in (values | changes).items()}


def test_kinds_domains_and_gaps_are_inferred() -> None:
    assert (
        NumericFeature("age", "years", 20.0, 60.0),
        NumericFeature("income", None, 1000.0, 3000.0, has_missing=True),
        CategoricalFeature("purpose", ("", "car", "house")),
    ) == FEATURES
    assert (FEATURES[0].centre, FEATURES[0].half_width) == (40.0, 20.0)


def test_table_becomes_numbers_codes_and_nan() -> None:
    encoded = encode(FEATURES, TABLE)
    assert encoded.dtype == torch.float64
    assert encoded[:, 0].tolist() == [20.0, 60.0, 40.0]
    assert encoded[:, 2].tolist() == [1.0, 0.0, 2.0]
    assert encoded[1, 1].isnan()


def test_order_of_the_columns_does_not_matter() -> None:
    shuffled = {name: TABLE[name] for name in ("purpose", "age", "income")}
    assert torch.equal(encode(FEATURES, shuffled).nan_to_num(), encode(FEATURES, TABLE).nan_to_num())


def test_category_never_seen_gets_the_last_code() -> None:
    assert float(encode(FEATURES, row(purpose="boat"))[0, 2]) == 3.0


def test_missing_category_is_unseen_where_training_had_none() -> None:
    features = infer_features({"colour": ["red", "blue"]})
    for value in (None, "", math.nan):
        assert float(encode(features, {"colour": [value]})[0, 0]) == 2.0


def test_text_that_looks_like_a_number_stays_text() -> None:
    assert infer_features({"post_code": ["01234", "98765"]}) == (CategoricalFeature("post_code", ("01234", "98765")),)


@pytest.mark.parametrize(
    ("table", "error", "named"),
    [
        (row(colour="red"), UnknownFeature, "colour"),
        ({"age": [3.0], "income": [1.0]}, MissingFeature, "purpose"),
        (row(age="thirty"), WrongValueType, "'age', row 0"),
        (row(age=3 + 1j), WrongValueType, "'age', row 0"),
        (row(age=[1]), WrongValueType, "'age', row 0"),
        (row(purpose=3), WrongValueType, "'purpose', row 0"),
        (row(age=math.inf), NonFinite, "'age', row 0"),
        (row(income=-math.inf), NonFinite, "'income', row 0"),
        (row(age=10**400), NonFinite, "'age', row 0"),
        (row(age=math.nan), MissingValueNotSeen, "'age', row 0"),
        (row(age=None), MissingValueNotSeen, "'age', row 0"),
        ({**row(), "age": [1.0, 2.0]}, UnequalLengths, "income"),
        ({"age": [], "income": [], "purpose": []}, NoRows, "0 samples"),
        ({}, MissingFeature, "age"),
    ],
)
def test_wrong_row_is_refused_by_name(table: Mapping[str, Any], error: type[InputError], named: str) -> None:
    with pytest.raises(error, match=named):
        encode(FEATURES, table)


@pytest.mark.parametrize(
    ("table", "error", "named"),
    [
        ({}, NoFeatures, "0|no columns"),
        ({"a": []}, NoRows, "0 samples"),
        ({"a": [1.0], "b": [1.0, 2.0]}, UnequalLengths, "'b' has 2 rows"),
        ({"a": [None, math.nan]}, FeatureWithoutValues, "'a'"),
        ({"a": [1.0, "x"]}, WrongValueType, "'a', row 0"),
        ({"a": [1.0, math.inf]}, NonFinite, "'a', row 1"),
        ({"id": [str(number) for number in range(300)]}, TooManyCategories, "'id' has 300 categories"),
    ],
)
def test_wrong_training_table_is_refused_by_name(table: Mapping[str, Any], error: type[InputError], named: str) -> None:
    with pytest.raises(error, match=named):
        infer_features(table)


def test_category_or_unit_for_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownFeature, match="colour"):
        infer_features({"a": [1.0]}, categorical=["colour"])
    with pytest.raises(UnknownFeature, match="weight"):
        infer_features({"a": [1.0]}, units={"weight": "kg"})


def test_column_of_gaps_and_a_category_name_is_refused() -> None:
    with pytest.raises(FeatureWithoutValues, match="colour"):
        infer_features({"colour": [None, None]}, categorical=["colour"])


@pytest.mark.parametrize(
    ("values", "constant"),
    [([5.0, 5.0], True), ([1e9, 1e9 + 0.1], True), ([0.0, 1e-12], False), ([1e-310, 2e-310], True)],
)
def test_constant_is_judged_relative_to_its_size(values: list[float], constant: bool) -> None:
    (feature,) = infer_features({"a": values})
    assert feature.is_constant is constant


def test_huge_values_keep_a_finite_map() -> None:
    (feature,) = infer_features({"a": [-1.7e308, 1.7e308]})
    assert isinstance(feature, NumericFeature)
    assert (feature.centre, feature.half_width) == (0.0, 1.7e308)


def test_rows_outside_the_training_domain_are_named() -> None:
    x = encode(FEATURES, {"age": [20, 19, 61], "income": [None, 999.0, 1500.0], "purpose": ["car", "boat", "house"]})
    assert domain_warnings(FEATURES, x) == [
        (),
        (
            DomainWarning("out_of_domain", "age"),
            DomainWarning("out_of_domain", "income"),
            DomainWarning("unseen_category", "purpose"),
        ),
        (DomainWarning("out_of_domain", "age"),),
    ]


def test_declared_domain_counts_where_it_is_wider_than_the_data() -> None:
    columns = {"a": [1.0, 2.0], "b": [1.0, 9.0], "c": [5.0, 5.0]}
    domains = {"a": (0.0, 4.0), "b": (2.0, 3.0), "c": (0.0, 10.0)}
    found = infer_features(columns, domains=domains)
    assert found == (
        NumericFeature("a", None, 0.0, 4.0),
        NumericFeature("b", None, 1.0, 9.0),
        NumericFeature("c", None, 0.0, 10.0),
    )
    assert not found[2].is_constant  # rows to come may have other values


@pytest.mark.parametrize("domain", [(1.0, 1.0), (2.0, 1.0), (0.0, float("inf")), (float("nan"), 1.0)])
def test_domain_that_is_no_interval_is_refused(domain: tuple[float, float]) -> None:
    with pytest.raises(InvalidSetting, match=r"domains\['a'\]"):
        infer_features({"a": [1.0, 2.0]}, domains={"a": domain})


def test_domain_of_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownFeature, match="'z'"):
        infer_features({"a": [1.0, 2.0]}, domains={"z": (0.0, 1.0)})
