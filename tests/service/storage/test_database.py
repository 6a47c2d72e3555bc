"""Transactions and moments: one behaviour on both databases."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.storage import models, tables, users
from service.storage.database import Database
from tests.service.storage.conftest import MOMENT


def add_model(database: Database, user_id: str, name: str = "credit", created_at: datetime = MOMENT) -> None:
    with database.write() as session:
        models.add_model(session, new_model(user_id, name, created_at))


def new_model(user_id: str, name: str, created_at: datetime = MOMENT) -> tables.Model:
    words = {"title": "T", "purpose": "P", "owner": "O", "approved_use": "A"}
    return tables.Model(
        name=name, risk_tier="low", adverse_action=False, created_at=created_at, created_by=user_id, **words
    )


def names(database: Database) -> set[str]:
    with database.read() as session:
        return {row[0] for row in session.execute(text("SELECT name FROM models"))}


@pytest.mark.parametrize("hours", [-11, 0, 5.5])
def test_a_moment_comes_back_the_same_in_utc_with_its_microseconds(
    database: Database, user_id: str, hours: float
) -> None:
    moment = datetime(2026, 3, 29, 2, 30, 0, 123457, timezone(timedelta(hours=hours)))
    add_model(database, user_id, created_at=moment)
    with database.read() as session:
        stored = models.get_model(session, "credit").created_at
    assert stored == moment
    assert stored.tzinfo is UTC


def test_a_failed_block_changes_nothing(database: Database, user_id: str) -> None:
    with pytest.raises(RuntimeError), database.write() as session:
        models.add_model(session, new_model(user_id, "credit"))
        raise RuntimeError
    assert names(database) == set()


def test_a_row_cannot_point_to_nobody(database: Database) -> None:
    with pytest.raises(IntegrityError):
        add_model(database, "nobody")


@pytest.mark.parametrize("column", ["risk_tier", "adverse_outcome"])
def test_a_value_outside_its_set_is_refused_by_the_database(database: Database, user_id: str, column: str) -> None:
    model = new_model(user_id, "credit")
    setattr(model, column, "enormous")
    with pytest.raises(IntegrityError), database.write() as session:
        models.add_model(session, model)


def test_a_second_writer_waits_for_the_row_and_then_sees_the_change(database: Database, user_id: str) -> None:
    add_model(database, user_id)
    locked, order = threading.Event(), []

    def first() -> None:
        with database.write() as session:
            model = models.get_model(session, "credit", lock=True)
            locked.set()
            time.sleep(0.3)
            model.title = "changed by the first"
            order.append("first")

    def second() -> str:
        assert locked.wait(20)
        with database.write() as session:
            title = models.get_model(session, "credit", lock=True).title
            order.append("second")
            return title

    with ThreadPoolExecutor(2) as pool:
        done = pool.submit(first)
        assert pool.submit(second).result(20) == "changed by the first"
        done.result()
    assert order == ["first", "second"]


def test_a_reader_does_not_wait_for_a_writer(database: Database, user_id: str) -> None:
    with database.write() as session:
        models.add_model(session, new_model(user_id, "credit"))
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(names, database).result(5) == set()
    assert names(database) == {"credit"}


def test_a_reader_sees_one_snapshot_however_long_it_reads(database: Database, user_id: str) -> None:
    query = text("SELECT count(*) FROM models")
    with database.read() as session:
        before = session.execute(query).scalar_one()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(add_model, database, user_id).result()
        assert session.execute(query).scalar_one() == before
    assert names(database) == {"credit"}


def test_a_changed_row_is_read_anew_under_the_lock(database: Database, user_id: str) -> None:
    add_model(database, user_id)
    with database.read() as session:
        models.get_model(session, "credit")
    with database.write() as session:
        users.get_user(session, user_id)
        assert models.get_model(session, "credit", lock=True).title == "T"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="name a file"):
        Database(url)


def test_sqlite_survives_a_power_cut(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'edgewise.sqlite3'}")
    with database.read() as session:
        found = [
            session.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    database.dispose()
    assert found == ["wal", 2, 1]
