"""Populations: the rows that a selection names, no others, the same bytes each time."""

import json
import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
import torch

from kan.features import encode
from kan.symbolic.library import SymbolicForm
from kan.tables import frame_columns
from service import errors
from service.domain.predictions import Value
from service.domain.references import (
    AllApplicants,
    Condition,
    FilteredRows,
    ResponseBetween,
    ResponseNearest,
    Selection,
    SingleApplicant,
    TrainingRows,
)
from service.modelling import references
from service.modelling.prediction import Basis
from service.modelling.references import choose_rows, prepare_reference, read_rows
from service.modelling.registry import LoadedModel
from service.modelling.splitting import split_rows
from service.modelling.tables import read_parquet
from tests.service.modelling.conftest import ROWS, Table
from tests.service.records import predicted

SPLIT = (0.2, 0)
ROW: dict[str, Value] = {"age": 41, "income": None, "city": "ash"}


def chosen(model: LoadedModel, table: Table, selection: Selection) -> pl.DataFrame:
    found = choose_rows(model.fitted, table.snapshot.parquet, table.columns, SPLIT, selection)
    stored = json.loads(found.content)
    assert found.rows == len(stored["rows"])
    return pl.DataFrame(stored["rows"], schema=stored["features"], orient="row")


def filtered(**features: Condition) -> FilteredRows:
    return FilteredRows(kind="filter", features=features)


def training_inputs(table: Table) -> pl.DataFrame:
    frame = read_parquet(table.snapshot.parquet)
    return frame.select(table.columns.inputs)[split_rows(frame, table.columns, *SPLIT).training]


def responses(model: LoadedModel, inputs: pl.DataFrame) -> npt.NDArray[np.float64]:
    """The oracle: the model on the same rows, the quantity or the probability of the positive class."""
    x = encode(model.fitted.features, frame_columns(inputs))
    found: npt.NDArray[np.float64] = model.fitted.predict_response(x)[:, 0].detach().numpy()
    return found


def test_training_rows_leave_out_those_held_out_and_all_applicants_do_not(
    binomial: LoadedModel, binomial_table: Table
) -> None:
    training = chosen(binomial, binomial_table, TrainingRows(kind="training"))
    assert training.equals(training_inputs(binomial_table))
    everybody = chosen(binomial, binomial_table, AllApplicants(kind="all_applicants"))
    assert everybody.height == ROWS > training.height


def test_rows_between_two_bounds_are_all_training_rows_with_such_a_response(
    binomial: LoadedModel, binomial_table: Table
) -> None:
    near = chosen(binomial, binomial_table, ResponseBetween(kind="response_between", lower=0.4, upper=0.6))
    inputs = training_inputs(binomial_table)
    response = responses(binomial, inputs)
    assert near.equals(inputs[np.flatnonzero((response >= 0.4) & (response <= 0.6))])
    refused = ResponseBetween(kind="response_between", lower=0.4, upper=0.6, outcome="no")
    assert chosen(binomial, binomial_table, refused).height == near.height, "1 − p is as near to a half as p"


def test_nearest_rows_are_nearer_than_all_others(gaussian: LoadedModel, gaussian_table: Table) -> None:
    nearest = chosen(gaussian, gaussian_table, ResponseNearest(kind="response_nearest", cutoff=500.0, rows=25))
    inputs = training_inputs(gaussian_table)
    expected = np.sort(np.argsort(np.abs(responses(gaussian, inputs) - 500.0))[:25])
    assert nearest.equals(inputs[expected])


def test_an_outcome_must_be_named_where_there_are_more_than_two(
    multinomial: LoadedModel, multinomial_table: Table
) -> None:
    selection = ResponseNearest(kind="response_nearest", cutoff=0.5, rows=3)
    with pytest.raises(errors.ReferenceOutcomeUnknown, match="No outcome was named; it has: high, low, middle"):
        chosen(multinomial, multinomial_table, selection)
    with pytest.raises(errors.ReferenceOutcomeUnknown, match="no outcome 'best'"):
        chosen(multinomial, multinomial_table, selection.model_copy(update={"outcome": "best"}))
    assert chosen(multinomial, multinomial_table, selection.model_copy(update={"outcome": "low"})).height == 3


def test_a_filter_keeps_the_rows_that_meet_every_condition(binomial: LoadedModel, binomial_table: Table) -> None:
    inputs = training_inputs(binomial_table)
    age, city, income = pl.col("age"), pl.col("city"), pl.col("income")
    cases = [
        (filtered(age=Condition(minimum=30.0, maximum=50.0)), age.is_between(30.0, 50.0)),
        (filtered(city=Condition(categories=("ash", "birch"))), city.is_in(["ash", "birch"])),
        (filtered(income=Condition(missing=True)), income.is_null()),
        (filtered(income=Condition()), income.is_not_null()),
        (filtered(income=Condition(maximum=500.0, missing=True)), (income <= 500.0) | income.is_null()),
        (
            filtered(age=Condition(minimum=40.0), city=Condition(categories=("cedar",))),
            (age >= 40.0) & (city == "cedar"),
        ),
    ]
    for selection, expected in cases:
        assert chosen(binomial, binomial_table, selection).equals(inputs.filter(expected)), selection


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (filtered(height=Condition(minimum=1.0)), "'height' is no input"),
        (filtered(city=Condition(minimum=1.0)), "'city' holds categories"),
        (filtered(age=Condition(categories=("x",))), "'age' holds numbers"),
    ],
    ids=str,
)
def test_a_condition_on_another_feature_is_refused(
    binomial: LoadedModel, binomial_table: Table, selection: FilteredRows, words: str
) -> None:
    with pytest.raises(errors.ReferenceFeatureRefused, match=words) as refused:
        chosen(binomial, binomial_table, selection)
    assert refused.value.fields[0].pointer == f"/selection/features/{next(iter(selection.features))}"


def test_no_rows_are_no_reference(binomial: LoadedModel, binomial_table: Table) -> None:
    with pytest.raises(errors.ReferenceWithoutRows):
        chosen(binomial, binomial_table, filtered(age=Condition(minimum=900.0)))


def test_a_single_applicant_is_kept_as_written(binomial: LoadedModel, binomial_table: Table) -> None:
    single = chosen(binomial, binomial_table, SingleApplicant(kind="single_applicant", row=ROW))
    assert single.rows() == [(41.0, None, "ash")]


@pytest.mark.parametrize(
    ("row", "pointer"),
    [
        ({**ROW, "height": 1.8}, "/selection/row/height"),
        ({"age": 41}, "/selection/row/income"),
        ({**ROW, "age": "41"}, "/selection/row/age"),
        ({**ROW, "age": math.nan}, "/selection/row/age"),
    ],
    ids=str,
)
def test_an_applicant_that_cannot_be_read_is_refused(
    binomial: LoadedModel, binomial_table: Table, row: dict[str, Value], pointer: str
) -> None:
    unchecked = SingleApplicant.model_construct(kind="single_applicant", row=row)
    with pytest.raises(errors.ReferenceRowRefused) as refused:
        chosen(binomial, binomial_table, unchecked)
    assert refused.value.fields[0].pointer == pointer


@pytest.mark.parametrize(
    ("form", "selection"),
    [
        (
            SymbolicForm("linear", 1.0, 0.0, 1e250, 0.0),
            SingleApplicant(kind="single_applicant", row={**ROW, "age": 1e90}),
        ),
        (SymbolicForm("exp", 1e3, 0.0, 1.0, 0.0), ResponseBetween(kind="response_between", lower=0.0, upper=1.0)),
        (SymbolicForm("exp", 1e3, 0.0, 1.0, 0.0), AllApplicants(kind="all_applicants")),
    ],
    ids=["applicant", "bounds", "everybody"],
)
def test_rows_without_a_finite_answer_are_no_reference(
    gaussian: LoadedModel, gaussian_table: Table, form: SymbolicForm, selection: Selection
) -> None:
    edge = next(edge for edge in gaussian.edges if edge.source == "age")
    network = gaussian.fitted.network.with_symbolic(edge.place, form)
    exploding = LoadedModel(gaussian.digest, replace(gaussian.fitted, network=network))
    with pytest.raises(errors.ReferenceOutputUndefined):
        chosen(exploding, gaussian_table, selection)


def test_more_rows_than_the_limit_are_sampled_the_same_way_each_time(
    binomial: LoadedModel, binomial_table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(references, "LARGEST_REFERENCE", 40)
    selection = AllApplicants(kind="all_applicants")
    one, two = (
        choose_rows(binomial.fitted, binomial_table.snapshot.parquet, binomial_table.columns, SPLIT, selection)
        for _ in range(2)
    )
    assert one == two
    assert (one.rows, one.matched) == (40, ROWS)


def test_contributions_are_measured_against_the_stored_rows(binomial: LoadedModel, binomial_table: Table) -> None:
    """The base value is the population's mean, and gaps and categories come back from the stored text as they were."""
    selection = filtered(city=Condition(categories=("cedar",)))
    found = choose_rows(binomial.fitted, binomial_table.snapshot.parquet, binomial_table.columns, SPLIT, selection)
    rows = read_rows(binomial.fitted, found.content)
    assert bool(torch.isnan(rows[:, 1]).any())
    prepared = prepare_reference(binomial.fitted, rows)
    present = rows[:, 1][~torch.isnan(rows[:, 1])]
    assert prepared.means == {
        "age": pytest.approx(float(rows[:, 0].mean())),
        "income": pytest.approx(float(present.mean())),
    }
    (prediction,) = predicted(binomial, [ROW], "edges", [""], Basis(prepared, None))
    assert prediction.base_value == pytest.approx(float(binomial.fitted.predict_link(rows).mean()), abs=1e-12)


def test_a_prepared_reference_is_read_once_while_it_is_used(
    binomial: LoadedModel, binomial_table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(references, "KEPT", 2)
    model = LoadedModel(binomial.digest, binomial.fitted)
    selection = SingleApplicant(kind="single_applicant", row=ROW)
    content = choose_rows(
        model.fitted, binomial_table.snapshot.parquet, binomial_table.columns, SPLIT, selection
    ).content
    read: list[str] = []

    def reading(digest: str) -> bytes:
        read.append(digest)
        return content

    for digest in ("a", "b", "a", "c", "a", "b"):
        model.references.get(digest, reading)
    assert read == ["a", "b", "c", "b"]
