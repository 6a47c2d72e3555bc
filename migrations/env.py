"""Alembic's entry: run the migrations of this directory on the database that the configuration names."""

from typing import Any

from alembic import context
from sqlalchemy import Connection, text

from service.settings import Settings
from service.storage.database import Database
from service.storage.migration import MIGRATION_LOCK
from service.storage.tables import Table


def _run(connection: Connection) -> None:
    options: dict[str, Any] = {"connection": connection, "target_metadata": Table.metadata, "compare_type": True}
    context.configure(**options, transactional_ddl=True, render_as_batch=connection.dialect.name == "sqlite")
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        context.run_migrations()


def _suspend_foreign_keys(connection: Connection) -> None:
    """SQLite changes a table by making it anew, which needs the checks off; within a transaction they stay on."""
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys = OFF")


def _require_foreign_keys(connection: Connection) -> None:
    """Refuse to commit rows that point to nothing."""
    dangling = connection.execute(text("PRAGMA foreign_key_check")).all()
    if dangling:
        raise RuntimeError(f"The migration leaves rows that point to nothing: {dangling[:5]}")


def main() -> None:
    """Open a writing connection and migrate."""
    database = Database(context.config.attributes.get("url") or Settings().resolved_database_url)
    try:
        with database.engine.execution_options(edgewise_writes=True).connect() as connection:
            if database.is_sqlite:
                _suspend_foreign_keys(connection)
            _run(connection)
            if database.is_sqlite:
                _require_foreign_keys(connection)
            connection.commit()
    finally:
        database.dispose()


main()
