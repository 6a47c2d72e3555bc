"""The API keeps what its OpenAPI description says, whatever is sent to it."""

from typing import Any

import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from service.api.dependencies import SESSION_COOKIE
from tests.service.conftest import HOST, SignIn

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


#: Places that exist, so that not every random address ends at 'not found'.
KNOWN: dict[str, Any] = {"model": "credit", "number": 1, "edge": "0.0.0", "alias": "champion", "version": "1"}
ENDING = ("deleteSession", "endAllSessions")
EXAMPLES = 8


def test_every_operation_keeps_its_description(
    app: FastAPI, client: TestClient, sign_in: SignIn, champion: int
) -> None:
    sign_in("developer", "auditor", "observer", "administrator")
    headers = {"Cookie": f"{SESSION_COOKIE}={client.cookies[SESSION_COOKIE]}", "Host": HOST}
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, headers=headers)
    broken, checked = [], 0
    # What signs out is left away, because it would end the session of all that follows.
    for found in schema.exclude(operation_id=list(ENDING)).get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        try:
            call_with_examples(operation, headers)
        except Exception as error:  # noqa: BLE001 - every operation is tried, and all failures are shown together
            broken.append(f"{operation.label}: {error}\n{getattr(error, 'exceptions', '')}")
        checked += 1
    assert broken == []
    assert client.get("/api/v1/me").status_code == 200, "the session ended, so too little was tried"
    assert checked == sum(len(methods) for methods in app.openapi()["paths"].values()) - len(ENDING)


def call_with_examples(operation: schemathesis.APIOperation[Any, Any, Any, Any], headers: dict[str, str]) -> None:
    @given(case=operation.as_strategy())
    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    def call(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)
        if case.path_parameters:
            case.path_parameters = {name: KNOWN.get(name, value) for name, value in case.path_parameters.items()}
            case.call_and_validate(headers=headers, checks=CHECKS)

    call()
