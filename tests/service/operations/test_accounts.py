"""Accounts: what an administrator sees of people and services, and nobody else."""

import json

import pytest
from pydantic import ValidationError

from service import errors
from service.domain.pages import PageRequest
from service.domain.permissions import require
from service.operations import accounts, api_keys, sessions, users
from service.operations.accounts import AccountRequest
from service.operations.api_keys import ApiKeyRequest
from service.operations.resources import Resources
from service.storage import audit
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


def test_an_administrator_lets_a_person_in_who_must_choose_a_password(resources: Resources, person: Person) -> None:
    administrator = person("administrator")
    request = AccountRequest(name="nora", printed_name="Nora New", roles=("auditor", "developer", "auditor"))
    made = accounts.create_user(resources, administrator, request)
    assert made.roles == ("developer", "auditor")
    token = sessions.create_session(resources, "nora", made.password).token
    nora = sessions.authenticate_session(resources, token)
    assert nora.must_change_password
    assert not nora.is_service
    with pytest.raises(errors.PasswordMustChange):
        require(nora, "list_models")
    with resources.database.read() as session:
        events = [json.loads(link.payload) for link in audit.read_links(session)]
    created = next(event for event in events if event["subject"] == f"users/{nora.id}")
    assert (created["action"], created["actor"]) == ("users.created", administrator.id)
    assert made.password not in json.dumps(events)
    with pytest.raises(errors.NameTaken):
        accounts.create_user(resources, administrator, request)


def test_nobody_else_lets_people_in_and_no_role_is_no_account(resources: Resources, person: Person) -> None:
    request = AccountRequest(name="nora", printed_name="Nora New", roles=("administrator",))
    for role in ("developer", "auditor", "observer", "client"):
        with pytest.raises(errors.ActionNotAllowed):
            accounts.create_user(resources, person(role), request)
    mistakes: tuple[dict[str, object], ...] = (
        {"roles": []},
        {"roles": ["king"]},
        {"name": "a\nb"},
        {"printed_name": " "},
    )
    for wrong in mistakes:
        with pytest.raises(ValidationError):
            AccountRequest.model_validate(request.model_dump() | wrong)
