"""Requests that must not happen twice.

The key's row is inserted in the transaction of the change. A concurrent request with the same key waits for that
transaction and then finds the row, so a change happens once and both callers get the same answer.
"""

from sqlalchemy.exc import IntegrityError

from service.errors import IdempotencyKeyReused
from service.storage import tables
from service.storage.database import Session


def claim(session: Session, row: tables.IdempotencyKey) -> tables.IdempotencyKey | None:
    """Claim the key for this request; returns the earlier row when the same request was made before.

    Raises IdempotencyKeyReused when the key belongs to another request.
    """
    earlier = session.get(tables.IdempotencyKey, (row.user_id, row.key))
    if earlier is None:
        try:
            with session.begin_nested():
                session.add(row)
            return None
        except IntegrityError:
            earlier = session.get_one(tables.IdempotencyKey, (row.user_id, row.key))
    if (earlier.operation, earlier.request_digest) != (row.operation, row.request_digest):
        raise IdempotencyKeyReused(row.key)
    return earlier


def settle(row: tables.IdempotencyKey, results: list[str]) -> None:
    """Note what the request made."""
    row.results = results
