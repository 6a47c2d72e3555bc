"""API keys: for one role, for some time, shown once."""

import threading
from dataclasses import replace

import pytest

from service import errors
from service.domain.permissions import Actor
from service.operations import api_keys, sessions
from service.operations.api_keys import ApiKeyRequest
from service.operations.resources import Resources, open_resources
from service.storage import tables
from tests.service.conftest import Clock, Person, audit_payloads


def test_a_key_acts_for_its_owner_within_one_role(resources: Resources, person: Person) -> None:
    owner = person("developer", "auditor")
    made = api_keys.create_api_key(resources, owner, ApiKeyRequest(label="scoring"))
    actor = sessions.authenticate_key(resources, made.key)
    assert (actor.id, actor.api_key_id, actor.is_person) == (owner.id, made.id, False)
    assert set(actor.roles) == {"client"}
    assert not actor.may("create_dataset")
    assert not actor.may("create_signature")


def test_a_key_is_shown_once_and_not_stored(resources: Resources, person: Person) -> None:
    owner = person("developer")
    made = api_keys.create_api_key(resources, owner, ApiKeyRequest(label="scoring"))
    (listed,) = api_keys.list_api_keys(resources, owner)
    assert "key" not in listed.model_dump()
    assert made.key.startswith(listed.prefix)
    with resources.database.read() as session:
        row = session.query(tables.ApiKey).one()
    assert made.key not in (row.key_hash, row.prefix, row.label)
    assert made.key not in str(audit_payloads(resources))


@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_no_key_can_review_or_administer(role: str) -> None:
    with pytest.raises(ValueError, match="role"):
        ApiKeyRequest.model_validate({"label": "x", "role": role})


def test_a_key_gives_no_role_that_its_owner_does_not_have(resources: Resources, person: Person) -> None:
    with pytest.raises(errors.ActionNotAllowed):
        api_keys.create_api_key(resources, person("administrator"), ApiKeyRequest(label="x", role="developer"))
    made = api_keys.create_api_key(resources, person("administrator"), ApiKeyRequest(label="x"))
    assert made.roles == ("client",)


def test_a_key_expires(resources: Resources, person: Person, clock: Clock) -> None:
    made = api_keys.create_api_key(resources, person("developer"), ApiKeyRequest(label="x", expires_in_days=2))
    clock.advance(days=1)
    sessions.authenticate_key(resources, made.key)
    clock.advance(days=1)
    with pytest.raises(errors.NotSignedIn):
        sessions.authenticate_key(resources, made.key)


def test_a_revoked_key_is_refused_at_once(resources: Resources, person: Person) -> None:
    owner = person("developer")
    made = api_keys.create_api_key(resources, owner, ApiKeyRequest(label="x"))
    api_keys.delete_api_key(resources, owner, made.id)
    with pytest.raises(errors.NotSignedIn):
        sessions.authenticate_key(resources, made.key)
    assert api_keys.list_api_keys(resources, owner) == ()
    with pytest.raises(errors.NotFound):
        api_keys.delete_api_key(resources, owner, made.id)


def test_nobody_sees_or_revokes_the_key_of_another(resources: Resources, person: Person) -> None:
    owner, other = person("developer", name="one"), person("developer", name="two")
    made = api_keys.create_api_key(resources, owner, ApiKeyRequest(label="x"))
    assert api_keys.list_api_keys(resources, other) == ()
    with pytest.raises(errors.NotFound):
        api_keys.delete_api_key(resources, other, made.id)
    assert sessions.authenticate_key(resources, made.key).id == owner.id


def test_the_last_use_of_a_key_is_noted(resources: Resources, person: Person, clock: Clock) -> None:
    owner = person("developer")
    made = api_keys.create_api_key(resources, owner, ApiKeyRequest(label="x"))
    assert api_keys.list_api_keys(resources, owner)[0].last_used_at is None
    sessions.authenticate_key(resources, made.key)
    first = api_keys.list_api_keys(resources, owner)[0].last_used_at
    clock.advance(minutes=5)
    sessions.authenticate_key(resources, made.key)
    assert first is not None
    assert (api_keys.list_api_keys(resources, owner)[0].last_used_at or "") > first


def test_a_key_that_is_revoked_in_another_process_is_refused_within_a_second(
    resources: Resources, developer: Actor
) -> None:
    made = api_keys.create_api_key(resources, developer, ApiKeyRequest(label="scoring"))
    other = open_resources(resources.settings)
    alike = replace(other, clock=resources.clock)
    assert sessions.authenticate_key(alike, made.key).id == developer.id
    assert sessions.find_key_holder(alike, made.key) is not None
    api_keys.delete_api_key(resources, developer, made.id)
    assert sessions.find_key_holder(resources, made.key) is None
    assert sessions.KNOWN_SECONDS < 1
    while sessions.find_key_holder(alike, made.key) is not None:
        threading.Event().wait(0.01)
    with pytest.raises(errors.NotSignedIn):
        sessions.authenticate_key(alike, made.key)
    assert sessions.find_key_holder(alike, made.key) is None
    other.close()
