"""Decision records: found by what is asked, brought to the newest key, replayed all at once."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from service import errors
from service.domain.pages import PageRequest
from service.domain.permissions import Actor
from service.domain.predictions import PredictionRequest, PredictionSearch
from service.operations import predictions
from service.operations.decision_records import encrypt_records, opened_record, opened_row
from service.operations.replays import replay_predictions
from service.operations.resources import Resources
from service.storage import tables
from service.storage.encryption import RecordCipher
from tests.service.conftest import Clock, Person, audit_payloads
from tests.service.training import ROW

OLD, NEW = b"o" * 32, b"n" * 32


def predict(resources: Resources, actor: Actor, age: float = 41.0) -> str:
    """The id of a new record."""
    request = PredictionRequest.model_validate({"rows": [{**ROW, "age": age}]})
    return predictions.create_predictions(resources, actor, "credit", request).predictions[0].id


def test_records_are_found_by_version_caller_outcome_and_time(
    resources: Resources, developer: Actor, person: Person, clock: Clock, champion: int
) -> None:
    early = predict(resources, developer)
    clock.advance(hours=1)
    late = predict(resources, person("client"))

    def found(**search: object) -> list[str]:
        page = predictions.list_predictions(
            resources, developer, PredictionSearch.model_validate(search), PageRequest()
        )
        return [item.id for item in page.items]

    assert found() == [late, early]
    assert found(caller="client") == [late]
    assert found(caller="nobody") == []
    assert found(version=champion, caller="developer") == [early]
    assert found(version=champion + 1) == []
    assert found(outcome="yes") == [late, early]
    assert found(outcome="no") == []
    moment = predictions.get_prediction(resources, developer, late).created_at
    assert found(since=moment) == [late]
    assert found(until=moment) == [early]


def test_all_records_are_brought_to_the_newest_key(resources: Resources, developer: Actor, champion: int) -> None:
    readable = predict(resources, developer)
    old = predict(replace(resources, cipher=RecordCipher((OLD,))), developer)
    with pytest.raises(errors.RecordKeysUnset):
        encrypt_records(resources, lambda _done: None)
    both = replace(resources, cipher=RecordCipher((NEW, OLD)))
    told: list[int] = []
    assert encrypt_records(both, told.append) == 1  # the other one keeps the key of its day, which is wrapped anew
    assert encrypt_records(both, told.append) == 0
    assert told == [1]
    only_new = replace(resources, cipher=RecordCipher((NEW,)))
    with pytest.raises(errors.RecordKeyMissing):
        predictions.get_prediction(replace(resources, cipher=RecordCipher((OLD,))), developer, old)
    for identifier in (readable, old):
        assert predictions.get_prediction(only_new, developer, identifier).row == ROW
    assert replay_predictions(only_new, PredictionSearch(), lambda _done: None).different == ()
    actions = [event["action"] for event in audit_payloads(resources)]
    assert (actions.count("predictions.encrypted"), actions.count("record_keys.wrapped")) == (1, 1)


def test_a_record_that_a_key_of_the_settings_has_sealed_itself_is_read_and_gets_a_key_of_its_day(
    resources: Resources, developer: Actor, champion: int
) -> None:
    locked = replace(resources, cipher=RecordCipher((OLD,)))
    made = predict(locked, developer)
    with resources.database.write() as session:
        row = session.get_one(tables.Prediction, made)
        texts = opened_row(locked, row), opened_record(locked, row)
        row.row, row.record = (
            locked.cipher.seal(text.encode(), f"{made}/{column}")
            for column, text in zip(("row", "record"), texts, strict=True)
        )
        row.numbers, row.template, row.key = None, None, locked.cipher.newest
    assert predictions.get_prediction(locked, developer, made).row == ROW
    assert encrypt_records(locked, lambda _done: None) == 1
    assert replay_predictions(locked, PredictionSearch(), lambda _done: None).different == ()


def test_a_record_of_before_there_were_templates_reads_and_replays(
    resources: Resources, developer: Actor, champion: int
) -> None:
    made = predict(resources, developer)
    before = predictions.get_prediction(resources, developer, made)
    with resources.database.write() as session:
        row = session.get_one(tables.Prediction, made)
        row.record, row.numbers, row.template = opened_record(resources, row).encode(), None, None
    assert predictions.get_prediction(resources, developer, made) == before
    assert replay_predictions(resources, PredictionSearch(), lambda _done: None).different == ()


def test_a_bulk_replay_names_the_records_whose_bits_differ(
    resources: Resources, developer: Actor, champion: int
) -> None:
    made = [predict(resources, developer, age) for age in (20.0, 41.0, 60.0)]
    with resources.database.write() as session:
        forged = update(tables.Prediction).where(tables.Prediction.id == made[1])
        session.execute(forged.values(record_digest="sha256:" + "0" * 64))
    told: list[int] = []
    result = replay_predictions(resources, PredictionSearch(model="credit"), told.append)
    assert (result.replayed, result.different, told) == (3, (made[1],), [3])
    assert replay_predictions(resources, PredictionSearch(model="other"), told.append).replayed == 0
    assert audit_payloads(resources)[-2]["details"]["different"] == [made[1]]
