"""Predictions: stored before they are answered, the same at every replay, once for each key."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from service import errors
from service.domain.canonical import canonical_json, digest_of
from service.domain.pages import PageRequest
from service.domain.permissions import Actor
from service.domain.predictions import PredictionRequest, Predictions, PredictionSearch
from service.operations import predictions, replays, suspensions
from service.operations.prediction_plans import Target
from service.operations.prediction_works import PredictionWork
from service.operations.resources import Resources, open_resources
from service.storage import tables
from service.storage.encryption import RecordCipher
from tests.service.conftest import Person, Steps, audit_payloads, everything_stored
from tests.service.training import ROW


def request(*rows: dict[str, Any], explain: str = "edges") -> PredictionRequest:
    return PredictionRequest.model_validate({"rows": list(rows or [ROW]), "explain": explain})


def ids(answer: Predictions) -> list[str]:
    return [prediction.id for prediction in answer.predictions]


@pytest.mark.parametrize("explain", ["edges", "features", "none"])
def test_an_answer_is_exactly_what_was_stored(
    resources: Resources, developer: Actor, champion: int, explain: str
) -> None:
    answer = predictions.create_predictions(resources, developer, "credit", request(explain=explain))
    assert (answer.model, answer.version, answer.trial) == ("credit", champion, False)
    (prediction,) = answer.predictions
    stored = predictions.get_prediction(resources, developer, prediction.id)
    assert stored.prediction == prediction
    assert stored.row == ROW
    assert stored.record_digest == digest_of(canonical_json(prediction.model_dump(mode="json")).encode())
    assert (stored.digest, stored.created_by) == (answer.digest, "Printed Developer")
    assert bool(prediction.edges) == (explain == "edges")
    assert bool(prediction.features) == (explain != "none")


def test_the_contributions_of_an_answer_add_up(resources: Resources, developer: Actor, champion: int) -> None:
    rows = [{**ROW, "age": float(age)} for age in range(18, 38)]
    for prediction in predictions.create_predictions(resources, developer, "credit", request(*rows)).predictions:
        difference = prediction.output.link - prediction.base_value
        for parts in (prediction.edges, prediction.features):
            assert sum(part.contribution for part in parts) == pytest.approx(difference, abs=1e-9)
        assert prediction.identity.max_abs_residual <= prediction.identity.tolerance


def test_a_replay_gives_identical_bits(resources: Resources, developer: Actor, auditor: Actor, champion: int) -> None:
    rows = [{**ROW, "age": float(age), "income": 1000.1 * age} for age in (18, 41, 99)]
    answer = predictions.create_predictions(resources, developer, "credit", request(*rows))
    for prediction in answer.predictions:
        replay = replays.replay_prediction(resources, auditor, prediction.id)
        assert replay.identical
        assert replay.replayed_digest == replay.stored_digest
    assert audit_payloads(resources)[-1]["action"] == "predictions.replayed"


def test_a_replay_in_a_process_that_starts_anew_gives_identical_bits(
    resources: Resources, developer: Actor, champion: int
) -> None:
    answer = predictions.create_predictions(resources, developer, "credit", request())
    opened = open_resources(resources.settings)
    assert replays.replay_prediction(opened, developer, ids(answer)[0]).identical
    opened.close()


def test_an_altered_artifact_answers_nothing(resources: Resources, developer: Actor, champion: int) -> None:
    digest = predictions.create_predictions(resources, developer, "credit", request()).digest
    (file,) = Path(resources.settings.data_dir).rglob(digest.removeprefix("sha256:"))
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    opened = open_resources(resources.settings)
    before = everything_stored(resources)
    with pytest.raises(errors.ArtifactCorrupted, match=digest):
        predictions.create_predictions(opened, developer, "credit", request())
    opened.close()
    assert everything_stored(resources) == before


def test_a_failed_commit_is_no_answer(resources: Resources, developer: Actor, champion: int) -> None:
    before = everything_stored(resources)

    def power_cut(_connection: object) -> None:
        raise ConnectionError("the database went away")

    event.listen(resources.database.engine, "commit", power_cut)
    with pytest.raises(ConnectionError):
        predictions.create_predictions(resources, developer, "credit", request())
    event.remove(resources.database.engine, "commit", power_cut)
    assert everything_stored(resources) == before


def test_a_version_that_is_not_approved_is_not_used(
    resources: Resources, developer: Actor, steps: Steps, candidate: int
) -> None:
    for state in ("candidate", "in_review"):
        with pytest.raises(errors.VersionNotApproved, match=state):
            predictions.create_version_predictions(resources, developer, "credit", candidate, request())
        if state == "candidate":
            review = steps.submit("credit", candidate)
    steps.sign(review, verdict="rejected")
    with pytest.raises(errors.VersionNotApproved, match="rejected"):
        predictions.create_version_predictions(resources, developer, "credit", candidate, request())
    assert everything_stored(resources)["predictions"] == 0


def test_a_model_without_a_champion_says_so(resources: Resources, developer: Actor, candidate: int) -> None:
    with pytest.raises(errors.NoChampion):
        predictions.create_predictions(resources, developer, "credit", request())


def test_a_trial_on_a_candidate_is_flagged_for_ever(
    resources: Resources, auditor: Actor, candidate: int, developer: Actor
) -> None:
    answer = predictions.create_trial_predictions(resources, auditor, "credit", candidate, request())
    assert answer.trial
    assert predictions.get_prediction(resources, auditor, ids(answer)[0]).trial
    page = predictions.list_predictions(resources, developer, PredictionSearch(model="credit"), PageRequest())
    assert [(summary.id, summary.trial) for summary in page.items] == [(ids(answer)[0], True)]


def test_a_client_cannot_try_a_candidate(resources: Resources, person: Person, candidate: int) -> None:
    with pytest.raises(errors.ActionNotAllowed):
        predictions.create_trial_predictions(resources, person("client"), "credit", candidate, request())


def test_a_client_sees_its_own_records_only(
    resources: Resources, developer: Actor, person: Person, champion: int
) -> None:
    one, two = person("client", name="one"), person("client", name="two")
    (own,) = ids(predictions.create_predictions(resources, one, "credit", request()))
    assert predictions.get_prediction(resources, one, own).created_by == "Printed One"
    assert predictions.get_prediction(resources, developer, own).created_by == "Printed One"
    with pytest.raises(errors.NotFound):
        predictions.get_prediction(resources, two, own)


def test_a_client_key_sees_its_own_records_and_not_those_of_its_owner(
    resources: Resources, developer: Actor, champion: int
) -> None:
    (owners,) = ids(predictions.create_predictions(resources, developer, "credit", request()))
    key = replace(developer, roles=frozenset({"client"}), api_key_id=None)
    assert predictions.get_prediction(resources, developer, owners).row == ROW
    (own,) = ids(predictions.create_predictions(resources, key, "credit", request()))
    assert predictions.get_prediction(resources, key, own).row == ROW


def test_the_same_key_gives_the_same_records(resources: Resources, developer: Actor, champion: int) -> None:
    rows = [ROW, {**ROW, "age": 20.0}]
    first = predictions.create_predictions(resources, developer, "credit", request(*rows), "key")
    before = everything_stored(resources)
    assert predictions.create_predictions(resources, developer, "credit", request(*rows), "key") == first
    assert everything_stored(resources) == before
    assert ids(predictions.create_predictions(resources, developer, "credit", request(*rows), "other")) != ids(first)


def test_the_same_key_gives_the_same_records_after_the_champion_has_moved(
    resources: Resources, developer: Actor, steps: Steps, champion: int
) -> None:
    first = predictions.create_predictions(resources, developer, "credit", request(), "key")
    second = steps.train("credit", steps.dataset())
    steps.approve("credit", second)
    steps.point("credit", second)
    assert predictions.create_predictions(resources, developer, "credit", request(), "key") == first
    assert predictions.create_predictions(resources, developer, "credit", request(), "new").version == second


@pytest.mark.parametrize("other", [request({**ROW, "age": 20.0}), request(explain="none")], ids=["row", "explain"])
def test_the_same_key_for_another_request_is_refused(
    resources: Resources, developer: Actor, champion: int, other: PredictionRequest
) -> None:
    predictions.create_predictions(resources, developer, "credit", request(), "key")
    before = everything_stored(resources)
    with pytest.raises(errors.IdempotencyKeyReused, match="key"):
        predictions.create_predictions(resources, developer, "credit", other, "key")
    with pytest.raises(errors.IdempotencyKeyReused, match="key"):
        predictions.create_trial_predictions(resources, developer, "credit", champion, request(), "key")
    assert everything_stored(resources) == before


def test_two_people_may_use_the_same_key(resources: Resources, developer: Actor, auditor: Actor, champion: int) -> None:
    one = predictions.create_predictions(resources, developer, "credit", request(), "key")
    two = predictions.create_predictions(resources, auditor, "credit", request(), "key")
    assert ids(one) != ids(two)


def test_the_same_key_at_the_same_time_makes_one_record(resources: Resources, developer: Actor, champion: int) -> None:
    barrier = threading.Barrier(4, timeout=60)

    def predict(_number: int) -> list[str]:
        barrier.wait()
        return ids(predictions.create_predictions(resources, developer, "credit", request(), "key"))

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(predict, range(4)))
    assert len({tuple(answer) for answer in answers}) == 1
    assert everything_stored(resources)["predictions"] == 1


def test_a_key_whose_request_failed_can_be_used_again(resources: Resources, developer: Actor, champion: int) -> None:
    with pytest.raises(errors.UnknownFeature):
        predictions.create_predictions(resources, developer, "credit", request({**ROW, "height": 1.8}), "key")
    assert ids(predictions.create_predictions(resources, developer, "credit", request(), "key"))


@pytest.mark.parametrize(
    ("row", "error", "pointer"),
    [
        ({**ROW, "height": 1.8}, errors.UnknownFeature, "/rows/1/height"),
        ({"age": 41.0, "purpose": "car"}, errors.MissingFeature, "/rows/1/income"),
        ({**ROW, "age": "41"}, errors.WrongValueType, "/rows/1/age"),
        ({**ROW, "age": True}, errors.WrongValueType, "/rows/1/age"),
        ({**ROW, "purpose": 1}, errors.WrongValueType, "/rows/1/purpose"),
        ({**ROW, "age": None}, errors.MissingValueNotSeen, "/rows/1/age"),
        ({**ROW, "sex": "f"}, errors.UnknownFeature, "/rows/1/sex"),
    ],
    ids=str,
)
def test_a_row_that_the_model_cannot_read_stores_nothing_of_the_call(
    resources: Resources,
    developer: Actor,
    champion: int,
    row: dict[str, Any],
    error: type[errors.EdgewiseError],
    pointer: str,
) -> None:
    before = everything_stored(resources)
    with pytest.raises(error) as refused:
        predictions.create_predictions(resources, developer, "credit", request(ROW, row))
    assert refused.value.fields[0].pointer == pointer
    assert everything_stored(resources) == before


def test_more_rows_than_the_limit_are_refused(resources: Resources, developer: Actor, champion: int) -> None:
    with pytest.raises(errors.TooManyRows) as refused:
        predictions.create_predictions(resources, developer, "credit", request(*[ROW] * 21))
    assert refused.value.fields[0].pointer == "/rows"


def test_what_the_training_never_saw_is_answered_with_a_warning(
    resources: Resources, developer: Actor, champion: int
) -> None:
    row = {**ROW, "age": 130.0, "purpose": "boat"}
    (prediction,) = predictions.create_predictions(resources, developer, "credit", request(row)).predictions
    found = {(warning.code, warning.feature) for warning in prediction.warnings}
    assert found == {("out_of_domain", "age"), ("unseen_category", "purpose")}


def test_the_list_is_newest_first_and_of_one_model(resources: Resources, developer: Actor, champion: int) -> None:
    made = [ids(predictions.create_predictions(resources, developer, "credit", request()))[0] for _ in range(3)]
    page = predictions.list_predictions(resources, developer, PredictionSearch(model="credit"), PageRequest(limit=2))
    assert [summary.id for summary in page.items] == made[:0:-1]
    assert (
        predictions.list_predictions(resources, developer, PredictionSearch(model="other"), PageRequest()).items == ()
    )


def test_many_callers_at_once_get_what_a_single_one_gets(resources: Resources, developer: Actor, champion: int) -> None:
    rows = [{**ROW, "age": float(age)} for age in range(20, 32)]

    def output(row: dict[str, Any]) -> float:
        return predictions.create_predictions(resources, developer, "credit", request(row)).predictions[0].output.link

    alone = [output(row) for row in rows]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(output, rows)) == alone


def test_calls_that_wait_share_one_commit_and_one_event(resources: Resources, developer: Actor, champion: int) -> None:
    predictions.create_predictions(resources, developer, "credit", request())
    before = everything_stored(resources)
    rows = [{**ROW, "age": float(age)} for age in range(20, 28)]
    works = [PredictionWork(resources, developer, Target("credit"), request(row), None) for row in rows]
    for work in works:
        work.prepare()
    assert PredictionWork.compute(works) == works
    assert PredictionWork.store(works) == []
    assert [len(work.done.result(0).records) for work in works] == [1] * 8
    after = everything_stored(resources)
    assert (after["predictions"] - before["predictions"], after["audit_events"] - before["audit_events"]) == (8, 1)
    event_of_all = audit_payloads(resources)[-1]["details"]["records"]
    assert set(event_of_all) == {identifier for work in works for identifier in work.ids}
    for work in works:
        assert replays.replay_prediction(resources, developer, work.ids[0]).identical


def test_one_call_that_cannot_be_computed_fails_no_other(resources: Resources, developer: Actor, champion: int) -> None:
    calls = [request(), request({**ROW, "height": 1.8}), request(*[ROW] * 21), request(explain="none")]
    works = [PredictionWork(resources, developer, Target("credit"), call, None) for call in calls]
    assert PredictionWork.compute(works) == [works[0], works[3]]
    with pytest.raises(errors.UnknownFeature):
        works[1].done.result(0)
    with pytest.raises(errors.TooManyRows):
        works[2].done.result(0)
    PredictionWork.store([works[0], works[3]])
    assert everything_stored(resources)["predictions"] == 2


def test_a_key_that_stands_for_another_call_fails_that_call_only(
    resources: Resources, developer: Actor, champion: int
) -> None:
    predictions.create_predictions(resources, developer, "credit", request(), "key")
    works = [
        PredictionWork(resources, developer, Target("credit"), request(explain=explain), key)
        for explain, key in (("none", "key"), ("features", None))
    ]
    PredictionWork.store(PredictionWork.compute(works))
    with pytest.raises(errors.IdempotencyKeyReused):
        works[0].done.result(0)
    assert len(works[1].done.result(0).records) == 1


def test_an_answer_of_a_replaced_champion_is_computed_anew(
    resources: Resources, developer: Actor, steps: Steps, champion: int
) -> None:
    work = PredictionWork(resources, developer, Target("credit"), request(), None)
    PredictionWork.compute([work])
    second = steps.train("credit", steps.dataset())
    steps.approve("credit", second)
    steps.point("credit", second)
    assert PredictionWork.store([work]) == [work]
    assert everything_stored(resources)["predictions"] == 0
    PredictionWork.store(PredictionWork.compute([work]))
    assert work.done.result(0).version == second


def test_another_process_hears_of_a_suspension_at_once(
    resources: Resources, developer: Actor, person: Person, champion: int
) -> None:
    other = open_resources(resources.settings)
    predictions.create_predictions(other, developer, "credit", request())
    why = suspensions.ReasonRequest(reason="It drifts.")
    suspensions.create_suspension(resources, person("administrator"), "credit", champion, why)
    with pytest.raises(errors.VersionNotApproved, match="suspended"):
        predictions.create_predictions(other, developer, "credit", request())
    other.close()
    assert everything_stored(resources)["predictions"] == 1


def test_records_keep_the_alias_the_outcome_and_the_latency(
    resources: Resources, developer: Actor, champion: int
) -> None:
    by_alias = predictions.create_predictions(resources, developer, "credit", request())
    by_number = predictions.create_version_predictions(resources, developer, "credit", champion, request())
    with resources.database.read() as session:
        one, two = (session.get_one(tables.Prediction, ids(answer)[0]) for answer in (by_alias, by_number))
    assert (one.alias, two.alias) == ("champion", None)
    assert one.outcome == by_alias.predictions[0].output.outcome
    assert one.latency_ms is not None
    assert one.latency_ms > 0


def test_with_a_key_neither_the_row_nor_the_record_can_be_read_in_the_database(
    resources: Resources, developer: Actor, champion: int
) -> None:
    locked = replace(resources, cipher=RecordCipher((b"k" * 32,)))
    answer = predictions.create_predictions(locked, developer, "credit", request(), "order")
    with resources.database.read() as session:
        stored = session.get_one(tables.Prediction, ids(answer)[0])
    assert b"age" not in stored.row + stored.record
    assert predictions.get_prediction(locked, developer, ids(answer)[0]).row == ROW
    assert replays.replay_prediction(locked, developer, ids(answer)[0]).identical
    assert predictions.create_predictions(locked, developer, "credit", request(), "order") == answer
    with pytest.raises(errors.RecordKeyMissing):
        predictions.get_prediction(resources, developer, ids(answer)[0])


def test_a_call_that_cannot_be_stored_in_time_says_so_and_happens_once(
    resources: Resources, developer: Actor, champion: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried = replace(resources, settings=resources.settings.model_copy(update={"prediction_timeout_seconds": 1}))
    with resources.database.write() as session:
        session.get_one(tables.AuditHead, 1, with_for_update=True)
        with pytest.raises(errors.AnswerLate):
            predictions.create_predictions(hurried, developer, "credit", request(), "order")
    answer = predictions.create_predictions(resources, developer, "credit", request(), "order")
    assert everything_stored(resources)["predictions"] == 1
    assert len(answer.predictions) == 1
