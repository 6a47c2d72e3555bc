"""Previews: the same numbers as a prediction, without a record, for people only."""

from dataclasses import replace

import pytest

from service import errors
from service.domain.permissions import Actor
from service.domain.predictions import MOST_PREVIEWED_ROWS, PredictionRequest
from service.operations import prediction_previews, predictions
from service.operations.resources import Resources
from tests.service.conftest import Person, everything_stored
from tests.service.training import ROW


def request(*rows: dict[str, object]) -> PredictionRequest:
    return PredictionRequest.model_validate({"rows": list(rows or [ROW])})


def test_a_preview_says_what_a_prediction_says_to_the_last_bit_and_stores_nothing(
    resources: Resources, developer: Actor, candidate: int
) -> None:
    made = predictions.create_trial_predictions(resources, developer, "credit", candidate, request())
    before = everything_stored(resources)
    seen = prediction_previews.preview_predictions(resources, developer, "credit", candidate, request())
    assert (seen.digest, seen.link) == (made.digest, made.link)
    (preview,), (recorded,) = seen.previews, made.predictions
    shown, stored = preview.model_dump(), recorded.model_dump()
    assert shown == {name: stored[name] for name in shown}
    assert everything_stored(resources) == before


def test_people_preview_and_programs_do_not(resources: Resources, person: Person, candidate: int) -> None:
    observer = person("observer")
    assert prediction_previews.preview_predictions(resources, observer, "credit", candidate, request()).previews
    with pytest.raises(errors.KeyCannotPreview):
        prediction_previews.preview_predictions(
            resources, replace(observer, api_key_id="key"), "credit", candidate, request()
        )
    with pytest.raises(errors.ActionNotAllowed):
        prediction_previews.preview_predictions(resources, person("client"), "credit", candidate, request())


def test_a_preview_is_no_way_to_score_a_table(resources: Resources, developer: Actor, candidate: int) -> None:
    rows = [dict(ROW)] * (MOST_PREVIEWED_ROWS + 1)
    with pytest.raises(errors.TooManyRows, match=str(MOST_PREVIEWED_ROWS)):
        prediction_previews.preview_predictions(resources, developer, "credit", candidate, request(*rows))


def test_a_preview_names_the_field_that_is_wrong(resources: Resources, developer: Actor, candidate: int) -> None:
    with pytest.raises(errors.InvalidRow) as refused:
        prediction_previews.preview_predictions(
            resources, developer, "credit", candidate, request({**ROW, "age": "old"})
        )
    assert refused.value.fields[0].pointer == "/rows/0/age"
