"""Second factors and their recovery codes."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import CursorResult, delete, func, select, update

from service.storage import tables
from service.storage.database import Session


def find_factor(session: Session, user_id: str, *, lock: bool = False) -> tables.SecondFactor | None:
    """A person's second factor, confirmed or just begun; `lock` holds it until the transaction ends."""
    return session.get(tables.SecondFactor, user_id, with_for_update=lock)


def put_factor(session: Session, factor: tables.SecondFactor) -> None:
    """Store a factor in the place of one that was begun."""
    session.merge(factor)
    session.flush()


def remove_factor(session: Session, user_id: str) -> None:
    """Forget a person's factor and recovery codes."""
    session.execute(delete(tables.RecoveryCode).where(tables.RecoveryCode.user_id == user_id))
    session.execute(delete(tables.SecondFactor).where(tables.SecondFactor.user_id == user_id))


def add_recovery_codes(session: Session, user_id: str, hashes: Iterable[str]) -> None:
    """Store the hashes of new recovery codes."""
    session.add_all(tables.RecoveryCode(user_id=user_id, code_hash=one, used_at=None) for one in hashes)
    session.flush()


def spend_recovery_code(session: Session, user_id: str, code_hash: str, moment: datetime) -> bool:
    """Use a recovery code up; whether there was one."""
    mine = (tables.RecoveryCode.user_id == user_id, tables.RecoveryCode.code_hash == code_hash)
    unused = update(tables.RecoveryCode).where(*mine, tables.RecoveryCode.used_at.is_(None)).values(used_at=moment)
    result = session.execute(unused)
    return isinstance(result, CursorResult) and result.rowcount == 1


def count_recovery_codes(session: Session, user_id: str) -> int:
    """How many recovery codes are left."""
    query = select(func.count()).select_from(tables.RecoveryCode)
    mine = (tables.RecoveryCode.user_id == user_id, tables.RecoveryCode.used_at.is_(None))
    return session.scalars(query.where(*mine)).one()
