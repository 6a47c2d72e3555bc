"""MLflow's scoring protocol: every form of a data frame is the native prediction."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from service.operations.resources import Resources
from tests.service.conftest import SignIn, everything_stored
from tests.service.training import ROW

PLACE = "/api/v1/models/credit/invocations"
ROWS = [ROW, {"age": 20, "purpose": "trip", "income": 1000.0}]
SPLIT = {"columns": ["purpose", "age", "income"], "data": [["car", 41.0, None], ["trip", 20, 1000.0]]}
FORMS: dict[str, dict[str, Any]] = {
    "split": {"dataframe_split": {**SPLIT, "index": [7, 8]}},
    "records": {"dataframe_records": ROWS},
    "instances": {"instances": ROWS},
    "lists": {"instances": [[41.0, "car", None], [20, "trip", 1000.0]]},
    "columns": {"inputs": {"age": [41.0, 20], "purpose": ["car", "trip"], "income": [None, 1000.0]}},
}
CSV = 'purpose,age,income\r\ncar, 41,\r\n"trip",2e1,+1000.0\r\n'


def numbers(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [
        {name: value for name, value in one.items() if name != "prediction_id"} for one in answer.json()["predictions"]
    ]


def test_every_form_is_the_native_prediction(client: TestClient, sign_in: SignIn, champion: int) -> None:
    sign_in("client")
    native = client.post("/api/v1/models/credit/predictions", json={"rows": ROWS}).json()["predictions"]
    found = [numbers(client.post(PLACE, json=form)) for form in FORMS.values()]
    headers = {"Content-Type": "text/csv; charset=utf-8"}
    found.append(numbers(client.post(PLACE, content=CSV, headers=headers)))
    found.append(numbers(client.post("/api/v1/models/credit/versions/1/invocations", json=FORMS["split"])))
    assert all(one == found[0] for one in found)
    for record, one in zip(found[0], native, strict=True):
        assert (record["link"], record["response"]) == (one["output"]["link"], one["output"]["response"])
        assert record["outcome"] == one["output"]["outcome"]
        assert record["probability.yes"] == one["output"]["probabilities"][1]["probability"]


def test_contributions_are_columns_when_they_are_asked_for(client: TestClient, sign_in: SignIn, champion: int) -> None:
    sign_in("client")
    (record, _) = numbers(client.post(PLACE, json={**FORMS["records"], "params": {"explain": "edges"}}))
    features = [value for name, value in record.items() if name.startswith("contribution.")]
    assert sum(features) == pytest.approx(record["link"] - record["base_value"], abs=1e-9)
    assert any(name.startswith("edge.") for name in record)


def test_an_invocation_is_a_decision_record(client: TestClient, sign_in: SignIn, champion: int) -> None:
    sign_in("developer")
    answer = client.post(PLACE, content=CSV, headers={"Content-Type": "text/csv"}).json()
    stored = client.get(f"/api/v1/predictions/{answer['predictions'][0]['prediction_id']}").json()
    assert stored["row"] == ROW


WRONG: dict[str, tuple[Any, str, str]] = {
    "nothing": ({}, "invalid_request", ""),
    "two forms": ({**FORMS["split"], **FORMS["records"]}, "invalid_request", ""),
    "no rows": ({"dataframe_records": []}, "invalid_request", "/dataframe_records"),
    "unknown form": ({"dataframe": []}, "invalid_request", "/dataframe"),
    "split without data": ({"dataframe_split": {"columns": ["age"]}}, "invalid_request", "/dataframe_split"),
    "column twice": ({"dataframe_split": {"columns": ["age", "age"], "data": []}}, "invalid_request",
                     "/dataframe_split/columns"),
    "ragged": ({"dataframe_split": {**SPLIT, "data": [[1]]}}, "invalid_request", "/dataframe_split/data/0"),
    "nesting": ({"dataframe_split": {"columns": ["age"], "data": [[[1]]]}}, "invalid_request",
                "/dataframe_split/data/0"),
    "short list": ({"instances": [[1]]}, "invalid_request", "/instances/0"),
    "mixed": ({"instances": [ROW, [1, "car", None]]}, "invalid_request", "/instances"),
    "lengths": ({"inputs": {"age": [1], "income": [1, 2]}}, "invalid_request", "/inputs"),
    "explain": ({**FORMS["records"], "params": {"explain": "magic"}}, "invalid_request", "/params/explain"),
    "parameter": ({**FORMS["records"], "params": {"magic": "1"}}, "invalid_request", "/params/magic"),
    "missing feature": ({"dataframe_records": [{"age": 1}]}, "missing_feature", "/rows/0/purpose"),
    "deep": (b'{"instances": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", "invalid_request", "/"),
    "no JSON": (b"{", "invalid_request", "/"),
    "latin": ("age\né".encode("latin-1"), "invalid_request", "/"),
}  # fmt: skip
CSV_WRONG: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", "invalid_request", ""),
    "header only": (b"age,purpose,income\n", "invalid_request", ""),
    "ragged": (b"age,purpose\n1\n", "invalid_request", "/0"),
    "twice": (b"age,age\n1,2\n", "invalid_request", ""),
    "quote": (b'age,purpose\n"1,2\n', "invalid_request", ""),
    "latin": ("age\né\n".encode("latin-1"), "invalid_request", ""),
    "word": (b"age,purpose,income\nold,car,\n", "wrong_value_type", "/rows/0/age"),
    "nan": (b"age,purpose,income\nnan,car,\n", "wrong_value_type", "/rows/0/age"),
    "underscore": (b"age,purpose,income\n1_0,car,\n", "wrong_value_type", "/rows/0/age"),
    "too large": (b"age,purpose,income\n1e999,car,\n", "non_finite_number", "/rows/0/age"),
    "NUL": (b"age,purpose,income\n1,c\x00r,\n", "invalid_request", "/rows/0/purpose"),
    "unknown": (b"age,purpose,income,x\n1,car,,1\n", "unknown_feature", "/rows/0/x"),
}


def refused(client: TestClient, resources: Resources, content: Any, media_type: str, code: str, pointer: str) -> None:
    before = everything_stored(resources)
    body = {"json": content} if isinstance(content, dict) else {"content": content}
    headers = {} if isinstance(content, dict) else {"Content-Type": media_type}
    answer = client.post(PLACE, headers=headers, **body)
    assert answer.status_code == 422
    assert (answer.json()["code"], answer.json()["errors"][0]["pointer"]) == (code, pointer), answer.text
    assert everything_stored(resources) == before


@pytest.mark.parametrize("name", WRONG)
def test_a_frame_that_cannot_be_read_is_refused(
    client: TestClient, sign_in: SignIn, resources: Resources, champion: int, name: str
) -> None:
    sign_in("client")
    content, code, pointer = WRONG[name]
    refused(client, resources, content, "application/json", code, pointer)


@pytest.mark.parametrize("name", CSV_WRONG)
def test_a_table_that_cannot_be_read_is_refused(
    client: TestClient, sign_in: SignIn, resources: Resources, champion: int, name: str
) -> None:
    sign_in("client")
    content, code, pointer = CSV_WRONG[name]
    refused(client, resources, content, "text/csv", code, pointer)


def test_another_content_type_is_refused(
    client: TestClient, sign_in: SignIn, resources: Resources, champion: int
) -> None:
    sign_in("client")
    refused(client, resources, b"<rows/>", "text/xml", "invalid_request", "")
