"""The trail of everything: complete, without names, verified on demand."""

from pathlib import Path

import pytest
from sqlalchemy import delete, insert, text, update

from service.domain.audit import AuditFilter, Head
from service.domain.audit_files import Trusted, verify_trail
from service.domain.pages import PageRequest
from service.domain.permissions import Actor
from service.errors import ActionNotAllowed, InvalidRequest, NotFound
from service.operations import audit_events, predictions, users
from service.operations.health import migrate, ready_resources
from service.operations.resources import Resources
from service.settings import Settings
from service.storage import audit, tables
from service.storage.database import Session
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


def seen(resources: Resources, reader: Actor, limit: int = 50, **wanted: str) -> list[str]:
    """The actions of the events that a filter leaves, newest first, page by page."""
    found, cursor = [], None
    while True:
        request = PageRequest(limit=limit, cursor=cursor)
        page = audit_events.list_audit_events(resources, reader, request, AuditFilter(**wanted))
        found += [event.action for event in page.items]
        if (cursor := page.next_cursor) is None:
            return found


def test_events_are_found_by_who_what_and_to_what(
    resources: Resources, developer: Actor, auditor: Actor, champion: int
) -> None:
    assert seen(resources, auditor, actor="auditor") == ["signatures.created", *["edge_decisions.made"] * 3]
    assert seen(resources, auditor, actor=auditor.id) == seen(resources, auditor, actor="auditor", limit=1)
    assert seen(resources, auditor, actor="system") == ["model_versions.created", "users.created", "users.created"]
    assert seen(resources, auditor, action="edge_decisions.made", limit=2) == ["edge_decisions.made"] * 3
    assert seen(resources, auditor, action="reviews") == ["reviews.created"]
    assert seen(resources, auditor, action="review") == []
    about = seen(resources, auditor, subject="models/credit")
    assert about == ["aliases.moved", "model_versions.created", "models.created"]
    assert seen(resources, auditor, subject="models/cred") == []
    assert seen(resources, auditor, subject="models/credi_") == []
    assert seen(resources, auditor, actor="developer", subject="models/credit") == ["aliases.moved", "models.created"]


def test_events_are_found_by_when(resources: Resources, auditor: Actor, champion: int) -> None:
    newest = audit_events.list_audit_events(resources, auditor, PageRequest()).items
    at = newest[4].at
    assert seen(resources, auditor, since=at) == [event.action for event in newest[:5]]
    assert seen(resources, auditor, until=at) == [event.action for event in newest[5:]]
    assert seen(resources, auditor, since=at, until=newest[3].at) == [newest[4].action]
    with pytest.raises(InvalidRequest, match="later"):
        seen(resources, auditor, since=at, until=at)


def test_nobody_s_events_are_not_found(resources: Resources, auditor: Actor) -> None:
    with pytest.raises(NotFound, match="nobody"):
        seen(resources, auditor, actor="nobody")


def test_a_streamed_trail_verifies_and_a_part_of_it_says_which_events_it_has(
    resources: Resources, auditor: Actor, champion: int
) -> None:
    whole = list(audit_events.stream_audit_events(resources, auditor, AuditFilter()))
    assert (verify_trail(whole, Trusted()).holds, len(whole)) == (True, len(WHOLE_JOURNEY) + 1)
    part = list(audit_events.stream_audit_events(resources, auditor, AuditFilter(actor="auditor")))
    assert [line for line in whole[1:] if line in part] == part[1:]
    assert len(part) == 5
    assert verify_trail(part, Trusted()).finding == "missing"


def test_the_same_chain_verifies_on_another_database(resources: Resources, champion: int, tmp_path: Path) -> None:
    """From a SQLite file to the database under test, which is PostgreSQL in one of the two runs."""
    source = Settings(data_dir=tmp_path / "source")
    migrate(source.resolved_database_url)
    with ready_resources(source) as before:
        for number in range(5):
            users.create_user(before, f"user-{number}", "É \u2028 ü", frozenset({"observer"}), PASSWORD)
        kept = audit_events.create_checkpoint(before)
        with before.database.read() as session:
            links = list(audit.read_links(session))
    with resources.database.write() as session:
        for trigger in ("refuses_delete", "is_append_only"):
            drop_trigger(session, trigger)
        session.execute(delete(tables.AuditEvent))
        session.execute(insert(tables.AuditEvent), [link._asdict() for link in links])
        session.execute(update(tables.AuditHead).values(seq=kept.seq, hash=kept.hash))
    result = audit_events.verify_audit_trail(resources, None, kept.head)
    assert (result.holds, result.events, result.head_hash) == (True, 5, kept.hash)


def drop_trigger(session: Session, name: str) -> None:
    on = " ON audit_events" if session.get_bind().dialect.name == "postgresql" else ""
    session.execute(text(f"DROP TRIGGER IF EXISTS audit_events_{name}{on}"))
