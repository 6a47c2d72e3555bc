"""References and reasons over HTTP: entity tags, and every bad input named at its place."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from service.operations.resources import Resources
from tests.service.conftest import SignIn, everything_stored
from tests.service.training import ROW

API = "/api/v1/models/credit"
VERSION = f"{API}/versions/1"
EVERYBODY = {"name": "everybody", "selection": {"kind": "all_applicants"}}
ENTRY = {"features": ["age"], "code": "AGE", "texts": {"en": "Years of age."}}


def test_a_reference_is_made_chosen_and_used(client: TestClient, sign_in: SignIn, candidate: int) -> None:
    sign_in("developer", "auditor")
    made = client.post(f"{VERSION}/references", json=EVERYBODY)
    assert made.status_code == 201, made.text
    assert client.get(made.headers["location"]).json() == made.json()
    etag = client.get(f"{VERSION}/default-reference").headers["etag"]
    chosen = {"name": "everybody", "revision": 1}
    assert client.put(f"{VERSION}/default-reference", json=chosen).status_code == 428
    answer = client.put(f"{VERSION}/default-reference", json=chosen, headers={"If-Match": etag})
    assert answer.headers["etag"] == '"everybody.1"'
    version = client.get(VERSION).json()
    assert (version["default_reference"], version["default_reference_revision"]) == ("everybody", 1)
    (prediction,) = client.post(f"{VERSION}/trial-predictions", json={"rows": [ROW]}).json()["predictions"]
    assert prediction["reference_digest"] == made.json()["digest"]
    (own,) = client.post(f"{VERSION}/trial-predictions", json={"rows": [ROW], "reference": "training"}).json()[
        "predictions"
    ]
    assert (own["reference"], own["reference_digest"]) == ("training", version["digest"])


def test_a_dictionary_is_changed_under_its_entity_tag(client: TestClient, sign_in: SignIn, candidate: int) -> None:
    sign_in("developer")
    place = f"{API}/reason-dictionary"
    assert client.get(place).headers["etag"] == '"none"'
    assert client.put(place, json={"entries": [ENTRY]}).status_code == 428
    made = client.put(place, json={"entries": [ENTRY]}, headers={"If-Match": '"none"'})
    assert (made.status_code, made.headers["etag"]) == (200, '"r1"')
    assert client.put(place, json={"entries": []}, headers={"If-Match": '"none"'}).status_code == 412
    assert client.get(f"{place}?revision=1").json()["entries"][0]["when"] == "any"
    coverage = client.get(f"{VERSION}/reason-coverage").json()
    assert {one["feature"] for one in coverage["unmapped"]} == {"purpose", "income"}


SELECTIONS: list[tuple[dict[str, Any], int, str, str]] = [
    ({"kind": "everything"}, 422, "invalid_request", "/selection"),
    ({"kind": "response_between", "lower": 2, "upper": 3}, 422, "reference_without_rows", "/selection"),
    (
        {"kind": "response_between", "lower": 0, "upper": 1, "outcome": "maybe"},
        422,
        "reference_outcome_unknown",
        "/selection/outcome",
    ),
    (
        {"kind": "filter", "features": {"sex": {"categories": ["f"]}}},
        422,
        "reference_feature_refused",
        "/selection/features/sex",
    ),
    ({"kind": "single_applicant", "row": {"age": 1}}, 422, "reference_row_refused", "/selection/row/purpose"),
    ({"kind": "filter", "features": {}}, 422, "invalid_request", "/selection/filter/features"),
]


@pytest.mark.parametrize(("selection", "status", "code", "pointer"), SELECTIONS, ids=str)
def test_a_selection_that_gives_no_population_is_refused(
    client: TestClient,
    sign_in: SignIn,
    resources: Resources,
    candidate: int,
    selection: dict[str, Any],
    status: int,
    code: str,
    pointer: str,
) -> None:
    sign_in("developer")
    before = everything_stored(resources)
    answer = client.post(f"{VERSION}/references", json={"name": "some", "selection": selection})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert everything_stored(resources) == before


@pytest.mark.parametrize(
    ("fields", "status", "code", "pointer"),
    [
        ({"reference": "elsewhere"}, 404, "not_found", None),
        ({"reference": "../x"}, 422, "invalid_request", "/reference"),
        ({"reason_count": 11}, 422, "invalid_request", "/reason_count"),
        ({"reason_method": "guess"}, 422, "invalid_request", "/reason_method"),
        ({"locale": "fr"}, 422, "locale_unknown", "/locale"),
    ],
    ids=str,
)
def test_a_prediction_that_asks_for_what_is_not_there_is_refused(
    client: TestClient,
    sign_in: SignIn,
    candidate: int,
    fields: dict[str, Any],
    status: int,
    code: str,
    pointer: str | None,
) -> None:
    sign_in("developer")
    answer = client.post(f"{VERSION}/trial-predictions", json={"rows": [ROW], **fields})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert [one["pointer"] for one in answer.json()["errors"]][:1] == ([] if pointer is None else [pointer])
