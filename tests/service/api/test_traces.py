"""What a caller sends is kept in the decision record, and nowhere else."""

import io
import json
from collections.abc import Iterator

import pytest
import structlog
from starlette.testclient import TestClient

from service.operations.resources import Resources
from tests.service.conftest import SignIn, audit_payloads
from tests.service.training import ROW

API = "/api/v1"
#: Values that occur nowhere by chance.
CANARY, CANARY_NUMBER = "quokka-7f3a", 41.734291
ROWS = [
    {**ROW, "purpose": CANARY, "age": CANARY_NUMBER},
    {**ROW, "purpose": [CANARY], "age": CANARY_NUMBER},
    {**ROW, "purpose": CANARY, "age": str(CANARY_NUMBER)},
    {**ROW, "purpose": CANARY, "age": CANARY_NUMBER, "income": CANARY},
]


@pytest.fixture
def log(client: TestClient) -> Iterator[io.StringIO]:
    """What the application writes to its log, as it would stand there."""
    written = io.StringIO()
    before = structlog.get_config()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(written))
    yield written
    structlog.configure(**before)


def test_no_log_metric_or_audit_event_repeats_a_value_of_a_row(
    client: TestClient,
    sign_in: SignIn,
    resources: Resources,
    champion: int,
    log: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sign_in("developer", "observer")
    for place in ("models/credit/predictions", "models/credit/versions/1/trial-predictions"):
        answers = [client.post(f"{API}/{place}", json={"rows": [row]}) for row in ROWS]
        assert [answer.status_code for answer in answers] == [200, 422, 422, 422]
    answer = client.post(f"{API}/models/credit/invocations", json={"dataframe_records": [ROWS[0]]})
    assert answer.status_code == 200
    for tensors, status in (([CANARY], 200), ([[CANARY]], 422)):
        inputs = [
            {"name": "age", "shape": [1], "datatype": "FP64", "data": [CANARY_NUMBER]},
            {"name": "purpose", "shape": [1], "datatype": "BYTES", "data": tensors},
            {"name": "income", "shape": [1], "datatype": "FP64", "data": [None]},
        ]
        assert client.post("/v2/models/credit/infer", json={"inputs": inputs}).status_code == status
    assert CANARY in client.get(f"{API}/predictions/{_newest(client)}").text

    def broken(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("service.operations.prediction_works.predict_together", broken)
    assert client.post(f"{API}/models/credit/predictions", json={"rows": [ROWS[0]]}).status_code == 500
    metrics = client.get("/metrics").text
    trail = json.dumps(audit_payloads(resources))
    assert "broken on purpose" in log.getvalue()
    assert "edgewise_http_requests_total" in metrics
    assert "predictions.created" in trail
    for text in (metrics, log.getvalue(), trail):
        assert CANARY not in text
        assert str(CANARY_NUMBER) not in text


def test_an_answer_and_the_line_in_the_log_have_the_same_request_id(
    client: TestClient, sign_in: SignIn, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("broken on purpose")

    sign_in("developer")
    monkeypatch.setattr("service.operations.models.list_models", broken)
    answer = client.get(f"{API}/models")
    assert answer.status_code == 500
    (line,) = [json.loads(line) for line in log.getvalue().splitlines() if "request_broke" in line]
    assert line["request_id"] == answer.headers["x-request-id"]


def _newest(client: TestClient) -> str:
    identifier: str = client.get(f"{API}/predictions").json()["items"][0]["id"]
    return identifier
