"""The audit trail in the database: one chain, whoever writes, and nobody changes it."""

import multiprocessing
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import Table, delete, insert, text, update
from sqlalchemy.exc import DatabaseError

from service.domain.audit import Head, Verification, verify
from service.domain.pages import PageRequest
from service.storage import audit, tables
from service.storage.database import Database
from tests.service.storage.conftest import MOMENT

EVIDENCE = ("audit_events", "signatures", "alias_events", "artifacts")


def append(database: Database, payload: object) -> Head:
    with database.write() as session:
        return audit.append(session, payload)


def append_many(url: str, name: str, count: int) -> None:
    """What another process does."""
    database = Database(url)
    for number in range(count):
        append(database, {"by": name, "number": number})
    database.dispose()


def check(database: Database, checkpoint: Head | None = None) -> Verification:
    with database.read() as session:
        return verify(audit.read_links(session), audit.read_head(session), checkpoint)


def test_a_new_database_has_an_empty_chain_that_holds(database: Database) -> None:
    result = check(database)
    assert result.holds
    assert (result.events, result.head_hash) == (0, "0" * 64)


def test_events_are_chained_in_the_order_of_their_commits(database: Database) -> None:
    heads = [append(database, {"number": number, "text": "é\n\u2028"}) for number in range(5)]
    assert [head.seq for head in heads] == [1, 2, 3, 4, 5]
    assert check(database, checkpoint=heads[2]).holds
    assert (check(database).head_seq, check(database).head_hash) == heads[-1]


def test_two_events_of_one_transaction_are_chained(database: Database) -> None:
    with database.write() as session:
        audit.append(session, {"number": 1})
        audit.append(session, {"number": 2})
    assert check(database).events == 2
    assert check(database).holds


def test_an_event_that_is_rolled_back_leaves_no_trace(database: Database) -> None:
    append(database, {"number": 1})
    with pytest.raises(RuntimeError), database.write() as session:
        audit.append(session, {"number": 2})
        raise RuntimeError
    assert append(database, {"number": 3}).seq == 2
    assert check(database).holds


def test_many_threads_make_one_chain_without_forks_or_gaps(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        heads = list(pool.map(lambda number: append(database, {"number": number}), range(64)))
    assert sorted(head.seq for head in heads) == list(range(1, 65))
    assert check(database).holds


def test_two_processes_make_one_chain_without_forks_or_gaps(database_url: str, database: Database) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=append_many, args=(database_url, name, 30)) for name in ("a", "b")]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    result = check(database)
    assert (result.holds, result.events) == (True, 60)


def test_a_verification_beside_writers_raises_no_false_alarm(database: Database) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            append(database, {"more": True})

    with ThreadPoolExecutor(3) as pool:
        writers = [pool.submit(write) for _ in range(3)]
        try:
            results = [check(database) for _ in range(40)]
        finally:
            stop.set()
        for writer in writers:
            writer.result()
    assert [result.detail for result in results if not result.holds] == []
    assert results[-1].events > results[0].events


@contextmanager
def superuser(database: Database, table: str) -> Iterator[None]:
    """Lets a test do what only the owner of the database could do: change evidence."""
    with database.engine.begin() as connection:
        if database.is_sqlite:
            for change in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER {table}_refuses_{change}"))
        else:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
    yield


def test_a_change_by_the_owner_of_the_database_is_found(database: Database) -> None:
    for number in range(5):
        append(database, {"number": number})
    table = tables.AuditEvent
    with superuser(database, "audit_events"), database.write() as session:
        session.execute(update(table).where(table.seq == 3).values(payload='{"number":99}'))
    assert (check(database).finding, check(database).first_bad_seq) == ("altered", 3)
    with database.write() as session:
        session.execute(delete(table).where(table.seq == 2))
    assert (check(database).finding, check(database).first_bad_seq) == ("missing", 2)


def test_a_cut_tail_is_found(database: Database) -> None:
    for number in range(5):
        append(database, {"number": number})
    with superuser(database, "audit_events"), database.write() as session:
        session.execute(delete(tables.AuditEvent).where(tables.AuditEvent.seq >= 4))
    assert (check(database).finding, check(database).first_bad_seq) == ("cut", 4)


@pytest.mark.parametrize("change", ["UPDATE", "DELETE"])
@pytest.mark.parametrize("name", EVIDENCE)
def test_the_database_refuses_to_change_evidence(database: Database, user_id: str, name: str, change: str) -> None:
    append(database, {"number": 1})
    add_evidence(database, user_id)
    table = tables.Table.metadata.tables[name]
    before = rows(database, table)
    assert before
    column = next(iter(table.columns))
    statement = delete(table) if change == "DELETE" else update(table).values({column.name: column})
    with pytest.raises(DatabaseError, match="append-only"), database.write() as session:
        session.execute(statement)
    assert rows(database, table) == before


def add_evidence(database: Database, user_id: str) -> None:
    """One row in each table of evidence; the rows that they point to are not what this is about."""
    digest, who = "sha256:" + "0" * 64, {"moved_at": MOMENT, "moved_by": user_id}
    evidence = {
        tables.Artifact: {"digest": digest, "kind": "network", "size": 1, "created_at": MOMENT},
        tables.AliasEvent: {"model": "m", "alias": "champion", "revision": 1, "version": 1, **who},
        tables.Signature: {
            "digest": digest,
            "review_id": "r",
            "signer": user_id,
            "verdict": "approved",
            "content": "{}",
            "signed_at": MOMENT,
        },
    }
    switch = "PRAGMA foreign_keys=OFF" if database.is_sqlite else "SET session_replication_role = replica"
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute(switch)
        if not database.is_sqlite:
            driver.commit()
        for table, values in evidence.items():
            connection.execute(insert(table).values(values))
        connection.commit()
        connection.invalidate()


def rows(database: Database, table: Table) -> list[tuple[object, ...]]:
    with database.read() as session:
        return [tuple(row) for row in session.execute(table.select())]


def test_pages_of_events_are_newest_first(database: Database) -> None:
    for number in range(5):
        append(database, {"number": number})
    with database.read() as session:
        first = audit.page(session, audit.EVERYTHING, PageRequest(limit=2))
        second = audit.page(session, audit.EVERYTHING, PageRequest(limit=2, cursor=first.next_cursor))
        last = audit.page(session, audit.EVERYTHING, PageRequest(limit=2, cursor=second.next_cursor))
    assert [[event.seq for event in page.items] for page in (first, second, last)] == [[5, 4], [3, 2], [1]]
    assert last.next_cursor is None
