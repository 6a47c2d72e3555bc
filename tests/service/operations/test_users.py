"""People are created by the operator only, and keep their passwords to themselves."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from service import errors
from service.domain.permissions import PERMISSIONS, WITH_A_ONE_TIME_PASSWORD, require
from service.domain.sign_in import PasswordChange
from service.operations import sessions, users
from service.operations.resources import Resources
from tests.service.conftest import PASSWORD, Person, Steps, audit_payloads, everything_stored


def test_a_name_is_given_once(resources: Resources, person: Person) -> None:
    person("developer", name="dana")
    before = everything_stored(resources)
    with pytest.raises(errors.NameTaken, match="dana"):
        users.create_user(resources, "dana", "Another Dana", frozenset({"auditor"}), PASSWORD)
    assert everything_stored(resources) == before


def test_of_two_people_with_one_name_at_once_one_is_created(resources: Resources) -> None:
    barrier = threading.Barrier(2, timeout=60)

    def create(_number: int) -> str:
        barrier.wait()
        try:
            return users.create_user(resources, "dana", "Dana", frozenset({"auditor"}), PASSWORD).name
        except errors.NameTaken as refused:
            return refused.code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(create, range(2))) == ["dana", "name_taken"]


def test_nobody_has_a_password_before_somebody_is_created(resources: Resources) -> None:
    assert everything_stored(resources)["users"] == 0
    with pytest.raises(errors.NotFound, match="admin"):
        users.set_password(resources, "admin", PASSWORD)
    assert users.find_actor(resources, "admin") is None


@pytest.mark.parametrize("password", ["", "admin", PASSWORD])
def test_an_unknown_person_has_no_right_password(password: str) -> None:
    assert not users.password_matches(None, password)
    assert not users.password_matches("no hash", password)


OWN = "a password of my own"


def change(current: str, new: str = OWN) -> PasswordChange:
    return PasswordChange.model_validate({"current_password": current, "new_password": new})


def test_a_person_takes_a_new_password_and_every_session_ends(resources: Resources, person: Person) -> None:
    dana = person("developer", name="dana")
    token = sessions.create_session(resources, "dana", PASSWORD).token
    with pytest.raises(errors.WrongPassword):
        users.change_password(resources, dana, change("wrong"))
    users.change_password(resources, dana, change(PASSWORD))
    with pytest.raises(errors.NotSignedIn):
        sessions.authenticate_session(resources, token)
    with pytest.raises(errors.SignInRefused):
        sessions.create_session(resources, "dana", PASSWORD)
    assert sessions.create_session(resources, "dana", OWN).me.id == dana.id


def test_a_one_time_password_lets_somebody_choose_another_one_and_nothing_else(
    resources: Resources, person: Person
) -> None:
    dana, administrator = person("developer", name="dana"), person("administrator")
    once = users.reset_password(resources, administrator, "dana")
    signed_in = sessions.create_session(resources, "dana", once)
    assert signed_in.me.must_change_password
    limited = sessions.authenticate_session(resources, signed_in.token)
    for action in set(PERMISSIONS) - WITH_A_ONE_TIME_PASSWORD:
        with pytest.raises(errors.PasswordMustChange):
            require(limited, action)
    users.change_password(resources, limited, change(once))
    free = sessions.authenticate_session(resources, sessions.create_session(resources, "dana", OWN).token)
    assert free == dana
    assert once not in str(audit_payloads(resources))


def test_a_reset_lifts_a_lock_and_is_done_for_somebody_else(resources: Resources, person: Person) -> None:
    person("developer", name="dana")
    administrator = person("administrator")
    for _ in range(6):
        with pytest.raises(errors.SignInRefused):
            sessions.create_session(resources, "dana", "wrong")
    once = users.reset_password(resources, administrator, "dana")
    assert sessions.create_session(resources, "dana", once).me.name == "dana"
    with pytest.raises(errors.SamePersonTwice):
        users.reset_password(resources, administrator, "administrator")
    with pytest.raises(errors.NotFound, match="nobody"):
        users.reset_password(resources, administrator, "nobody")


def test_a_key_changes_no_password(resources: Resources, person: Person) -> None:
    key = replace(person("developer", name="dana"), api_key_id="key")
    with pytest.raises(errors.KeyCannotSign):
        users.change_password(resources, key, change(PASSWORD))


def test_a_service_is_no_person_and_signs_nothing(resources: Resources, steps: Steps, candidate: int) -> None:
    service = users.create_user(resources, "robot", "Robot", frozenset({"auditor"}), PASSWORD, is_service=True)
    review = steps.submit("credit", candidate)
    with pytest.raises(errors.KeyCannotSign):
        steps.accept_edges(review, service)
    with pytest.raises(errors.KeyCannotSign):
        steps.sign(steps.accept_edges(review), service)


@pytest.mark.parametrize("password", ["", "short", "11 letters!"])
def test_a_new_password_is_long_enough(password: str) -> None:
    with pytest.raises(ValueError, match="12"):
        change(PASSWORD, password)
