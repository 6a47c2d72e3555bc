"""A database whose writes can all be taken back: for tests that begin many times at the same state."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from service.storage.database import WRITES, Database, Session


class OneTransaction(Database):
    """A database whose transactions are savepoints of one that is never committed."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._connection: Connection | None = None

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Whatever is written until the end of this block is gone after it."""
        with self.engine.connect().execution_options(**{WRITES: True}) as connection:
            self._connection = connection
            with connection.begin() as transaction:
                yield
                transaction.rollback()

    @contextmanager
    def write(self) -> Iterator[Session]:
        mode = {"expire_on_commit": False, "join_transaction_mode": "create_savepoint"}
        with Session(self._connection, **mode) as session, session.begin():  # type: ignore[arg-type]  # both are right
            yield session

    read = write
