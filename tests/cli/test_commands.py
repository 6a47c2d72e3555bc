"""The command line: one sentence for each thing that can go wrong, and an exit status that tells."""

import io
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from service.cli import main as command_line
from service.domain.feature_schema import FeatureSchema, TrainingColumns
from service.domain.retention import RetentionRequest
from service.domain.training_configuration import Progress, TrainingConfiguration
from service.modelling.trained_versions import TrainedVersion
from service.modelling.training import train
from service.operations import datasets, models, retention, sessions, training_jobs, training_runs, users
from service.operations.datasets import DatasetRequest
from service.operations.models import ModelRequest
from service.operations.resources import Resources, open_resources
from service.operations.training_jobs import TrainingJobRequest
from service.settings import Settings
from tests.service.training import QUICK, credit_csv

Report = Callable[[Progress], None]


@pytest.fixture
def settings(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings as the command reads them: from the environment."""
    monkeypatch.setenv("EDGEWISE_DATABASE_URL", database_url)
    monkeypatch.setenv("EDGEWISE_DATA_DIR", str(tmp_path / "var"))
    return Settings()


def run(*arguments: str) -> int:
    return command_line.main(arguments)


def create_user(name: str = "dana") -> int:
    return run("create-user", name, "--printed-name", "Dana", "--role", "developer", "--generate-password")


@pytest.fixture
def opened(settings: Settings) -> Iterator[Resources]:
    resources = open_resources(settings)
    yield resources
    resources.close()


def one_sentence(capsys: pytest.CaptureFixture[str]) -> str:
    """What was said on standard error: exactly one line, and no traceback."""
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith("edgewise: ")
    return said


def test_a_person_who_was_created_can_sign_in(opened: Resources, capsys: pytest.CaptureFixture[str]) -> None:
    assert create_user() == 0
    password = capsys.readouterr().out.strip()
    assert len(password) >= 12
    assert sessions.create_session(opened, "dana", password).me.roles == ("developer",)


@pytest.mark.usefixtures("settings")
def test_a_name_that_is_taken_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    create_user()
    capsys.readouterr()
    assert create_user() == 1
    assert "'dana'" in one_sentence(capsys)


@pytest.mark.usefixtures("settings")
def test_a_short_password_is_refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda _prompt: "short")
    assert run("create-user", "dana", "--printed-name", "Dana", "--role", "auditor") == 1
    assert "12" in one_sentence(capsys)


@pytest.mark.parametrize(
    ("name", "printed"), [("", "Dana"), ("  ", "Dana"), ("a\nb", "Dana"), ("dana", ""), ("d" * 201, "D")]
)
@pytest.mark.usefixtures("settings")
def test_a_name_nobody_could_sign_in_with_is_refused(
    capsys: pytest.CaptureFixture[str], name: str, printed: str
) -> None:
    assert run("create-user", name, "--printed-name", printed, "--role", "auditor", "--generate-password") == 1
    assert one_sentence(capsys)


@pytest.mark.usefixtures("settings")
def test_an_intact_trail_is_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    create_user()
    capsys.readouterr()
    assert run("audit", "verify") == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["holds"], result["events"]) == (True, 1)


def test_an_altered_trail_is_status_2_and_names_the_event(
    opened: Resources, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two", "three"):
        create_user(name)
    with opened.database.write() as session:
        if opened.database.is_sqlite:
            session.execute(text("DROP TRIGGER audit_events_refuses_update"))
        else:
            session.execute(text("ALTER TABLE audit_events DISABLE TRIGGER ALL"))
        session.execute(text("UPDATE audit_events SET payload = '{}' WHERE seq = 2"))
    capsys.readouterr()
    assert run("audit", "verify") == 2
    result = json.loads(capsys.readouterr().out)
    assert (result["holds"], result["finding"], result["first_bad_seq"]) == (False, "altered", 2)


@pytest.mark.parametrize("command", [["serve"], ["worker"], ["audit", "verify"], ["create-user"]], ids=str)
def test_a_database_without_its_tables_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    monkeypatch.setenv("EDGEWISE_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(command_line, "STATIC_DIRECTORY", tmp_path)
    (tmp_path / "index.html").touch()
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("EDGEWISE_PORT", str(server.getsockname()[1]))
    status = create_user() if command == ["create-user"] else run(*command)
    assert status == 1
    assert "edgewise migrate" in one_sentence(capsys)


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_busy_port_is_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("EDGEWISE_PORT", str(port))
        assert run(command) == 1
    said = one_sentence(capsys)
    assert str(port) in said
    assert "EDGEWISE_PORT" in said


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("command", ["serve", "worker", "migrate", "demo"])
def test_a_directory_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("EDGEWISE_DATA_DIR", str(tmp_path / "file" / "var"))
    assert run(command) == 1
    assert "EDGEWISE_DATA_DIR" in one_sentence(capsys)


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("command", ["serve", "demo"])
def test_pages_that_are_not_built_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("EDGEWISE_PORT", str(server.getsockname()[1]))
    monkeypatch.setattr(command_line, "STATIC_DIRECTORY", tmp_path / "nothing")
    assert run(command) == 1
    assert "make setup" in one_sentence(capsys)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EDGEWISE_PORT", "http"),
        ("EDGEWISE_PORT", "0"),
        ("EDGEWISE_MAXIMUM_COLUMNS", "-1"),
        ("EDGEWISE_HOST_PORT", None),
    ],
)
def test_a_wrong_setting_is_one_sentence_that_names_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    if value is None:
        monkeypatch.setenv(name, "ignored")
        assert Settings().port == 8000
        return
    monkeypatch.setenv(name, value)
    assert run("migrate") == 1
    assert name in one_sentence(capsys)


@pytest.mark.usefixtures("settings")
def test_the_description_of_the_api_is_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("openapi") == 0
    assert json.loads(capsys.readouterr().out)["info"]["title"] == "Edgewise"


def trained_version(resources: Resources) -> None:
    """Version 1 of the model `credit`."""
    developer = users.create_user(resources, "dev", "Dev", frozenset({"developer"}), "correct horse battery staple")
    table = DatasetRequest.model_validate({"name": "applicants", "overrides": {"target": "default"}})
    dataset = datasets.create_dataset(resources, developer, table, io.BytesIO(credit_csv()))
    words = {"title": "Credit", "purpose": "Predict", "owner": "Risk", "approved_use": "Tests"}
    model = ModelRequest.model_validate({"name": "credit", "risk_tier": "low", **words})
    models.create_model(resources, developer, model)
    request = TrainingJobRequest(model="credit", dataset_id=dataset.id, configuration=QUICK)
    job = training_jobs.create_training_job(resources, developer, request)
    assert training_runs.run_training_job(resources, job.id) == "succeeded"


def test_a_version_is_reproduced_to_the_last_bit_or_the_status_is_2(
    opened: Resources, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    trained_version(opened)
    assert run("reproduce", "credit", "1") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["is_equal"], found["libraries"]) == (True, [])
    monkeypatch.setattr("service.operations.reproductions.train", other_training)
    assert run("reproduce", "credit", "1") == 2
    found = json.loads(capsys.readouterr().out)
    assert found["digest"] != found["reproduced_digest"]


def other_training(
    parquet: bytes,
    schema: FeatureSchema,
    columns: TrainingColumns,
    configuration: TrainingConfiguration,
    report: Report,
) -> TrainedVersion:
    """The training as another release might do it: here with a step less."""
    return train(parquet, schema, columns, configuration.model_copy(update={"steps": 1}), report)


@pytest.mark.usefixtures("settings")
def test_a_version_that_is_not_there_cannot_be_reproduced(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("reproduce", "nothing", "1") == 1
    assert "'nothing'" in one_sentence(capsys)


def test_records_are_erased_from_a_timer(opened: Resources, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("erase") == 0
    assert capsys.readouterr().out == ""
    assert run("erase", "nothing") == 1
    assert "nothing" in one_sentence(capsys)
    assert create_user() == 0
    developer = users.find_actor(opened, "dana")
    assert developer is not None
    words = {"title": "T", "purpose": "P", "owner": "O", "approved_use": "A", "risk_tier": "low"}
    models.create_model(opened, developer, ModelRequest.model_validate({"name": "credit", **words}))
    administrator = replace(developer, roles=frozenset({"administrator"}))
    retention.put_retention(opened, administrator, "credit", RetentionRequest(keep_days=30), '"none"')
    capsys.readouterr()
    assert run("erase") == 0
    assert json.loads(capsys.readouterr().out)["erased"] == 0
