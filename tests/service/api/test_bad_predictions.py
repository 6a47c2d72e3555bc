"""Every row and body that no prediction can be made of is a problem with a stable code, and nothing of it is stored."""

import json
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.domain.permissions import Actor
from service.operations import api_keys
from service.operations.api_keys import ApiKeyRequest
from service.operations.resources import Resources
from service.settings import Settings
from tests.service.api.test_bad_input import API, PREDICTIONS, check
from tests.service.conftest import HOST, SignIn, everything_stored
from tests.service.training import ROW

ROWS: dict[str, tuple[str, str, str | None]] = {
    "unknown feature": (
        '{"age": 41, "purpose": "car", "income": null, "height": 1}',
        "unknown_feature",
        "/rows/0/height",
    ),
    "wrong case": ('{"Age": 41, "purpose": "car", "income": null}', "unknown_feature", "/rows/0/Age"),
    "missing feature": ('{"age": 41, "purpose": "car"}', "missing_feature", "/rows/0/income"),
    "string for a number": ('{"age": "41", "purpose": "car", "income": null}', "wrong_value_type", "/rows/0/age"),
    "true for a number": ('{"age": true, "purpose": "car", "income": null}', "wrong_value_type", "/rows/0/age"),
    "number for a text": ('{"age": 41, "purpose": 1, "income": null}', "wrong_value_type", "/rows/0/purpose"),
    "NaN": ('{"age": NaN, "purpose": "car", "income": null}', "non_finite_number", "/rows/0/age"),
    "Infinity": ('{"age": Infinity, "purpose": "car", "income": null}', "non_finite_number", "/rows/0/age"),
    "-Infinity": ('{"age": -Infinity, "purpose": "car", "income": null}', "non_finite_number", "/rows/0/age"),
    "1e999": ('{"age": 1e999, "purpose": "car", "income": null}', "non_finite_number", "/rows/0/age"),
    "a whole number beyond float": (
        '{"age": 1' + "0" * 400 + ', "purpose": "car", "income": null}',
        "non_finite_number",
        "/rows/0/age",
    ),
    "never missing": ('{"age": null, "purpose": "car", "income": null}', "missing_value_not_seen", "/rows/0/age"),
    "a list for a number": ('{"age": [41], "purpose": "car", "income": null}', "invalid_request", None),
    "a number for a row": ("1", "invalid_request", "/rows/0"),
    "a lone surrogate": ('{"age": 41, "purpose": "\\ud800", "income": null}', "invalid_request", None),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_that_cannot_be_read_is_refused(
    client: TestClient, sign_in: SignIn, resources: Resources, champion: int, name: str
) -> None:
    row, code, pointer = ROWS[name]
    sign_in("developer")
    before = everything_stored(resources)
    body = f'{{"rows": [{row}]}}'
    answer = client.post(PREDICTIONS, content=body, headers={"Content-Type": "application/json"})
    check(answer, 422, code, pointer)
    assert everything_stored(resources) == before


BODIES: dict[str, tuple[str, str | None]] = {
    "no rows": ('{"rows": []}', "/rows"),
    "rows missing": ("{}", "/rows"),
    "unknown field": ('{"rows": [{}], "explian": "none"}', "/explian"),
    "unknown choice": ('{"rows": [{}], "explain": "all"}', "/explain"),
    "a list": ("[]", None),
    "not JSON": ("{", None),
    "empty": ("", None),
    "not UTF-8": ("\xff", None),
    "too deep": ("[" * 9000, None),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_cannot_be_read_is_refused(
    client: TestClient, sign_in: SignIn, resources: Resources, champion: int, name: str
) -> None:
    body, pointer = BODIES[name]
    sign_in("developer")
    before = everything_stored(resources)
    headers = {"Content-Type": "application/json"}
    answer = client.post(PREDICTIONS, content=body.encode("latin-1"), headers=headers)
    check(answer, answer.status_code, answer.json()["code"], pointer)
    assert answer.status_code in (400, 422)
    assert everything_stored(resources) == before


def test_more_rows_than_the_limit_are_refused(client: TestClient, sign_in: SignIn, champion: int) -> None:
    sign_in("developer")
    check(client.post(PREDICTIONS, json={"rows": [ROW] * 21}), 413, "too_many_rows", "/rows")


def test_a_body_over_the_limit_is_refused(client: TestClient, sign_in: SignIn, resources: Resources) -> None:
    sign_in("developer")
    before = everything_stored(resources)
    answer = client.post(PREDICTIONS, json={"rows": [{"purpose": "x" * 20_001}]})
    check(answer, 413, "body_too_large", "")
    assert everything_stored(resources) == before


@pytest.mark.parametrize(
    ("rows", "filler", "code", "pointer"),
    [(100_000, 0, "too_many_rows", "/rows"), (1, 10_000_000, "body_too_large", "")],
    ids=["100,000 rows", "10 MB"],
)
def test_a_huge_call_is_refused_by_the_limits_as_they_come(
    settings: Settings,
    resources: Resources,
    developer: Actor,
    champion: int,
    rows: int,
    filler: int,
    code: str,
    pointer: str,
) -> None:
    usual = Settings(data_dir=settings.data_dir, database_url=settings.database_url, allowed_hosts=[HOST])
    key = api_keys.create_api_key(resources, developer, ApiKeyRequest(label="key")).key
    before = everything_stored(resources)
    opened = TestClient(create_app(usual, replace(resources, settings=usual)), base_url=f"https://{HOST}")
    body = f'{{"rows": [{",".join([json.dumps({"age": 41})] * rows)}]{" " * filler}}}'
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    check(opened.post(PREDICTIONS, content=body, headers=headers), 413, code, pointer)
    opened.close()
    assert everything_stored(resources) == before


def test_of_a_key_that_occurs_twice_the_last_value_counts_and_is_what_is_stored(
    client: TestClient, sign_in: SignIn, champion: int
) -> None:
    sign_in("developer")
    body = '{"rows": [{"age": 20, "purpose": "car", "age": 41, "income": null}]}'
    answer = client.post(PREDICTIONS, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    stored = client.get(f"{API}/predictions/{answer.json()['predictions'][0]['id']}").json()
    assert stored["row"] == {"age": 41, "purpose": "car", "income": None}


def test_a_category_that_the_training_never_saw_is_answered_with_a_warning(
    client: TestClient, sign_in: SignIn, champion: int
) -> None:
    sign_in("developer")
    answer = client.post(PREDICTIONS, json={"rows": [{**ROW, "purpose": "Car"}]})
    assert answer.status_code == 200
    warnings = answer.json()["predictions"][0]["warnings"]
    assert [(one["code"], one["feature"]) for one in warnings] == [("unseen_category", "purpose")]
