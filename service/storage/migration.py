"""Bring a database to the schema of this release, and tell whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

import migrations
from service.errors import DatabaseNotMigrated, DatabaseUnreachable
from service.storage.database import Database

#: Key of the PostgreSQL advisory lock that lets one process migrate at a time.
MIGRATION_LOCK = 4_512_190


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return configuration


def upgrade(url: str) -> None:
    """Migrate the database at `url` to the newest revision, in one transaction, one process at a time."""
    configuration = _configuration()
    configuration.attributes["url"] = url
    command.upgrade(configuration, "head")


def downgrade(url: str, revision: str) -> None:
    """Take the database at `url` back to `revision` (for operators and tests)."""
    configuration = _configuration()
    configuration.attributes["url"] = url
    command.downgrade(configuration, revision)


def needed_revision() -> str:
    """The revision that this release needs."""
    return str(ScriptDirectory.from_config(_configuration()).get_current_head())


def current_revision(url: str) -> str | None:
    """The revision that the database has, None when it was never migrated; raises DatabaseUnreachable."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        raise DatabaseUnreachable from error
    finally:
        engine.dispose()


def require_migrated(database: Database) -> None:
    """Raise DatabaseUnreachable or DatabaseNotMigrated unless the schema is the one of this release."""
    current = current_revision(database.url)
    if current != needed_revision():
        raise DatabaseNotMigrated(current, needed_revision())
