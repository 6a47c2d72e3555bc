"""The schema: made from nothing, taken back, made again, by several processes at once, without drift."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DatabaseError, IntegrityError

import migrations
from service.errors import DatabaseNotMigrated
from service.storage.database import Database
from service.storage.migration import (
    current_revision,
    downgrade,
    needed_revision,
    require_migrated,
    upgrade,
)
from service.storage.tables import Table

MIGRATE = "import sys; from service.operations.health import migrate; migrate(sys.argv[1])"


@pytest.fixture
def empty_url(database_url: str) -> str:
    """A database that was never migrated."""
    downgrade(database_url, "base")
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
        if engine.dialect.name == "postgresql":
            connection.execute(text("DROP SCHEMA dbos CASCADE"))
        else:
            connection.execute(text("PRAGMA foreign_keys=OFF"))
            for name in inspect(connection).get_table_names():
                connection.execute(text(f'DROP TABLE "{name}"'))
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    return database_url


def table_names(url: str) -> set[str]:
    engine = create_engine(url)
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names


def test_the_schema_is_made_from_nothing(empty_url: str) -> None:
    assert current_revision(empty_url) is None
    upgrade(empty_url)
    assert current_revision(empty_url) == needed_revision()
    assert table_names(empty_url) == {*Table.metadata.tables, "alembic_version"}


def test_the_schema_is_taken_back_and_made_again(empty_url: str) -> None:
    for _ in range(2):
        upgrade(empty_url)
        downgrade(empty_url, "base")
        assert table_names(empty_url) == {"alembic_version"}
    upgrade(empty_url)
    assert current_revision(empty_url) == needed_revision()


def test_migrating_a_migrated_database_changes_nothing(database_url: str) -> None:
    database = Database(database_url)
    with database.write() as session:
        session.execute(text("UPDATE audit_head SET hash = 'kept'"))
    upgrade(database_url)
    with database.read() as session:
        assert session.execute(text("SELECT hash FROM audit_head")).scalar_one() == "kept"
    database.dispose()


def test_rows_of_the_first_schema_are_kept_and_evidence_stays_evidence(database_url: str) -> None:
    downgrade(database_url, "0001")
    database = Database(database_url)
    with database.write() as session:
        session.execute(
            text("INSERT INTO users VALUES ('1', 'dana', 'Dana', '[]', '-', CURRENT_TIMESTAMP)"),
        )
        session.execute(
            text("INSERT INTO models VALUES ('credit', 'T', 'P', 'O', 'low', 'A', CURRENT_TIMESTAMP, '1')"),
        )
        session.execute(text("INSERT INTO artifacts VALUES ('sha256:1', 'dataset', 1, CURRENT_TIMESTAMP)"))
        session.execute(
            text("INSERT INTO datasets VALUES ('1', 'N', 'sha256:1', 'sha256:1', 1, '{}', CURRENT_TIMESTAMP, '1')"),
        )
    upgrade(database_url)
    with database.read() as session:
        model = session.execute(text("SELECT title, adverse_action, adverse_outcome FROM models")).one()
        assert (model.title, bool(model.adverse_action), model.adverse_outcome) == ("T", False, None)
    with pytest.raises(DatabaseError, match="append-only"), database.write() as session:
        session.execute(text("UPDATE artifacts SET size = 2"))
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(text("INSERT INTO artifacts VALUES ('sha256:2', 'rumour', 1, CURRENT_TIMESTAMP)"))
    with database.write() as session:
        session.execute(text("INSERT INTO artifacts VALUES ('sha256:2', 'reference', 1, CURRENT_TIMESTAMP)"))
    downgrade(database_url, "0001")
    with database.read() as session:
        assert session.execute(text("SELECT kind FROM artifacts")).scalars().all() == ["dataset"]
        assert session.execute(text("SELECT digest FROM datasets")).scalar_one() == "sha256:1"
    database.dispose()


def test_the_migrations_and_the_tables_say_the_same(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_object": is_ours}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Table.metadata) == []
    engine.dispose()


def is_ours(_object: object, name: str | None, kind: str, reflected: bool, _compared: object) -> bool:
    """The queue keeps its tables beside ours on SQLite."""
    return kind != "table" or not reflected or name in Table.metadata.tables


def test_two_processes_that_migrate_at_once_do_not_disturb_each_other(empty_url: str) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", MIGRATE, empty_url], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ended = [process.communicate(timeout=90)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], ended
    assert current_revision(empty_url) == needed_revision()
    database = Database(empty_url)
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM audit_head")).scalar_one() == 1
    database.dispose()


def test_a_database_that_lacks_the_schema_is_refused(empty_url: str) -> None:
    database = Database(empty_url)
    with pytest.raises(DatabaseNotMigrated, match="edgewise migrate"):
        require_migrated(database)
    upgrade(empty_url)
    require_migrated(database)
    database.dispose()


def test_alembic_s_own_check_finds_no_drift(empty_url: str) -> None:
    upgrade(empty_url)
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(migrations.__file__).parent))
    configuration.attributes["url"] = empty_url
    command.check(configuration)
