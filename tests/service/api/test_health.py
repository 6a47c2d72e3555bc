"""Whether the process lives and whether it can serve."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from service.app import create_app
from service.operations.resources import open_resources
from service.settings import Settings
from tests.service.conftest import HOST


def test_a_migrated_service_is_ready(client: TestClient) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {"status": "ready", "damaged_artifacts": []}


NOT_READY = {
    "tables missing": ("sqlite:///{directory}/new.sqlite3", "database_not_migrated", "edgewise migrate"),
    "database gone": (
        "postgresql://nobody@127.0.0.1:1/nowhere?connect_timeout=2",
        "database_unreachable",
        "EDGEWISE_DATABASE_URL",
    ),
}


@pytest.mark.parametrize("name", NOT_READY)
def test_a_service_without_its_database_lives_but_is_not_ready(tmp_path: Path, name: str) -> None:
    url, code, fix = NOT_READY[name]
    settings = Settings(data_dir=tmp_path, database_url=SecretStr(url.format(directory=tmp_path)), allowed_hosts=[HOST])
    resources = open_resources(settings)
    client = TestClient(create_app(settings, resources), base_url=f"https://{HOST}")
    assert client.get("/health/live").status_code == 200
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, code)
    assert fix in answer.json()["detail"]
    client.close()
    resources.close()
