"""Answers say what holds the truth in nine of ten cases, as calibrated on held-out rows."""

from dataclasses import replace

from service.domain.predictions import Prediction, Value
from service.modelling.prediction import predict, training_basis
from service.modelling.registry import LoadedModel

ROW: dict[str, Value] = {"age": 41.5, "income": None, "city": "ash"}


def test_number_lies_in_the_middle_of_its_interval(gaussian: LoadedModel) -> None:
    prediction = predict(gaussian, [ROW], "none", [""], training_basis(gaussian))[0]
    found = prediction.interval
    assert found is not None
    assert found.coverage == 0.9
    assert found.lower is not None
    assert found.upper is not None
    assert abs((found.lower + found.upper) / 2 - prediction.output.response) < 1e-9 * abs(prediction.output.response)
    assert gaussian.fitted.calibration is not None
    reach = found.upper - prediction.output.response
    assert min(abs(score - reach) for score in gaussian.fitted.calibration.scores[0]) < 1e-9 * reach


def test_outcomes_that_are_ruled_out_are_improbable(binomial: LoadedModel) -> None:
    prediction = predict(binomial, [ROW], "none", [""], training_basis(binomial))[0]
    assert prediction.interval is not None
    held = set(prediction.interval.outcomes)
    out = [one.probability for one in prediction.output.probabilities if one.outcome not in held]
    assert all(probability < 0.5 for probability in out)


def test_record_of_a_version_without_calibration_is_as_it_was(gaussian: LoadedModel) -> None:
    before = LoadedModel(gaussian.digest, replace(gaussian.fitted, calibration=None))
    prediction = predict(before, [ROW], "none", [""], training_basis(before))[0]
    assert prediction.interval is None
    record = prediction.model_dump(mode="json")
    assert "interval" not in record
    assert Prediction.model_validate_json(prediction.model_dump_json()) == prediction
