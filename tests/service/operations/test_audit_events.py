"""The trail of everything: complete, without names, verified on demand."""

import pytest

from service.domain.audit import Head
from service.domain.pages import PageRequest
from service.domain.permissions import Actor
from service.errors import ActionNotAllowed
from service.operations import audit_events, predictions
from service.operations.resources import Resources
from tests.service.conftest import PASSWORD, Person, Steps, audit_payloads
from tests.service.operations.test_predictions import request
from tests.service.training import ROW

WHOLE_JOURNEY = [
    "users.created",
    "users.created",
    "models.created",
    "datasets.created",
    "training_jobs.created",
    "model_versions.created",
    "reviews.created",
    "edge_decisions.made",
    "edge_decisions.made",
    "edge_decisions.made",
    "signatures.created",
    "aliases.moved",
]


def test_a_whole_journey_is_on_the_trail_in_order(resources: Resources, auditor: Actor, champion: int) -> None:
    assert [event["action"] for event in audit_payloads(resources)] == WHOLE_JOURNEY
    result = audit_events.verify_audit_trail(resources, auditor)
    assert (result.holds, result.events, result.head_seq) == (True, len(WHOLE_JOURNEY), len(WHOLE_JOURNEY))


def test_every_action_is_named_after_what_was_done(resources: Resources, champion: int) -> None:
    for payload in audit_payloads(resources):
        assert set(payload) == {"at", "actor", "api_key", "action", "subject", "details"}
        noun, _, verb = payload["action"].partition(".")
        assert noun
        assert verb in {"created", "made", "moved"}


def test_no_personal_data_is_on_the_trail(
    resources: Resources, developer: Actor, auditor: Actor, champion: int
) -> None:
    row = {**ROW, "purpose": "a very private purpose", "income": 4321.5}
    predictions.create_predictions(resources, developer, "credit", request(row))
    text = str(audit_payloads(resources))
    written = (developer.printed_name, auditor.printed_name, PASSWORD, "I looked at every edge", "Please look")
    assert [private for private in (*written, "private purpose", "4321.5") if private in text] == []
    assert developer.id in text


def test_people_are_stored_by_id_and_shown_by_name(resources: Resources, auditor: Actor, champion: int) -> None:
    newest = audit_events.list_audit_events(resources, auditor, PageRequest(limit=1)).items[0]
    assert (newest.action, newest.actor, newest.seq) == ("aliases.moved", "Printed Developer", len(WHOLE_JOURNEY))


def test_the_trail_is_paged_newest_first(resources: Resources, auditor: Actor, champion: int) -> None:
    seen: list[int] = []
    cursor = None
    while True:
        page = audit_events.list_audit_events(resources, auditor, PageRequest(limit=5, cursor=cursor))
        seen += [event.seq for event in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert seen == list(range(len(WHOLE_JOURNEY), 0, -1))


def test_a_checkpoint_kept_outside_is_checked_too(resources: Resources, auditor: Actor, steps: Steps) -> None:
    steps.model()
    kept = audit_events.verify_audit_trail(resources, auditor)
    steps.dataset()
    assert audit_events.verify_audit_trail(resources, None, Head(kept.head_seq, kept.head_hash)).holds
    other = audit_events.verify_audit_trail(resources, None, Head(kept.head_seq, "f" * 64))
    assert (other.holds, other.finding) == (False, "forked")


def test_a_client_does_not_read_the_trail(resources: Resources, person: Person) -> None:
    with pytest.raises(ActionNotAllowed):
        audit_events.list_audit_events(resources, person("client"), PageRequest())
    with pytest.raises(ActionNotAllowed):
        audit_events.verify_audit_trail(resources, person("client"))
