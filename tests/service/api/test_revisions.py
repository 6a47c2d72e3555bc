"""Revisions over HTTP: the job's address, the preview, and requests that are no revision."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from service.operations.resources import Resources
from tests.service.conftest import SignIn, everything_stored

ADDRESS = "/api/v1/models/credit/versions/1"
SNAP = {"operation": "snap", "edge": "0.0.0", "function": "tanh"}


@pytest.mark.usefixtures("candidate")
def test_a_revision_is_accepted_and_says_where_to_look(client: TestClient, sign_in: SignIn) -> None:
    sign_in("developer")
    answer = client.post(f"{ADDRESS}/revisions", json={"changes": [SNAP], "message": "Simpler."})
    assert answer.status_code == 202
    job = client.get(answer.headers["Location"]).json()
    assert (job["kind"], job["parent"], job["message"]) == ("revise", 1, "Simpler.")
    assert job["changes"][0]["function"] == "tanh"


@pytest.mark.usefixtures("candidate")
def test_a_preview_answers_at_once(client: TestClient, sign_in: SignIn) -> None:
    sign_in("developer")
    answer = client.post(f"{ADDRESS}/revision-preview", json={"changes": [SNAP]})
    assert answer.status_code == 200, answer.text
    assert [edge["edge"] for edge in answer.json()["edges"]] == ["0.0.0"]
    lineage = client.get("/api/v1/models/credit/lineage").json()
    assert [node["number"] for node in lineage["nodes"]] == [1]
    same = client.get(f"{ADDRESS}/compare/1").json()
    assert (same["edges"], same["settings"]) == ([], [])


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"changes": [], "message": "m"}, "invalid_request", "/changes"),
        ({"changes": [SNAP] * 51, "message": "m"}, "invalid_request", "/changes"),
        ({"changes": [SNAP]}, "invalid_request", "/message"),
        ({"changes": [SNAP], "message": " "}, "invalid_request", "/message"),
        ({"changes": [{"operation": "grow"}], "message": "m"}, "invalid_request", "/changes/0"),
        ({"changes": [{**SNAP, "formula": "x"}], "message": "m"}, "invalid_request", "/changes/0"),
        ({"changes": [{**SNAP, "edge": "first"}], "message": "m"}, "invalid_request", "/changes/0/edge"),
        (
            {"changes": [{"operation": "snap", "edge": "0.0.0", "formula": "__import__"}], "message": "m"},
            "revision_formula_invalid",
            "/changes/0/formula",
        ),
    ],
)
@pytest.mark.usefixtures("candidate")
def test_what_is_no_revision_is_refused_and_nothing_is_stored(
    client: TestClient, sign_in: SignIn, resources: Resources, body: dict[str, Any], code: str, pointer: str
) -> None:
    sign_in("developer")
    before = everything_stored(resources)
    answer = client.post(f"{ADDRESS}/revisions", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert everything_stored(resources) == before
