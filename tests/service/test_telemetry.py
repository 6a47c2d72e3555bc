"""Traces: what spans there are, how they hang together, and that nothing personal is in them."""

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient

from service import errors
from service.app import create_app
from service.domain.permissions import Actor
from service.domain.traces import NoTracer
from service.operations import api_keys, training_runs
from service.operations.api_keys import ApiKeyRequest
from service.operations.batches import Batches
from service.operations.resources import Resources, open_resources
from service.settings import Settings
from service.storage.database import Database
from service.telemetry import OpenTelemetryTracer
from tests.service.conftest import HOST, Steps
from tests.service.training import ROW

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traced(resources: Resources, exporter: InMemorySpanExporter) -> Iterator[Resources]:
    tracer = OpenTelemetryTracer(SimpleSpanProcessor(exporter), share=1.0)
    database = Database(resources.database.url, tracer)
    batches = Batches(100, tracer)
    yield replace(resources, tracer=tracer, database=database, batches=batches)
    batches.close()
    database.dispose()
    tracer.close()


def named(exporter: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [span for span in exporter.get_finished_spans() if span.name == name]


def everything_told(exporter: InMemorySpanExporter) -> str:
    return "".join(span.to_json() for span in exporter.get_finished_spans())


def test_a_prediction_is_a_request_a_batch_and_a_transaction_without_anything_personal(
    settings: Settings, traced: Resources, exporter: InMemorySpanExporter, developer: Actor, champion: int
) -> None:
    key = api_keys.create_api_key(traced, developer, ApiKeyRequest(label="key")).key
    client = TestClient(create_app(settings, traced), base_url=f"https://{HOST}")
    headers = {"Authorization": f"Bearer {key}", "traceparent": f"00-{TRACE}-{PARENT}-01"}
    row = {**ROW, "purpose": "Timbuktu"}
    answer = client.post("/api/v1/models/credit/predictions?who=Dana", json={"rows": [row]}, headers=headers)
    assert answer.status_code == 200
    wrong = client.post("/api/v1/models/credit/predictions", json={"rows": [{"Rosebud": 1}]}, headers=headers)
    assert wrong.status_code == 422
    client.close()
    ok, refused = named(exporter, "POST /api/v1/models/{model}/predictions")
    assert dict(ok.attributes or {}) == {
        "http.request.method": "POST",
        "http.route": "/api/v1/models/{model}/predictions",
        "http.response.status_code": 200,
        "edgewise.request_id": answer.headers["x-request-id"],
    }
    assert (refused.attributes or {})["http.response.status_code"] == 422
    assert (f"{ok.context.trace_id:032x}", f"{ok.parent.span_id if ok.parent else 0:016x}") == (TRACE, PARENT)
    batch = named(exporter, "prediction batch")[0]
    assert dict(batch.attributes or {}) == {"edgewise.calls": 1, "edgewise.rows": 1}
    inside = {span.name for span in exporter.get_finished_spans() if span.parent == batch.context}
    assert {"compute", "database write"} <= inside
    told = everything_told(exporter)
    assert not [word for word in ("Timbuktu", "Rosebud", "Dana", key, "credit", developer.id) if word in told]


def test_a_job_is_a_span_with_its_kind_and_a_failure_tells_its_code_alone(
    traced: Resources, exporter: InMemorySpanExporter, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (steps.job(steps.model(name), steps.dataset()) for name in ("one", "two"))
    training_runs.run_training_job(traced, first)

    def broken(*_arguments: object) -> None:
        raise errors.TrainingFailed("the loss of Rosebud is infinite")

    monkeypatch.setattr(training_runs, "train", broken)
    assert training_runs.run_training_job(traced, second) == "failed"
    done, failed = named(exporter, "job train")
    assert dict(done.attributes or {}) == {"edgewise.job": first, "edgewise.attempt": 1, "edgewise.kind": "train"}
    assert (failed.attributes or {})["error.type"] == "training_failed"
    assert json.loads(failed.to_json())["status"] == {"status_code": "ERROR"}
    assert not failed.events
    assert "Rosebud" not in everything_told(exporter)


def test_nobody_listens_unless_the_settings_name_a_collector(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = open_resources(settings)
    assert isinstance(silent.tracer, NoTracer)
    silent.close()
    wanted = settings.model_copy(update={"telemetry_endpoint": "http://127.0.0.1:9/v1/traces", "telemetry_share": 0.0})
    opened = open_resources(wanted)
    assert not opened.tracer.is_silent
    opened.close()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(errors.TelemetryMissing, match=r"edgewise\[telemetry\]"):
        open_resources(wanted)
