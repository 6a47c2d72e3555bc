"""Every route × every caller × every state of a version: the answer is what the tables of the domain say."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import pytest

from service.domain.lifecycle import REVISED_STATES, VERSION_MOVES, VersionState
from service.domain.permissions import PUBLIC, WITH_A_ONE_TIME_PASSWORD, Actor
from service.operations.resources import Resources
from tests.service.api.matrix import COSTLY, Caller, World, world
from tests.service.api.test_permissions import Operation, operations
from tests.service.conftest import Person, Steps

STATES = tuple(VERSION_MOVES)
#: What only a person in a session may do, and what nobody may who has contributed to the version.
OWN_ACCOUNT = frozenset(
    {
        "change_password",
        "begin_second_factor",
        "confirm_second_factor",
        "remove_second_factor",
        "create_proof_attempt",
        "create_proof",
    }
)
INDEPENDENT = frozenset({"decide_edge", "create_signature", "request_changes", "confirm_resumption"})
PERSONAL = INDEPENDENT | OWN_ACCOUNT
#: What a good request of the matrix lacks, whatever the state is.
LACKING = {
    **dict.fromkeys(COSTLY, "not_found"),
    "confirm_second_factor": "second_factor_missing",
    "remove_second_factor": "second_factor_missing",
    "erase_predictions": "no_retention_schedule",
    **dict.fromkeys(("get_replay_job", "cancel_replay_job"), "not_found"),
    **dict.fromkeys(
        ("create_sign_in_attempt", "create_provider_session", "create_proof_attempt", "create_proof"),
        "no_identity_provider",
    ),
}
#: What only the person may do whom the finding waits for.
ADDRESSED = {"resolve_finding": "only_owner_resolves", "verify_finding": "only_raiser_verifies"}
#: Reading, trying and asking leave no event; whatever else succeeds leaves one, and so does what takes records away.
SILENT = frozenset({"preview_revision", "preview_predictions"})
TOLD = frozenset({"export_predictions"})


def moving_to(state: VersionState) -> frozenset[VersionState]:
    return frozenset(current for current, moves in VERSION_MOVES.items() if state in moves)


def only_in(states: frozenset[VersionState], code: str = "wrong_state") -> Callable[[VersionState, Actor], str]:
    return lambda state, _actor: "ok" if state in states else code


def for_clients_only_approved(state: VersionState, actor: Actor) -> str:
    return "version_not_approved" if actor.roles == {"client"} and state != "approved" else "ok"


APPROVED: frozenset[VersionState] = frozenset({"approved"})
IN_REVIEW = moving_to("rejected")
#: What depends on the state of the version; all else does not.
BY_STATE: dict[str, Callable[[VersionState, Actor], str]] = {
    "create_review": only_in(moving_to("in_review")),
    "decide_edge": only_in(IN_REVIEW),
    "create_signature": only_in(IN_REVIEW),
    "request_changes": only_in(IN_REVIEW),
    "withdraw_review": only_in(IN_REVIEW),
    "create_suspension": only_in(moving_to("suspended")),
    "request_resumption": only_in(moving_to("approved") - IN_REVIEW),
    "confirm_resumption": only_in(moving_to("approved") - IN_REVIEW),
    "retire_version": only_in(moving_to("retired")),
    "set_default_reference": only_in(moving_to("in_review")),
    "create_revision": only_in(REVISED_STATES),
    "preview_revision": lambda state, _actor: "revision_edge_unknown" if state in REVISED_STATES else "wrong_state",
    "create_predictions": only_in(APPROVED, "version_not_approved"),
    "create_counterfactuals": only_in(APPROVED, "version_not_approved"),
    "create_version_predictions": only_in(APPROVED, "version_not_approved"),
    "create_inference": only_in(APPROVED, "version_not_approved"),
    "create_version_inference": only_in(APPROVED, "version_not_approved"),
    "create_invocation": only_in(APPROVED, "version_not_approved"),
    "create_version_invocation": only_in(APPROVED, "version_not_approved"),
    "create_scoring_job": only_in(APPROVED, "version_not_approved"),
    "get_inference_model": only_in(APPROVED, "version_not_approved"),
    "get_inference_version": only_in(APPROVED, "version_not_approved"),
    "create_version_counterfactuals": for_clients_only_approved,
    "move_alias": only_in(APPROVED, "version_not_approved"),
    "roll_back_alias": only_in(APPROVED, "nothing_to_roll_back_to"),
    **dict.fromkeys(
        ("get_prediction", "get_scoring_job", "get_scoring_result", "cancel_scoring_job"),
        lambda _state, actor: "not_found" if actor.roles == {"client"} else "ok",
    ),
}


def expected(operation: Operation, caller: Caller, state: VersionState) -> str:
    """`ok`, or the code of the problem, from the tables alone."""
    actor, name = caller.actor, operation.name
    if name in PUBLIC:
        is_refused = name == "create_session" and caller.name == "newcomer"
        return "sign_in_refused" if is_refused else LACKING.get(name, "ok")
    if actor is None:
        return "not_signed_in"
    if actor.must_change_password and name not in WITH_A_ONE_TIME_PASSWORD | {"get_me"}:
        return "password_must_change"
    if not actor.may(name):
        return "action_not_allowed"
    if not actor.is_person and name in PERSONAL | set(ADDRESSED):
        return ADDRESSED.get(name, "key_cannot_sign")
    if not actor.is_person and name == "preview_predictions":
        return "key_cannot_preview"
    if name in INDEPENDENT and caller.name == "contributor":
        return "contributor_cannot_sign"
    if name == "change_password" and caller.name == "newcomer":
        return "wrong_password"
    if name in LACKING:
        return LACKING[name]
    return BY_STATE[name](state, actor) if name in BY_STATE else "ok"


def leaves_an_event(operation: Operation, caller: Caller, code: str) -> bool:
    if operation.name == "create_session":
        return True
    if operation.name == "delete_session" and caller.name == "key":
        return False
    return code == "ok" and (operation.method != "GET" or operation.name in TOLD) and operation.name not in SILENT


@pytest.mark.parametrize("state", STATES)
def test_every_route_answers_every_caller_as_the_tables_say(
    resources: Resources, steps: Steps, person: Person, state: VersionState
) -> None:
    with world(resources, steps, person, state) as made:
        cells = asyncio.run(all_cells(made, state))
        assert len(cells) == len(operations(made.app)) * len(made.callers)
    assert [cell for cell in cells if cell.found != cell.should] == []


class Cell(NamedTuple):
    """An answer and how many events it left, as they were and as the tables say."""

    operation: str
    caller: str
    found: tuple[str, int]
    should: tuple[str, int]


async def all_cells(made: World, state: VersionState) -> list[Cell]:
    cells = []
    for operation in operations(made.app):
        for caller in made.callers:
            code = expected(operation, caller, state)
            should = (code, int(leaves_an_event(operation, caller, code)))
            cells.append(Cell(operation.name, caller.name, await made.ask(operation, caller), should))
    return cells
