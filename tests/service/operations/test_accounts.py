"""Accounts: what an administrator sees of people and services, and nobody else."""

import pytest

from service import errors
from service.domain.pages import PageRequest
from service.operations import accounts, api_keys, sessions, users
from service.operations.api_keys import ApiKeyRequest
from service.operations.resources import Resources
from tests.service.conftest import PASSWORD, Clock, Person


def test_an_administrator_sees_who_can_sign_in_and_how(resources: Resources, person: Person, clock: Clock) -> None:
    administrator, dana = person("administrator"), person("developer", name="dana")
    users.create_user(resources, "robot", "Robot", frozenset({"client"}), PASSWORD, is_service=True)
    for days in (1, 9):
        api_keys.create_api_key(resources, dana, ApiKeyRequest(label="scoring", expires_in_days=days))
    clock.advance(days=2)
    users.reset_password(resources, administrator, "robot")
    for _ in range(6):
        with pytest.raises(errors.SignInRefused):
            sessions.create_session(resources, "dana", "wrong")
    listed = {one.name: one for one in accounts.list_users(resources, administrator, PageRequest()).items}
    assert list(listed) == ["administrator", "dana", "robot"]
    assert (listed["dana"].api_keys, listed["dana"].roles, listed["dana"].printed_name) == (
        1,
        ("developer",),
        "Printed Dana",
    )
    assert listed["dana"].locked_until is not None
    assert (listed["robot"].is_service, listed["robot"].must_change_password) == (True, True)
    clock.advance(days=1)
    assert accounts.list_users(resources, administrator, PageRequest()).items[1].locked_until is None


def test_accounts_come_in_pages_and_to_administrators_only(resources: Resources, person: Person) -> None:
    administrator = person("administrator")
    person("auditor")
    first = accounts.list_users(resources, administrator, PageRequest(limit=1))
    second = accounts.list_users(resources, administrator, PageRequest(limit=1, cursor=first.next_cursor))
    assert [page.items[0].name for page in (first, second)] == ["administrator", "auditor"]
    for role in ("developer", "auditor", "observer", "client"):
        with pytest.raises(errors.ActionNotAllowed):
            accounts.list_users(resources, person(role), PageRequest())
