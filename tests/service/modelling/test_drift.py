"""Drift of answered rows against the training rows of an artifact."""

from service.domain.drift import LEAST_ROWS
from service.modelling.drift import measure_drift
from service.modelling.prediction import shown_row
from service.modelling.registry import LoadedModel


def test_the_training_rows_themselves_have_not_moved(model: LoadedModel) -> None:
    rows = [shown_row(model.fitted, row) for row in model.fitted.reference] * 5
    found = measure_drift(model, rows)
    assert (found.rows, found.reference_rows) == (len(rows), len(model.fitted.reference))
    assert found.score_psi is not None
    assert found.score_psi < 0.01
    assert max(one.psi for one in found.features) < 0.02
    assert found.out_of_domain_share == 0.0


def test_a_feature_that_moved_comes_first(model: LoadedModel) -> None:
    row = shown_row(model.fitted, model.fitted.reference[0])
    found = measure_drift(model, [{**row, "age": 500.0}] * LEAST_ROWS)
    assert found.out_of_domain_share == 1.0
    moved = {one.feature: one for one in found.features}["age"]
    assert moved.psi > 1
    assert moved.out_of_domain_share == 1.0
    assert [one.psi for one in found.features] == sorted((one.psi for one in found.features), reverse=True)


def test_a_category_never_seen_and_gaps_are_classes_of_their_own(model: LoadedModel) -> None:
    row = shown_row(model.fitted, model.fitted.reference[0])
    found = measure_drift(model, [{**row, "city": "rocket", "income": None}] * LEAST_ROWS)
    psi = {one.feature: one for one in found.features}
    assert psi["city"].psi > 1
    assert psi["city"].out_of_domain_share == 1.0
    assert psi["income"].psi > 0.5


def test_few_rows_say_nothing(model: LoadedModel) -> None:
    row = shown_row(model.fitted, model.fitted.reference[0])
    found = measure_drift(model, [row] * (LEAST_ROWS - 1))
    assert (found.score_psi, found.out_of_domain_share, found.features) == (None, None, ())
