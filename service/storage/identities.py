"""Who people are at an identity provider."""

from sqlalchemy import select

from service.storage import tables
from service.storage.database import Session


def find_identity(session: Session, issuer: str, subject: str, *, lock: bool = False) -> tables.Identity | None:
    """The identity with this subject; `lock` holds it until the transaction ends."""
    return session.get(tables.Identity, (issuer, subject), with_for_update=lock)


def find_identity_of(session: Session, user_id: str, *, lock: bool = False) -> tables.Identity | None:
    """The identity of a person, or None; `lock` holds it until the transaction ends."""
    query = select(tables.Identity).where(tables.Identity.user_id == user_id)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def add_identity(session: Session, identity: tables.Identity) -> None:
    """Link a person to a subject."""
    session.add(identity)
    session.flush()
