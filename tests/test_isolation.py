"""The promises that tests/conftest.py and the pytest settings make to every test."""

import socket

import pytest
from sqlalchemy import create_engine, inspect, text

from tests.conftest import RemoteConnectionRefused
from tests.database import PrivateCopy


@pytest.mark.parametrize("address", ["192.0.2.1", "example.org"])
def test_another_machine_is_refused(address: str) -> None:
    with socket.socket() as client, pytest.raises(RemoteConnectionRefused, match=address):
        client.connect((address, 80))


def test_this_machine_is_reached() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert client.getpeername() == server.getsockname()


def test_a_test_database_is_migrated(database_url: str) -> None:
    engine = create_engine(database_url)
    assert {"alembic_version", "users", "audit_events"} <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_no_other_test_sees_a_database(databases: PrivateCopy) -> None:
    with databases() as first, databases() as second:
        for url, tables in ((first, {"mine"}), (second, set[str]())):
            engine = create_engine(url)
            if tables:
                with engine.begin() as connection:
                    connection.execute(text("CREATE TABLE mine (id INTEGER)"))
            assert set(inspect(engine).get_table_names()) & {"mine"} == tables
            engine.dispose()
