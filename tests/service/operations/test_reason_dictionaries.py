"""Reason dictionaries: revisions, the words at the time of a decision, and the gate before champion."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from service import errors
from service.domain.permissions import Actor
from service.domain.predictions import PredictionRequest
from service.domain.reasons import ReasonDictionaryRequest
from service.operations import models, predictions, reason_dictionaries, replays
from service.operations.models import ModelRequest
from service.operations.resources import Resources
from tests.service.conftest import Person, Steps, audit_payloads, everything_stored
from tests.service.training import ROW


def entry(feature: str, when: str = "any", words: str | None = None) -> dict[str, Any]:
    english = words or f"The {feature} ({when})."
    return {"features": [feature], "when": when, "code": f"{feature}-{when}", "texts": {"en": english, "de": "Grund"}}


COMPLETE = [
    entry("age", "higher"),
    entry("age", "lower"),
    entry("purpose"),
    entry("income"),
    entry("income", "missing"),
]


def dictionary(*entries: dict[str, Any]) -> ReasonDictionaryRequest:
    return ReasonDictionaryRequest.model_validate({"entries": list(entries)})


def put(resources: Resources, developer: Actor, *entries: dict[str, Any]) -> int:
    etag = reason_dictionaries.get_reason_dictionary(resources, developer, "credit", None).etag
    made = reason_dictionaries.put_reason_dictionary(resources, developer, "credit", dictionary(*entries), etag)
    assert made.revision is not None
    return made.revision


def request(**fields: Any) -> PredictionRequest:
    return PredictionRequest.model_validate({"rows": [{**ROW, "age": 19.0, "purpose": "trip"}], **fields})


@pytest.fixture
def owed(resources: Resources, developer: Actor, steps: Steps) -> int:
    """An approved version of a model whose decisions need reasons."""
    words = {"title": "Credit", "purpose": "Lend", "owner": "Risk", "approved_use": "Tests", "risk_tier": "low"}
    wanted = ModelRequest.model_validate(
        {"name": "credit", "adverse_action": True, "adverse_outcome": "higher", **words}
    )
    models.create_model(resources, developer, wanted)
    number = steps.train("credit", steps.dataset())
    steps.approve("credit", number)
    return number


def test_a_change_is_a_revision_and_every_revision_stays(
    resources: Resources, developer: Actor, auditor: Actor, candidate: int
) -> None:
    empty = reason_dictionaries.get_reason_dictionary(resources, auditor, "credit", None)
    assert (empty.revision, empty.entries, empty.etag) == (None, (), '"none"')
    for stale, error in ((None, errors.PreconditionRequired), ('"r1"', errors.PreconditionFailed)):
        with pytest.raises(error, match="none"):
            reason_dictionaries.put_reason_dictionary(resources, developer, "credit", dictionary(*COMPLETE), stale)
    assert put(resources, developer, *COMPLETE) == 1
    assert put(resources, developer, entry("age")) == 2
    first = reason_dictionaries.get_reason_dictionary(resources, auditor, "credit", 1)
    assert [one.code for one in first.entries] == [one["code"] for one in COMPLETE]
    assert reason_dictionaries.get_reason_dictionary(resources, auditor, "credit", None).etag == '"r2"'
    with pytest.raises(errors.NotFound):
        reason_dictionaries.get_reason_dictionary(resources, auditor, "credit", 3)
    event = audit_payloads(resources)[-1]
    assert (event["action"], event["subject"]) == ("reason_dictionaries.put", "models/credit/reason-dictionary")
    assert event["details"]["revision"] == 2
    with pytest.raises(DatabaseError, match="append-only"), resources.database.write() as session:
        session.execute(text("UPDATE reason_dictionaries SET revision = 9"))


def test_insufficient_words_are_refused_and_nothing_is_stored(
    resources: Resources, developer: Actor, candidate: int
) -> None:
    before = everything_stored(resources)
    with pytest.raises(errors.ReasonTextInsufficient) as refused:
        put(resources, developer, entry("age"), entry("income", words="Failed to achieve a qualifying score."))
    assert refused.value.fields[0].pointer == "/entries/1/texts/en"
    assert everything_stored(resources) == before


def test_a_scored_feature_without_words_keeps_a_version_from_champion(
    resources: Resources, developer: Actor, steps: Steps, owed: int
) -> None:
    with pytest.raises(errors.ReasonsMissing, match="age, purpose, income"):
        steps.point("credit", owed)
    steps.point("credit", owed, "challenger")
    put(resources, developer, *COMPLETE[:-1])
    coverage = reason_dictionaries.get_reason_coverage(resources, developer, "credit", owed)
    assert [(one.feature, one.when) for one in coverage.unmapped] == [("income", "missing")]
    assert coverage.required
    with pytest.raises(errors.ReasonsMissing, match="income") as refused:
        steps.point("credit", owed)
    assert [field.pointer for field in refused.value.fields] == ["/features/income"]
    put(resources, developer, *COMPLETE)
    assert steps.point("credit", owed).version == owed


def test_the_champion_keeps_its_words(resources: Resources, developer: Actor, steps: Steps, owed: int) -> None:
    put(resources, developer, *COMPLETE)
    steps.point("credit", owed)
    with pytest.raises(errors.ReasonsMissing, match="age"):
        put(resources, developer, *COMPLETE[1:])
    assert put(resources, developer, *COMPLETE, entry("shoe-size")) == 2


def test_a_model_without_adverse_action_needs_no_words(
    resources: Resources, developer: Actor, steps: Steps, champion: int
) -> None:
    coverage = reason_dictionaries.get_reason_coverage(resources, developer, "credit", champion)
    assert (coverage.required, len(coverage.unmapped)) == (False, 6)


def test_a_record_keeps_the_words_of_its_time(resources: Resources, developer: Actor, champion: int) -> None:
    put(resources, developer, *COMPLETE)
    (first,) = predictions.create_predictions(resources, developer, "credit", request(locale="de")).predictions
    assert {reason.text for reason in first.reasons} == {"Grund"}
    assert first.reason_rules is not None
    assert (first.reason_rules.dictionary, first.reason_rules.locale) == (1, "de")
    put(resources, developer, entry("age", words="Years of age."))
    (second,) = predictions.create_predictions(resources, developer, "credit", request()).predictions
    assert "Years of age." in {reason.text for reason in second.reasons}
    for one in (first, second):
        assert replays.replay_prediction(resources, developer, one.id).identical


def test_as_many_reasons_as_wanted_by_the_method_wanted(resources: Resources, developer: Actor, champion: int) -> None:
    answer = predictions.create_predictions(
        resources, developer, "credit", request(reason_method="points_below_maximum", reason_count=1)
    )
    (prediction,) = answer.predictions
    assert len(prediction.reasons) == 1
    assert prediction.reason_rules is not None
    assert (prediction.reason_rules.method, prediction.reason_rules.count) == ("points_below_maximum", 1)
    assert replays.replay_prediction(resources, developer, prediction.id).identical


def test_a_language_without_texts_is_refused(resources: Resources, developer: Actor, champion: int) -> None:
    with pytest.raises(errors.LocaleUnknown, match="fr") as refused:
        predictions.create_predictions(resources, developer, "credit", request(locale="fr"))
    assert refused.value.fields[0].detail == "Use en."


@pytest.mark.parametrize("role", ["auditor", "observer", "administrator", "client"])
def test_only_a_developer_writes_the_dictionary(
    resources: Resources, candidate: int, person: Person, role: str
) -> None:
    with pytest.raises(errors.ActionNotAllowed):
        reason_dictionaries.put_reason_dictionary(resources, person(role), "credit", dictionary(*COMPLETE), '"none"')
