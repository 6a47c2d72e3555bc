"""Every route has a policy, and every route keeps it: the matrix of routes × roles, made from the application."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.testclient import TestClient

from service.domain.permissions import PERMISSIONS, PUBLIC, ROLES, Actor
from tests.service.conftest import PASSWORD, SignIn

NOBODY = "0" * 36
DIGEST = "sha256:" + "0" * 64
PLACES = {
    "model": "nothing",
    "number": "1",
    "version": "1",
    "other": "2",
    "edge": "0.0.0",
    "feature": "age",
    "format": "python",
    "alias": "champion",
    "name": "near",
    "dataset_id": NOBODY,
    "job_id": NOBODY,
    "sweep_id": NOBODY,
    "prediction_id": NOBODY,
    "review_id": NOBODY,
    "finding_id": NOBODY,
    "user": "nobody",
    "key_id": NOBODY,
}
#: A valid body for each operation that takes one, so that what is refused is the person and not the body.
BODIES: dict[str, dict[str, Any]] = {
    "create_session": {"json": {"name": "nobody", "password": PASSWORD}},
    "change_password": {"json": {"current_password": PASSWORD, "new_password": PASSWORD}},
    "create_provider_session": {"json": {"code": "c", "state": "s"}},
    "create_proof": {"json": {"code": "c", "state": "s"}},
    "begin_second_factor": {"json": {"password": PASSWORD}},
    "confirm_second_factor": {"json": {"code": "000000"}},
    "remove_second_factor": {"json": {"password": PASSWORD, "code": "000000"}},
    "create_user": {"json": {"name": "somebody-new", "printed_name": "New Comer", "roles": ["auditor"]}},
    "create_api_key": {"json": {"label": "scoring"}},
    "create_dataset": {"files": {"file": b"a,b\n1,2\n3,4\n"}, "data": {"name": "table"}},
    "edit_schema": {"json": {"target": None}},
    "create_model": {
        "json": {
            "name": "new-model",
            "title": "T",
            "purpose": "P",
            "owner": "O",
            "risk_tier": "low",
            "approved_use": "A",
        }
    },
    "put_reason_dictionary": {"json": {"entries": []}, "headers": {"If-Match": '"none"'}},
    "create_reference": {"json": {"name": "near", "selection": {"kind": "all_applicants"}}},
    "set_default_reference": {"json": {"name": "near", "revision": 1}, "headers": {"If-Match": '"training.0"'}},
    "create_revision": {"json": {"changes": [{"operation": "zero", "edge": "0.0.0"}], "message": "m"}},
    "preview_revision": {"json": {"changes": [{"operation": "zero", "edge": "0.0.0"}]}},
    "create_training_job": {"json": {"model": "nothing", "dataset_id": NOBODY}},
    "create_sweep": {"json": {"model": "nothing", "dataset_id": NOBODY, "grid": {"seed": [0, 1]}}},
    "create_predictions": {"json": {"rows": [{"age": 1}]}},
    "create_version_predictions": {"json": {"rows": [{"age": 1}]}},
    "create_replay_job": {"json": {}},
    "create_scoring_job": {"data": {"dataset_id": NOBODY}},
    "create_inference": {
        "json": {"inputs": [{"name": "age", "shape": [1], "datatype": "FP64", "data": [1.0]}]},
    },
    "create_version_inference": {
        "json": {"inputs": [{"name": "age", "shape": [1], "datatype": "FP64", "data": [1.0]}]},
    },
    "create_invocation": {"json": {"inputs": {"age": [1]}}},
    "create_version_invocation": {"json": {"inputs": {"age": [1]}}},
    "create_trial_predictions": {"json": {"rows": [{"age": 1}]}},
    "preview_predictions": {"json": {"rows": [{"age": 1}]}},
    "create_counterfactuals": {"json": {"row": {"age": 1}, "goal": {"at_least": 0.5}}},
    "create_version_counterfactuals": {"json": {"row": {"age": 1}, "goal": {"at_least": 0.5}}},
    "create_review": {"json": {"model": "nothing", "version": 1, "summary": "s"}},
    "decide_edge": {"json": {"decision": "accepted"}, "headers": {"If-Match": '"r0"'}},
    "create_signature": {
        "json": {
            "verdict": "approved",
            "statement": "s",
            "artifact_digest": DIGEST,
            "decisions_digest": DIGEST,
            "password": PASSWORD,
        }
    },
    "withdraw_review": {"json": {"reason": "r"}},
    "request_changes": {"json": {"reason": "r"}},
    "put_retention": {"json": {"keep_days": 30}, "headers": {"If-Match": '"none"'}},
    "put_review_policy": {"json": {"quorum": 1, "gates": []}, "headers": {"If-Match": '"none"'}},
    "create_finding": {
        "json": {"severity": "low", "title": "t", "description": "d", "owner": "nobody", "due_on": "2027-01-31"}
    },
    "resolve_finding": {"json": {"resolution": "r"}},
    "verify_finding": {"json": {"is_resolved": True, "comment": "c"}},
    "create_suspension": {"json": {"reason": "r"}},
    "request_resumption": {"json": {"reason": "r"}},
    "retire_version": {"json": {"reason": "r"}},
    "move_alias": {"json": {"version": 1}, "headers": {"If-Match": '"none"'}},
}

#: What an operation needs to be asked.
QUERIES: dict[str, dict[str, str]] = {
    "get_feature_picture": {"format": "svg"},
    "get_edge_picture": {"format": "svg"},
    "get_prediction_picture": {"format": "svg"},
    "get_interaction_chart": {"first": "age", "second": "income"},
}


#: They end the session of whoever calls.
ENDING = frozenset({"delete_session", "end_all_sessions", "change_password"})


@dataclass(frozen=True)
class Operation:
    """A route as the application has it."""

    name: str
    operation_id: str
    method: str
    path: str


def operations(app: FastAPI) -> list[Operation]:
    """Every operation of the application."""
    found = []
    for context in iter_route_contexts(app.routes):
        route = context.route
        if isinstance(route, APIRoute):
            (method,) = context.methods or ("GET",)
            path = re.sub(r":\w+}", "}", str(context.path))
            found.append(Operation(route.name, str(context.unique_id), method, path))
    return found


def without_policy(app: FastAPI) -> set[str]:
    return {operation.name for operation in operations(app)} - set(PERMISSIONS) - PUBLIC


def call(client: TestClient, operation: Operation) -> Any:
    path, query = operation.path.format(**PLACES), QUERIES.get(operation.name)
    return client.request(operation.method, path, params=query, **BODIES.get(operation.name, {}))


def test_every_route_has_a_policy_and_every_policy_has_a_route(app: FastAPI) -> None:
    assert {operation.name for operation in operations(app)} == set(PERMISSIONS) | PUBLIC


def test_a_route_without_a_policy_is_found(app: FastAPI) -> None:
    router = APIRouter()

    @router.post("/backdoor")
    def open_the_door() -> None: ...

    assert without_policy(app) == set()
    app.include_router(router)
    assert without_policy(app) == {"open_the_door"}


def test_the_matrix_has_a_body_for_every_operation_that_takes_one(app: FastAPI) -> None:
    described = app.openapi()["paths"]
    taking = {
        operation.name
        for operation in operations(app)
        if "requestBody" in described[operation.path][operation.method.lower()]
    }
    assert taking == set(BODIES)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reaches_exactly_what_the_table_gives_it(
    app: FastAPI, client: TestClient, sign_in: SignIn, role: str
) -> None:
    actor: Actor = sign_in(role)
    wrong = []
    for operation in operations(app):
        if operation.name in PUBLIC:
            continue
        answer = call(client, operation)
        refused = answer.status_code == 403
        if refused:
            assert answer.json()["code"] == "action_not_allowed"
        if operation.name in ENDING:
            sign_in(role)
        is_nobody = answer.status_code == 401 and answer.json()["code"] == "not_signed_in"
        if is_nobody or answer.status_code in (422, 500) or refused == actor.may(operation.name):
            wrong.append((operation.name, answer.status_code, answer.text))
    assert wrong == []


def test_nobody_reaches_anything_without_signing_in(app: FastAPI, client: TestClient) -> None:
    wrong = []
    for operation in operations(app):
        answer = call(client, operation)
        if operation.name in PUBLIC:
            continue
        if (answer.status_code, answer.json()["code"]) != (401, "not_signed_in"):
            wrong.append((operation.name, answer.status_code, answer.text))
        assert answer.headers["www-authenticate"] == "Bearer"
    assert wrong == []


def test_every_operation_is_named_after_its_function(app: FastAPI) -> None:
    for operation in operations(app):
        first, *rest = operation.name.split("_")
        assert operation.operation_id == first + "".join(word.capitalize() for word in rest)
    described = {method["operationId"] for path in app.openapi()["paths"].values() for method in path.values()}
    assert described == {operation.operation_id for operation in operations(app)}
