"""Exports over HTTP: files to download, which compute what the service answers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.service.conftest import SignIn
from tests.service.training import ROW

API = "/api/v1"


def test_the_exported_program_answers_what_the_service_answers(
    client: TestClient, sign_in: SignIn, champion: int, tmp_path: Path
) -> None:
    sign_in("developer")
    answer = client.get(f"{API}/models/credit/versions/{champion}/export/python")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"] == f'attachment; filename="credit-{champion}-python.py"'
    assert answer.headers["Content-Type"].startswith("text/x-python")
    program = tmp_path / "model.py"
    program.write_text(answer.text)
    run = subprocess.run(
        [sys.executable, "-I", "-S", str(program)], input=json.dumps(ROW), capture_output=True, text=True, check=True
    )
    found = json.loads(run.stdout)
    served = client.post(f"{API}/models/credit/predictions", json={"rows": [ROW]}).json()["predictions"][0]
    assert found["link"][0] == pytest.approx(served["output"]["link"], abs=1e-9)
    assert found["base_value"] == pytest.approx(served["base_value"], abs=1e-9)
    edges = {edge["edge"]: edge["contribution"] for edge in served["edges"]}
    assert found["contributions"] == pytest.approx(edges, abs=1e-9)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("versions/{n}/export/pickle", 422, "invalid_request"),
        ("versions/{n}/export/json?output=1", 422, "invalid_request"),
        ("versions/{n}/export/json?output=-1", 422, "invalid_request"),
        ("versions/{n}/export/json?output=x", 422, "invalid_request"),
        ("versions/999/export/json", 404, "not_found"),
    ],
)
def test_export_that_there_is_not_is_refused_with_a_reason(
    client: TestClient, sign_in: SignIn, champion: int, path: str, status: int, code: str
) -> None:
    sign_in("observer")
    answer = client.get(f"{API}/models/credit/{path.format(n=champion)}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["errors"] or status == 404
