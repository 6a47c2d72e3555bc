"""Signing in and out, and how long that lasts."""

from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters

from service import errors
from service.operations import sessions, users
from service.operations.resources import Resources
from service.storage import tables
from tests.service.conftest import PASSWORD, Clock, Person, audit_payloads, everything_stored


def test_a_person_signs_in_with_name_and_password(resources: Resources, person: Person) -> None:
    dana = person("developer", "auditor", name="dana")
    signed_in = sessions.create_session(resources, "dana", PASSWORD)
    assert (signed_in.me.id, signed_in.me.roles) == (dana.id, ("auditor", "developer"))
    assert {"create_dataset", "create_signature"} <= set(signed_in.me.permissions)
    assert sessions.authenticate_session(resources, signed_in.token) == dana


@pytest.mark.parametrize(
    ("name", "password"), [("dana", "wrong"), ("nobody", PASSWORD), ("nobody", "wrong"), ("DANA", PASSWORD)]
)
def test_a_wrong_name_and_a_wrong_password_give_the_same_answer(
    resources: Resources, person: Person, name: str, password: str
) -> None:
    person("developer", name="dana")
    before = everything_stored(resources)
    with pytest.raises(errors.SignInRefused, match="name or the password"):
        sessions.create_session(resources, name, password)
    noted = 1 if name == "dana" else 0
    assert everything_stored(resources) == {**before, "audit_events": before["audit_events"] + noted}


def test_neither_password_nor_token_is_stored(resources: Resources, person: Person) -> None:
    person("developer", name="dana")
    token = sessions.create_session(resources, "dana", PASSWORD).token
    with resources.database.read() as session:
        (user,), (row,) = session.query(tables.User).all(), session.query(tables.SignInSession).all()
    assert user.password_hash is not None
    assert PASSWORD not in user.password_hash
    assert user.password_hash.startswith("$argon2id$")
    assert token not in row.token_hash


def test_passwords_are_hashed_at_a_cost_that_resists_guessing() -> None:
    cost = extract_parameters(PasswordHasher().hash("x"))
    assert (cost.time_cost, cost.memory_cost, cost.parallelism) >= (3, 65_536, 4)
    assert "PasswordHasher()" in Path(users.__file__).read_text()


def test_an_unused_session_ends(resources: Resources, person: Person, clock: Clock) -> None:
    person("developer", name="dana")
    token = sessions.create_session(resources, "dana", PASSWORD).token
    clock.advance(minutes=59)
    sessions.authenticate_session(resources, token)
    clock.advance(minutes=59)
    sessions.authenticate_session(resources, token)
    clock.advance(minutes=61)
    with pytest.raises(errors.NotSignedIn):
        sessions.authenticate_session(resources, token)


def test_a_session_in_use_ends_after_its_longest_time(resources: Resources, person: Person, clock: Clock) -> None:
    person("developer", name="dana")
    token = sessions.create_session(resources, "dana", PASSWORD).token
    for _ in range(23):
        clock.advance(minutes=30)
        sessions.authenticate_session(resources, token)
    clock.advance(minutes=31)
    with pytest.raises(errors.NotSignedIn):
        sessions.authenticate_session(resources, token)


def test_a_session_that_was_ended_is_over(resources: Resources, person: Person) -> None:
    dana = person("developer", name="dana")
    token = sessions.create_session(resources, "dana", PASSWORD).token
    other = sessions.create_session(resources, "dana", PASSWORD).token
    sessions.delete_session(resources, dana, token)
    with pytest.raises(errors.NotSignedIn):
        sessions.authenticate_session(resources, token)
    assert sessions.authenticate_session(resources, other) == dana


def test_a_new_password_ends_every_session(resources: Resources, person: Person) -> None:
    person("developer", name="dana")
    token = sessions.create_session(resources, "dana", PASSWORD).token
    users.set_password(resources, "dana", "another long password")
    with pytest.raises(errors.NotSignedIn):
        sessions.authenticate_session(resources, token)
    with pytest.raises(errors.SignInRefused):
        sessions.create_session(resources, "dana", PASSWORD)
    assert sessions.create_session(resources, "dana", "another long password").me.name == "dana"


@pytest.mark.parametrize("token", ["", "x", "\x00", "' OR 1=1 --", "é" * 1000])
def test_an_unknown_token_is_nobody(resources: Resources, token: str) -> None:
    with pytest.raises(errors.NotSignedIn):
        sessions.authenticate_session(resources, token)
    with pytest.raises(errors.NotSignedIn):
        sessions.authenticate_key(resources, token)


def test_signing_in_and_out_is_on_the_trail(resources: Resources, person: Person) -> None:
    dana = person("developer", name="dana")
    token = sessions.create_session(resources, "dana", PASSWORD).token
    sessions.delete_session(resources, dana, token)
    assert [(event["action"], event["actor"]) for event in audit_payloads(resources)] == [
        ("users.created", "system"),
        ("sessions.created", dana.id),
        ("sessions.deleted", dana.id),
    ]


def refused(resources: Resources, password: str) -> bool:
    try:
        sessions.create_session(resources, "dana", password)
    except errors.SignInRefused:
        return True
    return False


def test_an_account_is_locked_after_wrong_passwords_for_longer_and_longer(
    resources: Resources, person: Person, clock: Clock
) -> None:
    person("developer", name="dana")
    for _ in range(5):
        assert refused(resources, "wrong")
    assert refused(resources, PASSWORD)
    clock.advance(seconds=31)
    assert refused(resources, "wrong")
    clock.advance(seconds=31)
    assert refused(resources, PASSWORD)
    clock.advance(seconds=31)
    assert not refused(resources, PASSWORD)
    assert refused(resources, "wrong")
    assert not refused(resources, PASSWORD)


def test_attempts_while_an_account_is_locked_do_not_make_the_lock_longer(
    resources: Resources, person: Person, clock: Clock
) -> None:
    person("developer", name="dana")
    for _ in range(50):
        assert refused(resources, "wrong")
    clock.advance(seconds=31)
    assert not refused(resources, PASSWORD)


def test_whoever_signs_out_everywhere_is_signed_in_nowhere(resources: Resources, person: Person) -> None:
    dana = person("developer", name="dana")
    tokens = [sessions.create_session(resources, "dana", PASSWORD).token for _ in range(3)]
    sessions.end_all_sessions(resources, dana)
    for token in tokens:
        with pytest.raises(errors.NotSignedIn):
            sessions.authenticate_session(resources, token)
    assert audit_payloads(resources)[-1]["action"] == "sessions.all_ended"
