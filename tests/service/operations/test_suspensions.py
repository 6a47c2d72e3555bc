"""Suspended at once by one, resumed by two, retired for good."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from service import errors
from service.domain.counterfactuals import CounterfactualRequest
from service.domain.permissions import Actor
from service.domain.predictions import PredictionRequest, Value
from service.modelling import prediction
from service.operations import aliases, counterfactuals, prediction_works, predictions, suspensions, versions
from service.operations.resources import Resources
from service.operations.suspensions import ReasonRequest, Suspension
from service.storage import tables
from tests.service.conftest import Clock, Person, Steps, audit_payloads, everything_stored, signature_request

WHY = ReasonRequest(reason="drift in March")
FIXED = ReasonRequest(reason="the feed was repaired")


@pytest.fixture
def administrator(person: Person) -> Actor:
    return person("administrator")


@pytest.fixture
def suspended(resources: Resources, administrator: Actor, champion: int) -> Suspension:
    return suspensions.create_suspension(resources, administrator, "credit", champion, WHY)


def applicant() -> dict[str, Value]:
    return {"age": 41.0, "purpose": "car", "income": None}


def predict(resources: Resources, actor: Actor, rows: int = 1) -> object:
    request = PredictionRequest(rows=(applicant(),) * rows)
    return predictions.create_predictions(resources, actor, "credit", request)


def state_of(resources: Resources, actor: Actor) -> str:
    return versions.get_version(resources, actor, "credit", 1).state


@pytest.mark.usefixtures("suspended")
def test_a_suspended_version_answers_nobody_and_becomes_no_alias(
    resources: Resources, developer: Actor, steps: Steps
) -> None:
    before = everything_stored(resources)
    with pytest.raises(errors.VersionNotApproved, match="suspended"):
        predict(resources, developer)
    with pytest.raises(errors.VersionNotApproved, match="suspended"):
        predictions.create_version_predictions(
            resources, developer, "credit", 1, PredictionRequest(rows=(applicant(),))
        )
    with pytest.raises(errors.VersionNotApproved, match="suspended"):
        steps.point("credit", 1, "challenger")
    assert everything_stored(resources) == before


def test_an_answer_that_was_being_computed_when_the_version_was_suspended_is_not_given(
    resources: Resources, developer: Actor, administrator: Actor, champion: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def suspend_meanwhile(*arguments: Any) -> object:
        suspensions.create_suspension(resources, administrator, "credit", champion, WHY)
        return prediction.predict_together(*arguments)

    monkeypatch.setattr(prediction_works, "predict_together", suspend_meanwhile)
    with pytest.raises(errors.VersionNotApproved, match="suspended"):
        predict(resources, developer)
    assert everything_stored(resources)["predictions"] == 0


@pytest.mark.usefixtures("suspended")
def test_two_people_resume_what_one_suspended(
    resources: Resources, developer: Actor, administrator: Actor, auditor: Actor
) -> None:
    with pytest.raises(errors.ResumptionNotRequested):
        suspensions.confirm_resumption(resources, auditor, "credit", 1)
    suspensions.request_resumption(resources, administrator, "credit", 1, FIXED)
    assert state_of(resources, auditor) == "suspended"
    suspensions.confirm_resumption(resources, auditor, "credit", 1)
    assert state_of(resources, auditor) == "approved"
    predict(resources, developer)
    (shown,) = suspensions.list_suspensions(resources, auditor, "credit", 1)
    assert (shown.reason, shown.resumption_reason) == (WHY.reason, FIXED.reason)
    assert (shown.suspended_by, shown.resumption_requested_by) == ("Printed Administrator",) * 2
    assert shown.resumed_by == "Printed Auditor"
    actions = [event["action"] for event in audit_payloads(resources)]
    assert WHY.reason not in str(audit_payloads(resources))
    for action in ("suspensions.created", "resumptions.requested", "resumptions.confirmed"):
        assert actions.count(action) == 1


@pytest.mark.usefixtures("suspended")
def test_nobody_confirms_the_resumption_that_they_asked_for(resources: Resources, auditor: Actor) -> None:
    suspensions.request_resumption(resources, auditor, "credit", 1, FIXED)
    before = everything_stored(resources)
    with pytest.raises(errors.SamePersonTwice):
        suspensions.confirm_resumption(resources, auditor, "credit", 1)
    assert everything_stored(resources) == before
    assert state_of(resources, auditor) == "suspended"


def test_the_database_itself_refuses_one_person_as_two(
    resources: Resources, auditor: Actor, suspended: Suspension
) -> None:
    both = update(tables.Suspension).where(tables.Suspension.id == suspended.id)
    with pytest.raises(IntegrityError), resources.database.write() as session:
        session.execute(both.values(resumption_requested_by=auditor.id, resumed_by=auditor.id))


def test_who_contributed_and_what_is_no_person_confirm_nothing(
    resources: Resources, steps: Steps, administrator: Actor, auditor: Actor, person: Person
) -> None:
    both = person("developer", "auditor")
    own = Steps(resources, both, auditor)
    own.approve("credit", own.train(own.model(), own.dataset()))
    suspensions.create_suspension(resources, administrator, "credit", 1, WHY)
    suspensions.request_resumption(resources, administrator, "credit", 1, FIXED)
    with pytest.raises(errors.ContributorCannotSign):
        suspensions.confirm_resumption(resources, both, "credit", 1)
    with pytest.raises(errors.KeyCannotSign):
        suspensions.confirm_resumption(resources, replace(auditor, api_key_id="key"), "credit", 1)


@pytest.mark.usefixtures("candidate")
def test_what_was_never_approved_is_not_suspended_resumed_or_retired(
    resources: Resources, administrator: Actor, auditor: Actor
) -> None:
    with pytest.raises(errors.WrongState, match="candidate"):
        suspensions.create_suspension(resources, administrator, "credit", 1, WHY)
    with pytest.raises(errors.WrongState, match="candidate"):
        suspensions.confirm_resumption(resources, auditor, "credit", 1)
    with pytest.raises(errors.WrongState, match="candidate"):
        suspensions.retire_version(resources, administrator, "credit", 1, WHY)


def test_a_version_is_retired_for_good_once_no_alias_points_to_it(
    resources: Resources, steps: Steps, administrator: Actor, auditor: Actor, champion: int
) -> None:
    with pytest.raises(errors.VersionInUse, match="champion"):
        suspensions.retire_version(resources, administrator, "credit", champion, WHY)
    other = steps.train("credit", steps.dataset())
    steps.approve("credit", other)
    steps.point("credit", other)
    suspensions.retire_version(resources, administrator, "credit", champion, WHY)
    retired = versions.get_version(resources, auditor, "credit", champion)
    assert (retired.state, retired.retirement_reason) == ("retired", WHY.reason)
    with pytest.raises(errors.WrongState, match="retired"):
        suspensions.request_resumption(resources, auditor, "credit", champion, FIXED)
    with pytest.raises(errors.NothingToRollBackTo):
        roll_back(resources, steps.developer)


def roll_back(resources: Resources, actor: Actor) -> int | None:
    etag = aliases.get_alias(resources, actor, "credit", "champion").etag
    return aliases.roll_back_alias(resources, actor, "credit", "champion", etag).version


def test_a_rollback_passes_over_versions_that_may_not_be_used(
    resources: Resources, steps: Steps, developer: Actor, administrator: Actor
) -> None:
    model, dataset = steps.model(), steps.dataset()
    for number in (1, 2, 3):
        assert steps.train(model, dataset) == number
        steps.approve(model, number)
        steps.point(model, number)
    suspensions.create_suspension(resources, administrator, "credit", 2, WHY)
    assert roll_back(resources, developer) == 1
    with pytest.raises(errors.NothingToRollBackTo):
        roll_back(resources, developer)
    newest = aliases.list_alias_history(resources, developer, "credit", "champion", None)[0]
    assert (newest.version, newest.previous_version, newest.rolled_back) == (1, 3, True)
    assert audit_payloads(resources)[-1]["action"] == "aliases.rolled_back"


def test_a_rollback_says_what_it_replaces(resources: Resources, developer: Actor, champion: int) -> None:
    with pytest.raises(errors.PreconditionRequired):
        aliases.roll_back_alias(resources, developer, "credit", "champion", None)
    with pytest.raises(errors.PreconditionFailed):
        aliases.roll_back_alias(resources, developer, "credit", "champion", '"none"')


def test_an_approval_holds_predictions_to_its_limits(
    resources: Resources, steps: Steps, developer: Actor, clock: Clock, candidate: int
) -> None:
    limits = {"conditions": "Second reading only.", "expires_at": "2026-12-24T00:00:00+01:00", "maximum_rows": 2}
    review = steps.accept_edges(steps.submit("credit", candidate))
    signed = steps.sign_request(review, signature_request(review, limits=limits))
    assert signed.signatures[0].limits.maximum_rows == 2
    steps.point("credit", candidate)
    shown = versions.get_version(resources, developer, "credit", candidate).limits
    assert (shown.conditions, shown.expires_at) == ("Second reading only.", "2026-12-23T23:00:00.000000Z")
    predict(resources, developer, rows=2)
    with pytest.raises(errors.TooManyRows, match="at most 2"):
        predict(resources, developer, rows=3)
    clock.advance(days=31)
    for ask in (predict, champion_question):
        with pytest.raises(errors.ApprovalExpired, match="2026-12-23 23:00:00 UTC"):
            ask(resources, developer)
    with pytest.raises(errors.ApprovalExpired):
        steps.point("credit", candidate, "challenger")


def champion_question(resources: Resources, actor: Actor) -> object:
    question = CounterfactualRequest.model_validate({"row": applicant(), "goal": {"at_least": 0.5}})
    return counterfactuals.create_counterfactuals(resources, actor, "credit", question)
