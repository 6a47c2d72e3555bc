"""One flipped byte in an artifact: nothing is loaded, the trail says so, readiness says so until it is restored."""

from dataclasses import replace
from pathlib import Path

from fastapi import FastAPI
from starlette.testclient import TestClient

from service.modelling.registry import ModelRegistry
from service.operations.resources import Resources
from service.storage import models
from tests.service.conftest import SignIn, audit_payloads
from tests.service.training import ROW


def file_of(resources: Resources, number: int) -> tuple[str, Path]:
    with resources.database.read() as session:
        digest = models.get_version(session, "credit", number).digest
    name = digest.removeprefix("sha256:")
    return digest, resources.settings.data_dir / "artifacts" / name[:2] / name


def test_a_flipped_byte_is_refused_recorded_and_shown(
    app: FastAPI, client: TestClient, sign_in: SignIn, resources: Resources, champion: int
) -> None:
    digest, path = file_of(resources, champion)
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    path.write_bytes(flipped)
    app.state.resources = replace(resources, registry=ModelRegistry(resources.artifacts.read, capacity=1))
    sign_in("developer")
    for _ in range(2):
        answer = client.post("/api/v1/models/credit/predictions", json={"rows": [ROW]})
        assert (answer.status_code, answer.json()["code"]) == (500, "artifact_corrupted")
    events = [event for event in audit_payloads(resources) if event["action"] == "artifacts.damaged"]
    assert [(event["subject"], event["actor"]) for event in events] == [(f"artifacts/{digest}", "system")]
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json()) == (200, {"status": "degraded", "damaged_artifacts": [digest]})
    path.unlink()
    assert client.get("/health/ready").json()["status"] == "degraded"
    path.write_bytes(whole)
    assert client.get("/health/ready").json() == {"status": "ready", "damaged_artifacts": []}
    assert client.post("/api/v1/models/credit/predictions", json={"rows": [ROW]}).status_code == 200
