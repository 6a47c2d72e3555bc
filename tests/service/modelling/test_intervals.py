"""Answers say what holds the truth in nine of ten cases, as calibrated on held-out rows."""

from dataclasses import replace

from service.domain.predictions import Prediction, Value
from service.modelling.prediction import training_basis
from service.modelling.registry import LoadedModel
from tests.service.records import predicted

ROW: dict[str, Value] = {"age": 41.5, "income": None, "city": "ash"}


def test_number_lies_in_the_middle_of_its_interval(gaussian: LoadedModel) -> None:
    prediction = predicted(gaussian, [ROW], "none", [""], training_basis(gaussian))[0]
    found = prediction.interval
    assert found is not None
    assert found.coverage == 0.9
    assert found.lower is not None
    assert found.upper is not None
    assert abs((found.lower + found.upper) / 2 - prediction.output.response) < 1e-9 * abs(prediction.output.response)
    assert gaussian.fitted.calibration is not None
    reach = found.upper - prediction.output.response
    assert min(abs(score - reach) for score in gaussian.fitted.calibration.scores[0]) < 1e-9 * reach


def test_an_outcome_is_held_where_its_probability_is_usual_for_its_class(binomial: LoadedModel) -> None:
    calibration = binomial.fitted.calibration
    assert calibration is not None
    rows = [{**ROW, "age": float(age)} for age in range(20, 80, 5)]
    for prediction in predicted(binomial, rows, "none", [""] * len(rows), training_basis(binomial)):
        assert prediction.interval is not None
        for group, one in enumerate(prediction.output.probabilities):
            is_usual = 1 - one.probability <= calibration.threshold(group, 0.9)
            assert (one.outcome in prediction.interval.outcomes) == is_usual


def test_record_of_a_version_without_calibration_is_as_it_was(gaussian: LoadedModel) -> None:
    before = LoadedModel(gaussian.digest, replace(gaussian.fitted, calibration=None))
    prediction = predicted(before, [ROW], "none", [""], training_basis(before))[0]
    assert prediction.interval is None
    record = prediction.model_dump(mode="json")
    assert "interval" not in record
    assert Prediction.model_validate_json(prediction.model_dump_json()) == prediction
