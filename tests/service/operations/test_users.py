"""People are created by the operator only."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from service import errors
from service.operations import users
from service.operations.resources import Resources
from tests.service.conftest import PASSWORD, Person, everything_stored


def test_a_name_is_given_once(resources: Resources, person: Person) -> None:
    person("developer", name="dana")
    before = everything_stored(resources)
    with pytest.raises(errors.NameTaken, match="dana"):
        users.create_user(resources, "dana", "Another Dana", frozenset({"auditor"}), PASSWORD)
    assert everything_stored(resources) == before


def test_of_two_people_with_one_name_at_once_one_is_created(resources: Resources) -> None:
    barrier = threading.Barrier(2)

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
