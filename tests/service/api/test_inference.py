"""The Open Inference Protocol v2, as its specification says, with decision records behind it."""

import io
import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.operations import datasets
from service.operations.datasets import DatasetRequest
from service.operations.resources import Resources
from tests.service.conftest import SignIn, Steps, everything_stored
from tests.service.training import ROW

V2 = "/v2/models/credit"
AGE = {"name": "age", "shape": [2, 1], "datatype": "FP64", "data": [41.0, 20]}
PURPOSE = {"name": "purpose", "shape": [2], "datatype": "BYTES", "data": ["car", "trip"]}
INCOME = {"name": "income", "shape": [2], "datatype": "FP64", "data": [None, 1000.0]}
REQUEST: dict[str, Any] = {"inputs": [AGE, PURPOSE, INCOME]}
ROWS = [ROW, {"age": 20, "purpose": "trip", "income": 1000.0}]


def tensors(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return {tensor["name"]: tensor for tensor in answer.json()["outputs"]}


def test_health_and_server_metadata_need_no_identity(client: TestClient) -> None:
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}
    described = client.get("/v2").json()
    assert set(described) == {"name", "version", "extensions"}
    assert described["name"] == "edgewise"


def test_metadata_describe_what_infer_takes_and_gives(client: TestClient, sign_in: SignIn, champion: int) -> None:
    sign_in("client")
    described = client.get(V2).json()
    assert set(described) == {"name", "versions", "platform", "inputs", "outputs"}
    assert (described["name"], described["versions"]) == ("credit", ["1"])
    kinds = [(one["name"], one["datatype"], one["shape"]) for one in described["inputs"]]
    assert kinds == [("age", "FP64", [-1]), ("purpose", "BYTES", [-1]), ("income", "FP64", [-1])]
    for version in ("1", "champion"):
        assert client.get(f"{V2}/versions/{version}").json() == described
        assert client.get(f"{V2}/versions/{version}/ready").json() == {"name": "credit", "ready": True}
    asked = {**REQUEST, "outputs": [{"name": one["name"]} for one in described["outputs"]]}
    given = tensors(client.post(f"{V2}/infer", json=asked))
    assert list(given) == [one["name"] for one in described["outputs"]]
    for one in described["outputs"]:
        tensor = given[one["name"]]
        assert tensor["datatype"] == one["datatype"]
        assert tensor["shape"] == [2, *one["shape"][1:]]
        size = 2 * (one["shape"][1] if len(one["shape"]) == 2 else 1)
        assert len(tensor["data"]) == size


def test_an_answer_is_the_native_one_and_a_decision_record(client: TestClient, sign_in: SignIn, champion: int) -> None:
    sign_in("developer")
    native = client.post("/api/v1/models/credit/predictions", json={"rows": ROWS, "explain": "edges"}).json()
    asked = {**REQUEST, "id": "call-1", "outputs": [{"name": "link"}, {"name": "response"}, {"name": "outcome"},
             {"name": "probabilities"}, {"name": "base_value"}, {"name": "feature_contributions"},
             {"name": "edge_contributions"}, {"name": "prediction_id"}]}  # fmt: skip
    answer = client.post(f"{V2}/infer", json=asked)
    body = answer.json()
    assert (body["model_name"], body["model_version"], body["id"]) == ("credit", "1", "call-1")
    given = tensors(answer)
    predictions = native["predictions"]
    assert given["link"]["data"] == [one["output"]["link"] for one in predictions]
    assert given["response"]["data"] == [one["output"]["response"] for one in predictions]
    assert given["outcome"]["data"] == [one["output"]["outcome"] for one in predictions]
    assert given["base_value"]["data"] == [one["base_value"] for one in predictions]
    assert json.loads(given["probabilities"]["parameters"]["names"]) == ["no", "yes"]
    features = given["feature_contributions"]
    assert json.loads(features["parameters"]["names"]) == ["age", "purpose", "income"]
    assert features["data"] == [one["contribution"] for row in predictions for one in row["features"]]
    edges = given["edge_contributions"]
    assert json.loads(edges["parameters"]["names"]) == [one["edge"] for one in predictions[0]["edges"]]
    assert edges["data"] == [one["contribution"] for row in predictions for one in row["edges"]]
    for identifier, row in zip(given["prediction_id"]["data"], ROWS, strict=True):
        stored = client.get(f"/api/v1/predictions/{identifier}").json()
        assert stored["row"] == row
        assert client.post(f"/api/v1/predictions/{identifier}/replay").json()["identical"]


def test_without_outputs_named_no_contribution_is_sent(client: TestClient, sign_in: SignIn, champion: int) -> None:
    sign_in("client")
    answer = client.post(f"{V2}/infer", json=REQUEST)
    given = tensors(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert set(given) == {"prediction_id", "response", "link", "base_value", "outcome", "probabilities"}
    assert set(given["link"]) == {"name", "shape", "datatype", "data"}
    assert set(given["probabilities"]) == {"name", "shape", "datatype", "data", "parameters"}


def test_what_others_add_to_the_protocol_is_read_over(client: TestClient, sign_in: SignIn, champion: int) -> None:
    sign_in("client")
    asked = {**REQUEST, "extension": 1, "parameters": {"timeout": 3}}
    asked["inputs"] = [{**one, "parameters": {"content_type": "np"}} for one in REQUEST["inputs"]]
    assert client.post(f"{V2}/infer", json=asked).status_code == 200


def test_json_is_read_as_such_where_a_client_does_not_say_so(
    client: TestClient, sign_in: SignIn, champion: int
) -> None:
    sign_in("client")
    answer = client.post(f"{V2}/infer", content=json.dumps(REQUEST))  # as Triton's client sends it
    assert "content-type" not in answer.request.headers
    assert set(tensors(answer)) >= {"prediction_id", "response"}


def test_a_version_is_named_by_number_or_alias(client: TestClient, sign_in: SignIn, champion: int) -> None:
    sign_in("client")
    links = [tensors(client.post(f"{V2}/versions/{name}/infer", json=REQUEST))["link"] for name in ("1", "champion")]
    assert links[0] == links[1]
    missing = client.post(f"{V2}/versions/challenger/infer", json=REQUEST)
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    for name in ("0", "latest", "1.0"):
        assert client.post(f"{V2}/versions/{name}/infer", json=REQUEST).status_code == 422


def test_a_model_without_a_champion_is_not_ready(client: TestClient, sign_in: SignIn, candidate: int) -> None:
    sign_in("client")
    for place in (f"{V2}/ready", f"{V2}/versions/1/ready"):
        assert client.get(place).json() == {"name": "credit", "ready": False}
    assert client.get("/v2/models/nothing/ready").status_code == 404
    for place, code in ((V2, "no_champion"), (f"{V2}/versions/1", "version_not_approved")):
        answer = client.get(place)
        assert (answer.status_code, answer.json()["code"]) == (409, code)


def test_one_tensor_holds_all_numbers_in_the_order_of_the_metadata(
    client: TestClient, sign_in: SignIn, steps: Steps
) -> None:
    lines = ["a,b,default"] + [f"{n % 13},{n % 7},{'yes' if n % 13 > 6 else 'no'}" for n in range(60)]
    steps.approve("credit", steps.train(steps.model(), _dataset(steps, lines)))
    sign_in("client")
    place = f"{V2}/versions/1/infer"
    flat = {"name": "input", "shape": [2, 2], "datatype": "FP64", "data": [1, 2, 3, 4]}
    nested = {**flat, "data": [[1, 2], [3, 4]], "datatype": "FP32"}
    separate = [{"name": name, "shape": [2], "datatype": "INT64", "data": data}
                for name, data in (("b", [2, 4]), ("a", [1, 3]))]  # fmt: skip
    found = [tensors(client.post(place, json={"inputs": one}))["link"] for one in ([flat], [nested], separate)]
    assert found[0] == found[1] == found[2]
    wrong = client.post(place, json={"inputs": [{**flat, "shape": [4, 1]}]})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/inputs/0/shape")


def _dataset(steps: Steps, lines: list[str]) -> str:
    request = DatasetRequest.model_validate({"name": "numbers", "overrides": {"target": "default"}})
    return datasets.create_dataset(steps.resources, steps.developer, request, io.BytesIO("\n".join(lines).encode())).id


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no inputs": ({"inputs": []}, "invalid_request", "/inputs"),
    "no data": ({"inputs": [{"name": "age", "shape": [0], "datatype": "FP64", "data": []}]}, "invalid_request",
                "/inputs/0/data"),
    "shape and data": ({"inputs": [{**AGE, "shape": [3]}]}, "invalid_request", "/inputs/0/data"),
    "negative shape": ({"inputs": [{**AGE, "shape": [-2]}]}, "invalid_request", "/inputs/0/data"),
    "huge shape": ({"inputs": [{**AGE, "shape": [10**18, 10**18]}]}, "invalid_request", "/inputs/0/shape"),
    "nesting": ({"inputs": [{**AGE, "data": [[[1]], [[2]]]}]}, "invalid_request", "/inputs/0/data/0"),
    "ragged": ({"inputs": [{**AGE, "data": [[1], [2, 3]]}]}, "invalid_request", "/inputs/0/data"),
    "datatype": ({"inputs": [{**AGE, "datatype": "BYTES"}, PURPOSE, INCOME]}, "invalid_request",
                 "/inputs/0/datatype"),
    "unknown datatype": ({"inputs": [{**AGE, "datatype": "FP65"}]}, "invalid_request", "/inputs/0/datatype"),
    "twice": ({"inputs": [AGE, AGE, PURPOSE, INCOME]}, "invalid_request", "/inputs"),
    "lengths": ({"inputs": [{**AGE, "shape": [1], "data": [1]}, PURPOSE, INCOME]}, "invalid_request", "/inputs"),
    "missing feature": ({"inputs": [AGE, PURPOSE]}, "missing_feature", "/rows/0/income"),
    "unknown feature": ({"inputs": [AGE, PURPOSE, INCOME, {**AGE, "name": "height"}]}, "unknown_feature",
                        "/rows/0/height"),
    "text": ({"inputs": [{**AGE, "data": ["1", 2]}, PURPOSE, INCOME]}, "wrong_value_type", "/rows/0/age"),
    "output": ({**REQUEST, "outputs": [{"name": "magic"}]}, "invalid_request", "/outputs/0/name"),
    "reference": ({**REQUEST, "parameters": {"reference": 3}}, "invalid_request", "/reference"),
    "name": ({"inputs": [AGE, PURPOSE, INCOME, {**AGE, "name": "\ud800"}]}, "invalid_request", "/inputs/3/name"),
    "NUL": ({"inputs": [AGE, {**PURPOSE, "data": ["a\x00", "b"]}, INCOME]}, "invalid_request", "/rows/0/purpose"),
    "too many rows": ({"inputs": [{**AGE, "shape": [21], "data": [1] * 21}, {**PURPOSE, "shape": [21],
                       "data": ["car"] * 21}, {**INCOME, "shape": [21], "data": [None] * 21}]}, "too_many_rows",
                      "/rows"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_refusal_is_an_error_of_the_protocol_and_a_problem_in_one(
    client: TestClient, sign_in: SignIn, resources: Resources, champion: int, name: str
) -> None:
    request, code, pointer = WRONG[name]
    sign_in("client")
    before = everything_stored(resources)
    answer = client.post(f"{V2}/infer", content=json.dumps(request), headers={"Content-Type": "application/json"})
    problem = answer.json()
    assert (problem["code"], problem["errors"][0]["pointer"]) == (code, pointer), answer.text
    assert answer.status_code == (413 if code == "too_many_rows" else 422)
    assert problem["error"] == problem["detail"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert everything_stored(resources) == before


def test_not_a_number_is_refused_by_row_and_feature(client: TestClient, sign_in: SignIn, champion: int) -> None:
    sign_in("client")
    body = json.dumps({"inputs": [{**AGE, "data": [1, float("nan")]}, PURPOSE, INCOME]})
    answer = client.post(f"{V2}/infer", content=body, headers={"Content-Type": "application/json"})
    assert (answer.json()["code"], answer.json()["errors"][0]["pointer"]) == ("non_finite_number", "/rows/1/age")


def test_refusals_elsewhere_below_v2_carry_the_error_too(client: TestClient) -> None:
    for answer in (client.get("/v2/models/credit"), client.get("/v2/nothing"), client.put("/v2/health/live")):
        assert answer.status_code in (401, 404, 405)
        assert answer.json()["error"] == answer.json()["detail"]
    assert "error" not in client.get("/api/v1/me").json()


def test_the_header_names_the_call_that_must_not_happen_twice(
    client: TestClient, sign_in: SignIn, champion: int
) -> None:
    sign_in("client")
    headers = {"Idempotency-Key": "order-1"}
    answers = [client.post(f"{V2}/infer", json=REQUEST, headers=headers).json() for _ in range(2)]
    assert answers[0] == answers[1]
