"""Whether the process lives and whether it can serve."""

from pathlib import Path

from pydantic import SecretStr
from starlette.testclient import TestClient

from service.app import create_app
from service.operations.resources import open_resources
from service.settings import Settings
from tests.service.conftest import HOST


def test_a_migrated_service_is_ready(client: TestClient) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {"status": "ready"}


def test_a_service_without_its_tables_lives_but_is_not_ready(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path, database_url=SecretStr(f"sqlite:///{tmp_path}/new.sqlite3"), allowed_hosts=[HOST]
    )
    resources = open_resources(settings)
    client = TestClient(create_app(settings, resources), base_url=f"https://{HOST}")
    assert client.get("/health/live").status_code == 200
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_not_migrated")
    assert "edgewise migrate" in answer.json()["detail"]
    client.close()
    resources.close()


def test_a_service_whose_database_is_gone_lives_but_is_not_ready(tmp_path: Path) -> None:
    url = SecretStr("postgresql://nobody@127.0.0.1:1/nowhere?connect_timeout=2")
    settings = Settings(data_dir=tmp_path, database_url=url, allowed_hosts=[HOST])
    resources = open_resources(settings)
    client = TestClient(create_app(settings, resources), base_url=f"https://{HOST}")
    assert client.get("/health/live").status_code == 200
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unreachable")
    assert "EDGEWISE_DATABASE_URL" in answer.json()["detail"]
    client.close()
    resources.close()
