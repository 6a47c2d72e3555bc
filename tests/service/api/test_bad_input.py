"""Every bad input is a problem with a stable code that names the field, and nothing of it is stored."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.domain.permissions import Actor
from service.operations.resources import Resources
from service.operations.reviews import Review
from tests.service.conftest import PASSWORD, SignIn, Steps, everything_stored, signature_request
from tests.service.training import ROW, credit_csv

API = "/api/v1"
PREDICTIONS = f"{API}/models/credit/predictions"


def check(answer: Any, status: int, code: str, pointer: str | None) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "instance", "code", "request_id", "errors"}
    assert problem["type"] == f"urn:edgewise:problem:{code}"
    assert problem["status"] == status
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    if pointer is not None:
        assert [error["pointer"] for error in problem["errors"]][:1] == [pointer], problem


def table(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode()


UPLOADS = {
    "empty file": (b"", "malformed_csv", "/file"),
    "ragged rows": (table("a,b", "1,2", "3"), "malformed_csv", "/file"),
    "unclosed quote": (table("a,b", '"1,2', "3,4"), "malformed_csv", "/file"),
    "duplicate column": (table("a,a", "1,2", "3,4"), "duplicate_column", "/columns/a"),
    "empty column name": (table("a,", "1,2", "3,4"), "empty_column_name", "/columns/1"),
    "column without values": (table("a,b", "1,", "3,"), "column_without_values", "/columns/b"),
    "0 rows": (table("a,b"), "no_rows", "/file"),
    "1 row": (table("a,b", "1,2"), "too_few_rows", "/file"),
    "not UTF-8": (table("a,b", "1,2", "3,4") + "é,1\n".encode("latin-1"), "not_utf8", "/file"),
    "UTF-16": ("a,b\n1,2\n3,4\n".encode("utf-16"), "not_utf8", "/file"),
    "NUL bytes": (b"a,b\n1,\x00\n3,4\n", "malformed_csv", "/file"),
    "too many columns": (
        table(",".join(f"c{n}" for n in range(21)), *[",".join("1" * 21)] * 2),
        "too_many_columns",
        "/file",
    ),
    "number too large": (table("a,b", "1e300,2", "3,4"), "number_too_large", "/columns/a"),
}


@pytest.mark.parametrize("name", UPLOADS)
def test_a_table_that_cannot_be_read_is_refused(
    client: TestClient, sign_in: SignIn, resources: Resources, name: str
) -> None:
    content, code, pointer = UPLOADS[name]
    sign_in("developer")
    before = everything_stored(resources)
    answer = client.post(f"{API}/datasets", files={"file": ("table.csv", content)}, data={"name": "table"})
    check(answer, 422, code, pointer)
    assert everything_stored(resources) == before


def test_a_table_over_the_limit_is_refused(client: TestClient, sign_in: SignIn, resources: Resources) -> None:
    sign_in("developer")
    before = everything_stored(resources)
    for size in (50_001, 400_000):
        answer = client.post(f"{API}/datasets", files={"file": ("t.csv", b"x" * size)}, data={"name": "table"})
        check(answer, 413, "body_too_large", "/file")
        assert "50,000" in answer.json()["detail"]
    assert everything_stored(resources) == before


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": "   "}, "/name"),
        ({"name": "a\x00b"}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "t", "schema": "{"}, "/schema/"),
        ({"name": "t", "schema": '{"features": {"age": {"kind": 1}}}'}, "/schema/features/age/kind"),
    ],
    ids=str,
)
def test_an_upload_with_wrong_fields_is_refused(
    client: TestClient, sign_in: SignIn, resources: Resources, fields: dict[str, str], pointer: str
) -> None:
    sign_in("developer")
    before = everything_stored(resources)
    answer = client.post(f"{API}/datasets", files={"file": ("t.csv", credit_csv(20))}, data=fields)
    check(answer, 422, "invalid_request", pointer)
    assert everything_stored(resources) == before


def test_an_override_for_a_column_that_is_not_there_is_refused(client: TestClient, sign_in: SignIn) -> None:
    sign_in("developer")
    for overrides, pointer in (
        ({"features": {"height": {"unit": "cm"}}}, "/schema/features/height"),
        ({"target": "height"}, "/schema/target"),
    ):
        fields = {"name": "t", "schema": json.dumps(overrides)}
        answer = client.post(f"{API}/datasets", files={"file": ("t.csv", credit_csv(20))}, data=fields)
        check(answer, 422, "unknown_column", pointer)


TRAININGS = {
    "one class": (["x,y"] + [f"{n},yes" for n in range(30)], {"target": "y"}, "one_class_target", "/target"),
    "constant feature": (
        ["x,one,y"] + [f"{n % 7},1,{'yes' if n % 2 else 'no'}" for n in range(30)],
        {"target": "y", "inputs": ["x", "one"]},
        "constant_feature",
        "/inputs/one",
    ),
    "unknown target": (["x,y"] + [f"{n},{n}" for n in range(30)], {"target": "z"}, "target_unknown", "/target"),
    "no target": (["x,y"] + [f"{n},{n}" for n in range(30)], {}, "target_unknown", "/target"),
    "unknown input": (
        ["x,y"] + [f"{n},{n}" for n in range(30)],
        {"target": "y", "inputs": ["z"]},
        "unknown_column",
        "/inputs/z",
    ),
    "unknown column with a direction": (
        ["x,y"] + [f"{n % 13},{n}" for n in range(30)],
        {"target": "y", "monotone": {"z": "increasing"}},
        "unknown_column",
        "/monotone/z",
    ),
    "categories with a direction": (
        ["x,y"] + [f"{'ab'[n % 2]},{n}" for n in range(30)],
        {"target": "y", "monotone": {"x": "increasing"}},
        "categorical_direction",
        "/monotone/x",
    ),
    "direction of the target": (
        ["x,y"] + [f"{n % 13},{n}" for n in range(30)],
        {"target": "y", "monotone": {"y": "increasing"}},
        "direction_without_input",
        "/monotone/y",
    ),
    "direction that is none": (
        ["x,y"] + [f"{n % 13},{n}" for n in range(30)],
        {"target": "y", "monotone": {"x": "sideways"}},
        "invalid_request",
        "/configuration/monotone/x",
    ),
    "directions of three classes": (
        ["x,y"] + [f"{n % 13},{'abc'[n % 3]}" for n in range(30)],
        {"target": "y", "monotone": {"x": "increasing"}},
        "direction_of_classes",
        "/monotone",
    ),
    "too few rows": (["x,y", "1,1", "2,2", "3,3"], {"target": "y"}, "too_few_rows", "/file"),
    "gaps in the target": (
        ["x,y"] + [f"{n},{'' if n == 3 else n}" for n in range(30)],
        {"target": "y"},
        "target_has_missing_values",
        "/target",
    ),
}


@pytest.mark.parametrize("name", TRAININGS)
def test_a_training_that_cannot_work_is_refused(
    client: TestClient, sign_in: SignIn, steps: Steps, resources: Resources, name: str
) -> None:
    lines, configuration, code, pointer = TRAININGS[name]
    sign_in("developer")
    steps.model()
    upload = client.post(f"{API}/datasets", files={"file": ("t.csv", table(*lines))}, data={"name": "t"})
    assert upload.status_code == 201, upload.text
    before = everything_stored(resources)
    request = {"model": "credit", "dataset_id": upload.json()["id"], "configuration": configuration}
    check(client.post(f"{API}/training-jobs", json=request), 422, code, pointer)
    assert everything_stored(resources) == before


def test_a_version_that_is_not_approved_is_refused(
    client: TestClient, sign_in: SignIn, resources: Resources, candidate: int
) -> None:
    sign_in("developer")
    before = everything_stored(resources)
    answer = client.post(f"{API}/models/credit/versions/{candidate}/predictions", json={"rows": [ROW]})
    check(answer, 409, "version_not_approved", None)
    check(client.post(PREDICTIONS, json={"rows": [ROW]}), 409, "no_champion", None)
    alias = f"{API}/models/credit/aliases/champion"
    answer = client.put(alias, json={"version": candidate}, headers={"If-Match": '"none"'})
    check(answer, 409, "version_not_approved", None)
    assert everything_stored(resources) == before


def body_of(review: Review, **changes: str) -> dict[str, str]:
    return {**signature_request(review).model_dump(mode="json"), "password": PASSWORD, **changes}


def test_signing_ones_own_version_is_refused(
    client: TestClient, sign_in: SignIn, steps: Steps, resources: Resources
) -> None:
    both: Actor = sign_in("developer", "auditor")
    own = Steps(resources, both, steps.auditor)
    review = steps.accept_edges(own.submit("credit", own.train(own.model(), own.dataset())))
    before = everything_stored(resources)
    answer = client.post(f"{API}/reviews/{review.id}/signatures", json=body_of(review))
    check(answer, 403, "contributor_cannot_sign", None)
    assert everything_stored(resources) == before


@pytest.mark.parametrize(
    ("changes", "status", "code", "pointer"),
    [
        ({"artifact_digest": "sha256:" + "f" * 64}, 409, "stale_digest", "/artifact_digest"),
        ({"decisions_digest": "sha256:" + "f" * 64}, 409, "stale_decisions", "/decisions_digest"),
        ({"password": "wrong"}, 401, "wrong_password", "/password"),
    ],
    ids=["stale digest", "stale decisions", "wrong password"],
)
def test_a_signature_on_something_else_is_refused(
    client: TestClient,
    sign_in: SignIn,
    steps: Steps,
    resources: Resources,
    candidate: int,
    changes: dict[str, str],
    status: int,
    code: str,
    pointer: str,
) -> None:
    review = steps.accept_edges(steps.submit("credit", candidate))
    sign_in("auditor")
    before = everything_stored(resources)
    answer = client.post(f"{API}/reviews/{review.id}/signatures", json=body_of(review, **changes))
    check(answer, status, code, pointer)
    assert everything_stored(resources) == before
    assert client.get(f"{API}/reviews/{review.id}").json()["state"] == "open"


@pytest.mark.parametrize("value", ["1", True, 1.0, None, 2**31, 0, -1])
def test_nothing_is_coerced_to_a_number(
    client: TestClient, sign_in: SignIn, resources: Resources, value: object
) -> None:
    sign_in("developer")
    answer = client.post(f"{API}/reviews", json={"model": "credit", "version": value, "summary": "s"})
    check(answer, 422, "invalid_request", "/version")


@pytest.mark.parametrize(
    "path",
    [
        "/models/credit/versions/99999999999999999999",
        "/models/credit/versions/2147483648",
        "/models/credit/versions/-1",
        "/models/credit/versions/1e3",
        "/models/credit/versions/1/edges/x",
        "/models/credit/versions/1/edges/0.0.99999999999",
        "/models/a%00b",
        "/models/a%00b/versions",
        "/datasets/..%2f..%2fetc%2fpasswd",
        "/datasets/a%00b",
        "/predictions?model=a%00b",
        "/training-jobs?model=a%00b",
        "/predictions?cursor=%00",
        "/predictions?cursor=AA",
        "/predictions?limit=0",
        "/predictions?limit=201",
        "/predictions?limit=99999999999999999999999",
        "/audit-events?cursor=YWJj",
        "/models/credit/aliases/favourite",
        "/models/credit/aliases/champion/history?at=yesterday",
        "/models/credit/aliases/champion/history?at=2026-01-01T00:00:00",
        "/reviews?state=lost",
    ],
)
def test_an_address_that_means_nothing_is_refused(client: TestClient, sign_in: SignIn, path: str) -> None:
    sign_in("developer", "auditor")
    answer = client.get(f"{API}{path}")
    assert answer.status_code in (404, 422), answer.text
    check(answer, answer.status_code, answer.json()["code"], None)


def test_text_with_a_nul_byte_is_refused(client: TestClient, sign_in: SignIn, steps: Steps) -> None:
    sign_in("developer")
    model = {"name": "m-1", "title": "T", "purpose": "P", "owner": "O", "risk_tier": "low", "approved_use": "A"}
    for field in ("name", "title", "purpose", "owner", "approved_use"):
        answer = client.post(f"{API}/models", json={**model, field: "a\x00b"})
        check(answer, 422, "invalid_request", f"/{field}")
    job = {"model": steps.model(), "dataset_id": "a\x00b"}
    check(client.post(f"{API}/training-jobs", json=job), 422, "invalid_request", "/dataset_id")
    check(client.post(f"{API}/sessions", json={"name": "a\x00b", "password": "x"}), 422, "invalid_request", "/name")
