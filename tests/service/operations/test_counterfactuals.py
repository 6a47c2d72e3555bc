"""Counterfactuals: scored by the version itself, never of what must not change, and a digest of them in the trail."""

from typing import Any

import pytest

from service import errors
from service.domain.canonical import canonical_json, digest_of
from service.domain.counterfactuals import CounterfactualRequest, Counterfactuals
from service.domain.permissions import Actor
from service.domain.predictions import PredictionRequest
from service.modelling.counterfactuals import answer_question
from service.operations import counterfactuals, predictions
from service.operations.resources import Resources
from service.storage import models
from tests.service.conftest import Person, audit_payloads, everything_stored
from tests.service.training import ROW

GOAL = {"at_least": 0.5, "outcome": "yes"}


def question(**parts: Any) -> CounterfactualRequest:
    return CounterfactualRequest.model_validate({"row": {**ROW, "age": 75.0}, "goal": GOAL, **parts})


def rescored(resources: Resources, actor: Actor, asked: CounterfactualRequest, answer: Counterfactuals) -> list[float]:
    """What the version says of the changed rows when they are predicted."""
    rows = [
        {**asked.row, **{change.feature: change.after for change in one.changes}}
        for one in answer.answer.counterfactuals
    ]
    request = PredictionRequest.model_validate({"rows": rows, "explain": "none"})
    said = predictions.create_predictions(resources, actor, "credit", request)
    return [prediction.output.response for prediction in said.predictions]


def test_a_changed_row_is_predicted_as_it_was_said(resources: Resources, developer: Actor, champion: int) -> None:
    asked = question(alternatives=3)
    answer = counterfactuals.create_counterfactuals(resources, developer, "credit", asked)
    assert (answer.model, answer.version) == ("credit", champion)
    assert answer.answer.counterfactuals
    responses = rescored(resources, developer, asked, answer)
    assert responses == [one.value for one in answer.answer.counterfactuals]
    assert all(response >= 0.5 for response in responses)
    assert answer.answer.output.response < 0.5


def test_what_was_said_stands_in_the_trail_and_the_row_nowhere(
    resources: Resources, developer: Actor, champion: int
) -> None:
    before = everything_stored(resources)
    asked = question()
    answer = counterfactuals.create_counterfactuals(resources, developer, "credit", asked)
    after = everything_stored(resources)
    assert {name for name in after if after[name] != before[name]} <= {"audit_events", "audit_head"}
    event = audit_payloads(resources)[-1]
    assert event["action"] == "counterfactuals.created"
    assert event["subject"] == f"models/credit/versions/{champion}"
    said = {
        "version": answer.digest,
        "question": asked.model_dump(mode="json"),
        "answer": answer.answer.model_dump(mode="json"),
    }
    assert event["details"] == {"record": digest_of(canonical_json(said).encode())}
    again = counterfactuals.create_counterfactuals(resources, developer, "credit", asked)
    assert again == answer


def test_no_such_change_is_an_answer(resources: Resources, developer: Actor, champion: int) -> None:
    asked = question(goal={"at_least": 0.999999, "outcome": "yes"}, features=[{"feature": "income"}])
    answer = counterfactuals.create_counterfactuals(resources, developer, "credit", asked).answer
    assert answer.counterfactuals == ()
    assert answer.closest.value < 0.999999
    assert "no such change" in answer.statement.lower()


def test_a_row_that_is_there_already_needs_no_change(resources: Resources, developer: Actor, champion: int) -> None:
    asked = question(goal={"at_most": 0.5, "outcome": "yes"})
    (one,) = counterfactuals.create_counterfactuals(resources, developer, "credit", asked).answer.counterfactuals
    assert one.changes == ()


def test_immutable_features_are_never_offered_and_refused_by_name(resources: Resources, champion: int) -> None:
    asked = question()
    with resources.database.read() as session:
        digest = models.get_version(session, "credit", champion).digest
    network = resources.registry.get(digest)
    answer = answer_question(network, asked, {"age", "sex"})
    changes = {change.feature for one in (*answer.counterfactuals, answer.closest) for change in one.changes}
    assert "age" not in changes
    with pytest.raises(errors.ImmutableFeature, match="'age'") as refused:
        answer_question(network, question(features=[{"feature": "income"}, {"feature": "age"}]), {"age"})
    assert refused.value.fields[0].pointer == "/features/1/feature"


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        ({"goal": {}}, "/goal/at_least"),
        ({"goal": {"at_least": 1.5}}, "/goal/at_least"),
        ({"goal": {"at_most": 0.0}}, "/goal/at_most"),
        ({"goal": {"at_most": 0.5, "outcome": "perhaps"}}, "/goal/outcome"),
        ({"features": [{"feature": "wages"}]}, "/features/0/feature"),
        ({"features": [{"feature": "purpose", "direction": "increase"}]}, "/features/0/direction"),
        ({"features": [{"feature": "age", "minimum": 500.0}]}, "/features/0/minimum"),
        ({"features": [{"feature": "age", "step": 1e-6}]}, "/features/0/step"),
        ({"features": [{"feature": "age"}, {"feature": "age"}]}, "/features/1/feature"),
        ({"row": {"age": 41.0}}, "/row/purpose"),
        ({"row": {**ROW, "wages": 1.0}}, "/row/wages"),
        ({"row": {**ROW, "age": "old"}}, "/row/age"),
    ],
)
def test_questions_without_an_answer_are_refused_at_their_place(
    resources: Resources, developer: Actor, champion: int, parts: dict[str, Any], pointer: str
) -> None:
    before = everything_stored(resources)
    with pytest.raises(errors.Invalid) as refused:
        counterfactuals.create_counterfactuals(resources, developer, "credit", question(**parts))
    assert [field.pointer for field in refused.value.fields] == [pointer]
    assert everything_stored(resources) == before


def test_people_may_ask_a_candidate_and_clients_may_not(
    resources: Resources, auditor: Actor, person: Person, candidate: int
) -> None:
    asked = question()
    answer = counterfactuals.create_version_counterfactuals(resources, auditor, "credit", candidate, asked)
    assert answer.version == candidate
    with pytest.raises(errors.VersionNotApproved):
        counterfactuals.create_version_counterfactuals(resources, person("client"), "credit", candidate, asked)
    with pytest.raises(errors.NoChampion):
        counterfactuals.create_counterfactuals(resources, auditor, "credit", asked)
    with pytest.raises(errors.ActionNotAllowed):
        counterfactuals.create_version_counterfactuals(resources, person("observer"), "credit", candidate, asked)
