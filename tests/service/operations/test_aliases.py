"""Aliases point to approved versions only, and their past can be looked up."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from service import errors
from service.domain.permissions import Actor
from service.operations import aliases
from service.operations.aliases import AliasRequest
from service.operations.resources import Resources
from tests.service.conftest import Clock, Person, Steps, audit_payloads


@pytest.fixture
def two_versions(steps: Steps) -> None:
    model, dataset = steps.model(), steps.dataset()
    for _ in range(2):
        steps.approve(model, steps.train(model, dataset))


@pytest.mark.parametrize("state", ["candidate", "in_review", "rejected"])
def test_an_alias_never_points_to_a_version_that_is_not_approved(
    resources: Resources, developer: Actor, steps: Steps, candidate: int, state: str
) -> None:
    if state != "candidate":
        review = steps.submit("credit", candidate)
        if state == "rejected":
            steps.sign(review, verdict="rejected")
    with pytest.raises(errors.VersionNotApproved, match=state):
        steps.point("credit", candidate)
    assert aliases.get_alias(resources, developer, "credit", "champion").version is None


def test_an_alias_points_to_an_approved_version(resources: Resources, auditor: Actor, champion: int) -> None:
    alias = aliases.get_alias(resources, auditor, "credit", "champion")
    assert (alias.version, alias.moved_by) == (champion, "Printed Developer")
    assert aliases.get_alias(resources, auditor, "credit", "challenger").version is None


def test_a_move_must_say_what_it_replaces(resources: Resources, developer: Actor, champion: int) -> None:
    request = AliasRequest(version=champion)
    current = aliases.get_alias(resources, developer, "credit", "champion")
    with pytest.raises(errors.PreconditionRequired, match=current.etag):
        aliases.move_alias(resources, developer, "credit", "champion", request, None)
    with pytest.raises(errors.PreconditionFailed, match=current.etag):
        aliases.move_alias(resources, developer, "credit", "champion", request, '"none"')
    assert aliases.get_alias(resources, developer, "credit", "champion") == current


def test_the_first_move_must_say_that_there_was_nothing(
    resources: Resources, developer: Actor, steps: Steps, candidate: int
) -> None:
    steps.approve("credit", candidate)
    request = AliasRequest(version=candidate)
    with pytest.raises(errors.PreconditionRequired, match="none"):
        aliases.move_alias(resources, developer, "credit", "champion", request, None)
    moved = aliases.move_alias(resources, developer, "credit", "champion", request, '"none"')
    assert moved.version == candidate


@pytest.mark.usefixtures("two_versions")
def test_the_history_tells_what_was_in_force_at_any_moment(
    resources: Resources, developer: Actor, steps: Steps, clock: Clock
) -> None:
    before = clock()
    moments = []
    for version in (1, 2, 1):
        clock.advance(hours=1)
        moments.append(datetime.fromisoformat(steps.point("credit", version).moved_at or ""))
    history = aliases.list_alias_history(resources, developer, "credit", "champion", None)
    assert [(move.version, move.previous_version) for move in history] == [(1, 2), (2, 1), (1, None)]

    def in_force(at: datetime) -> int | None:
        moves = aliases.list_alias_history(resources, developer, "credit", "champion", at)
        return moves[0].version if moves else None

    assert [in_force(at) for at in (before, *moments)] == [None, 1, 2, 1]


@pytest.mark.usefixtures("two_versions")
def test_of_two_moves_at_once_one_is_told(resources: Resources, developer: Actor, steps: Steps) -> None:
    etag, barrier = steps.point("credit", 1).etag, threading.Barrier(2, timeout=60)

    def move(version: int) -> str:
        barrier.wait()
        try:
            request = AliasRequest(version=version)
            return str(aliases.move_alias(resources, developer, "credit", "champion", request, etag).version)
        except errors.PreconditionFailed as refused:
            return refused.code

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(move, (1, 2)))
    (moved,) = [answer for answer in answers if answer != "precondition_failed"]
    assert answers.count("precondition_failed") == 1
    assert str(aliases.get_alias(resources, developer, "credit", "champion").version) == moved


def test_a_move_is_on_the_trail(resources: Resources, champion: int) -> None:
    event = audit_payloads(resources)[-1]
    assert (event["action"], event["subject"]) == ("aliases.moved", "models/credit/aliases/champion")
    assert event["details"]["version"] == champion


@pytest.mark.parametrize("role", ["auditor", "observer", "administrator", "client"])
def test_only_a_developer_moves_an_alias(resources: Resources, champion: int, person: Person, role: str) -> None:
    with pytest.raises(errors.ActionNotAllowed):
        aliases.move_alias(resources, person(role), "credit", "champion", AliasRequest(version=champion), '"r1"')


def test_a_version_that_does_not_exist_is_not_found(resources: Resources, developer: Actor, champion: int) -> None:
    with pytest.raises(errors.NotFound, match="credit 9"):
        aliases.move_alias(resources, developer, "credit", "champion", AliasRequest(version=champion + 8), '"r1"')
    with pytest.raises(errors.NotFound, match="model"):
        aliases.get_alias(resources, developer, "nothing", "champion")
