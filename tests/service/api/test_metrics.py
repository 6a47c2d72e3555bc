"""Metrics and drift over HTTP."""

import re

from starlette.testclient import TestClient

from service.domain.drift import LEAST_ROWS
from service.domain.metrics import MEDIA_TYPE
from tests.service.conftest import Clock, SignIn, Steps
from tests.service.training import ROW

API = "/api/v1"
PREDICTIONS = f"{API}/models/credit/predictions"
#: A line of the exposition format 0.0.4.
LINE = re.compile(
    r"# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z_]+=\"([^\"\\\n]|\\[\\\"n])*\",?)+\})? (-?[0-9.e+-]+|NaN|[+-]Inf)"
)


def numbers(text: str) -> dict[str, float]:
    """Numbers by name with labels."""
    pairs = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in pairs}


def test_a_reader_gets_the_text_that_prometheus_reads(client: TestClient, sign_in: SignIn, champion: int) -> None:
    sign_in("developer", "observer")
    client.post(PREDICTIONS, json={"rows": [ROW, ROW]})
    client.get(f"{API}/nothing")
    client.request("BREW", f"{API}/me")
    key = client.post(f"{API}/api-keys", json={"label": "prometheus", "role": "observer"}).json()["key"]
    client.cookies.clear()
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, MEDIA_TYPE)
    assert [line for line in answer.text.splitlines() if not LINE.fullmatch(line)] == []
    found = numbers(answer.text)
    route = "/api/v1/models/{model}/predictions"
    assert found[f'edgewise_http_requests_total{{method="POST",route="{route}",status="200"}}'] == 1
    assert found[f'edgewise_http_request_seconds_count{{method="POST",route="{route}"}}'] == 1
    assert found['edgewise_http_requests_total{method="GET",route="none",status="404"}'] == 1
    assert found['edgewise_http_requests_total{method="other",route="/api/v1/me",status="405"}'] == 1
    assert found['edgewise_prediction_batch_rows_bucket{le="1"}'] == 0
    assert found['edgewise_prediction_batch_rows_bucket{le="2"}'] == 1
    assert found['edgewise_drift_rows{model="credit",version="1"}'] == 2
    assert found['edgewise_jobs{kind="train",state="queued"}'] == 0


def test_waiting_jobs_are_counted(client: TestClient, sign_in: SignIn, steps: Steps) -> None:
    steps.job(steps.model(), steps.dataset())
    sign_in("observer")
    assert numbers(client.get("/metrics").text)['edgewise_jobs{kind="train",state="queued"}'] == 1


def test_a_client_reads_no_metrics(client: TestClient, sign_in: SignIn) -> None:
    assert client.get("/metrics").status_code == 401
    sign_in("client")
    assert client.get("/metrics").status_code == 403


def test_drift_is_measured_on_the_records_and_a_minute_old_at_most(
    client: TestClient, sign_in: SignIn, clock: Clock, champion: int
) -> None:
    sign_in("developer")
    place = f"{API}/models/credit/versions/1/drift"
    few = client.get(place).json()
    assert (few["rows"], few["score_psi"], few["features"], few["since"]) == (0, None, [], None)
    for _ in range(LEAST_ROWS // 20):
        client.post(PREDICTIONS, json={"rows": [{**ROW, "age": 900}] * 20, "explain": "none"})
    client.post(f"{API}/models/credit/versions/1/trial-predictions", json={"rows": [ROW]})
    assert client.get(place).json() == few
    clock.advance(minutes=1)
    found = client.get(place).json()
    assert found["rows"] == LEAST_ROWS, "a trial is no use of the version"
    assert found["out_of_domain_share"] == 1.0
    assert next(one for one in found["features"] if one["feature"] == "age")["psi"] > 1
    text = numbers(client.get("/metrics").text)
    assert text['edgewise_input_psi{model="credit",version="1",feature="age"}'] > 1
    assert text['edgewise_out_of_domain_share{model="credit",version="1"}'] == 1
    assert client.get(f"{API}/models/credit/versions/9/drift").status_code == 404
