"""A database of its own for every test, and a person that rows can point to."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from service.storage import tables, users
from service.storage.database import Database

MOMENT = datetime(2026, 11, 23, 10, 0, 0, 123456, UTC)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def user_id(database: Database) -> str:
    user = tables.User(id="1", name="dana", printed_name="Dana", roles=[], password_hash="-", created_at=MOMENT)
    with database.write() as session:
        users.add_user(session, user)
    return "1"
