"""Decision records are erased when their time is over, not before and never on hold; the trail verifies as before."""

from dataclasses import replace

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import make_transient

from service import errors
from service.domain.permissions import Actor
from service.domain.retention import RetentionRequest
from service.operations import audit_events, predictions, replays, retention
from service.operations.resources import Resources
from service.storage import tables
from service.storage.encryption import RecordCipher
from tests.service.conftest import Clock, Person, audit_payloads, everything_stored
from tests.service.operations.test_predictions import request
from tests.service.training import ROW


@pytest.fixture
def administrator(person: Person) -> Actor:
    return person("administrator")


def settle(resources: Resources, administrator: Actor, days: int | None, hold: str | None = None) -> None:
    etag = retention.get_retention(resources, administrator, "credit").etag
    wanted = RetentionRequest(keep_days=days, legal_hold=hold)
    retention.put_retention(resources, administrator, "credit", wanted, etag)


def predict(resources: Resources, developer: Actor, key: str | None = None) -> tuple[str, str]:
    (made,) = predictions.create_predictions(resources, developer, "credit", request(ROW), key).predictions
    return made.id, predictions.get_prediction(resources, developer, made.id).record_digest


def test_only_records_whose_time_is_over_are_erased(
    resources: Resources, developer: Actor, administrator: Actor, champion: int, clock: Clock
) -> None:
    old, digest = predict(resources, developer, "again")
    clock.advance(days=20)
    young, _ = predict(resources, developer)
    clock.advance(days=11)
    settle(resources, administrator, 30)
    assert retention.get_retention(resources, administrator, "credit").due == 1
    assert retention.erase_predictions(resources, administrator, "credit").erased == 1
    assert predictions.get_prediction(resources, developer, young).record_digest
    for look in (predictions.get_prediction, replays.replay_prediction):
        with pytest.raises(errors.PredictionErased, match=digest):
            look(resources, developer, old)
    with pytest.raises(errors.PredictionErased, match=old):
        predict(resources, developer, "again")
    assert retention.erase_predictions(resources, administrator, "credit").erased == 0
    event = audit_payloads(resources)[-1]
    assert (event["action"], event["details"]) == ("predictions.erased", {"records": {old: digest}})
    assert audit_events.verify_audit_trail(resources, None).holds


def test_nothing_of_an_erased_row_is_left(
    resources: Resources, developer: Actor, administrator: Actor, champion: int, clock: Clock
) -> None:
    made = {predict(resources, developer)[0] for _ in range(3)}
    clock.advance(days=2)
    settle(resources, administrator, 1)
    before = everything_stored(resources)
    assert retention.erase_predictions(resources, None, "credit").erased == 3
    after = everything_stored(resources)
    assert (after["predictions"], after["erased_predictions"]) == (before["predictions"] - 3, 3)
    assert after["audit_events"] == before["audit_events"] + 1
    assert set(audit_payloads(resources)[-1]["details"]["records"]) == made


def test_a_legal_hold_stands_against_every_erasure(
    resources: Resources, developer: Actor, administrator: Actor, champion: int, clock: Clock
) -> None:
    kept, _ = predict(resources, developer)
    clock.advance(days=400)
    settle(resources, administrator, 30, "Case 12/2027")
    with pytest.raises(errors.OnLegalHold):
        retention.erase_predictions(resources, administrator, "credit")
    assert retention.erasable_models(resources) == ()
    assert predictions.get_prediction(resources, developer, kept).prediction.id == kept
    assert "12/2027" not in str(audit_payloads(resources))
    settle(resources, administrator, 30)
    assert retention.erasable_models(resources) == ("credit",)
    assert retention.erase_predictions(resources, administrator, "credit").erased == 1


def test_without_a_schedule_records_are_kept(resources: Resources, administrator: Actor, champion: int) -> None:
    with pytest.raises(errors.NoRetentionSchedule):
        retention.erase_predictions(resources, administrator, "credit")
    settle(resources, administrator, None)
    with pytest.raises(errors.NoRetentionSchedule):
        retention.erase_predictions(resources, administrator, "credit")


def test_a_change_names_the_schedule_that_it_replaces(
    resources: Resources, administrator: Actor, developer: Actor, champion: int
) -> None:
    wanted = RetentionRequest(keep_days=30)
    with pytest.raises(errors.PreconditionRequired):
        retention.put_retention(resources, administrator, "credit", wanted, None)
    retention.put_retention(resources, administrator, "credit", wanted, '"none"')
    with pytest.raises(errors.PreconditionFailed):
        retention.put_retention(resources, administrator, "credit", wanted, '"none"')
    with pytest.raises(errors.ActionNotAllowed):
        retention.put_retention(resources, developer, "credit", wanted, '"r1"')


def test_erasing_destroys_keys_so_that_copies_of_the_records_are_unreadable_and_the_trail_verifies(
    resources: Resources, developer: Actor, administrator: Actor, champion: int, clock: Clock
) -> None:
    locked = replace(resources, cipher=RecordCipher((b"k" * 32,)))
    old, digest = predict(locked, developer)
    with locked.database.read() as session:
        copy = session.get_one(tables.Prediction, old)
    clock.advance(days=1)
    predict(locked, developer)
    clock.advance(days=1)
    settle(locked, administrator, 1)
    erasure = retention.erase_predictions(locked, administrator, "credit")
    assert (erasure.erased, erasure.keys_destroyed) == (2, 1)  # of the later day, other records might be left
    clock.advance(days=1)
    assert retention.erase_predictions(locked, administrator, "credit").keys_destroyed == 1
    assert retention.erase_predictions(locked, administrator, "credit").keys_destroyed == 0
    with locked.database.write() as session:  # a backup is put back
        session.execute(delete(tables.ErasedPrediction).where(tables.ErasedPrediction.id == old))
        make_transient(copy)
        session.add(copy)
    with pytest.raises(errors.RecordKeyMissing):
        predictions.get_prediction(locked, developer, old)
    assert retention.erase_predictions(locked, administrator, "credit").erased == 1
    assert audit_events.verify_audit_trail(locked, None).holds
    destroyed = [event["details"] for event in audit_payloads(locked) if event["action"] == "record_keys.destroyed"]
    assert destroyed == [{"days": 1, "first": day, "last": day} for day in ("2026-11-23", "2026-11-24")]
    assert predict(locked, developer)[1] != digest


def test_a_hold_keeps_the_keys_too(
    resources: Resources, developer: Actor, administrator: Actor, champion: int, clock: Clock
) -> None:
    locked = replace(resources, cipher=RecordCipher((b"k" * 32,)))
    kept, _ = predict(locked, developer)
    clock.advance(days=400)
    settle(locked, administrator, 30, "Case 12/2027")
    with pytest.raises(errors.OnLegalHold):
        retention.erase_predictions(locked, administrator, "credit")
    assert predictions.get_prediction(locked, developer, kept).row == ROW
