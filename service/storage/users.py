"""People, their sessions and their API keys."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import date, datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from service.domain.pages import PageRequest
from service.errors import NameTaken
from service.storage import tables
from service.storage.database import Session
from service.storage.pages import Rows, select_page


def find_user(session: Session, name: str) -> tables.User | None:
    """The person who signs in under this name."""
    return session.scalars(select(tables.User).where(tables.User.name == name)).one_or_none()


def get_user(session: Session, user_id: str, *, lock: bool = False) -> tables.User:
    """The person with this id; `lock` holds them until the transaction ends."""
    return session.get_one(tables.User, user_id, with_for_update=lock)


def printed_names(session: Session, user_ids: Collection[str]) -> dict[str, str]:
    """Printed names by id."""
    rows = session.execute(select(tables.User.id, tables.User.printed_name).where(tables.User.id.in_(set(user_ids))))
    return dict(rows.all())


def page_of_users(session: Session, request: PageRequest) -> Rows[tables.User]:
    """People and services in the order of their names."""
    return select_page(session, select(tables.User), tables.User.name, request, ascending=True)


def key_counts(session: Session, user_ids: Collection[str], moment: datetime) -> dict[str, int]:
    """How many keys that work at this moment each of these people has; those without one are absent."""
    rows = session.execute(
        select(tables.ApiKey.user_id, func.count())
        .where(
            tables.ApiKey.user_id.in_(set(user_ids)),
            tables.ApiKey.revoked_at.is_(None),
            tables.ApiKey.expires_at > moment,
        )
        .group_by(tables.ApiKey.user_id)
    )
    return dict(rows.all())


def add_user(session: Session, user: tables.User) -> None:
    """Store a new person; raises NameTaken when somebody was faster."""
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError:
        if find_user(session, user.name) is None:
            raise
        raise NameTaken("user", user.name) from None


def add_session(session: Session, row: tables.SignInSession) -> None:
    """Store a new sign-in."""
    session.add(row)
    session.flush()


def find_session(session: Session, token_hash: str) -> tables.SignInSession | None:
    """The sign-in with this cookie hash."""
    return session.get(tables.SignInSession, token_hash)


def touch_session(session: Session, token_hash: str, moment: datetime) -> None:
    """Note that a sign-in was used."""
    session.execute(
        update(tables.SignInSession).where(tables.SignInSession.token_hash == token_hash).values(last_seen_at=moment)
    )


def delete_session(session: Session, token_hash: str) -> None:
    """End a sign-in."""
    session.execute(delete(tables.SignInSession).where(tables.SignInSession.token_hash == token_hash))


def delete_sessions_of(session: Session, user_id: str) -> None:
    """End all sign-ins of a person."""
    session.execute(delete(tables.SignInSession).where(tables.SignInSession.user_id == user_id))


def add_api_key(session: Session, row: tables.ApiKey) -> None:
    """Store a new key."""
    session.add(row)
    session.flush()


def find_api_key(session: Session, key_hash: str) -> tables.ApiKey | None:
    """The key with this hash."""
    return session.scalars(select(tables.ApiKey).where(tables.ApiKey.key_hash == key_hash)).one_or_none()


def get_api_key(session: Session, key_id: str) -> tables.ApiKey | None:
    """The key with this id."""
    return session.get(tables.ApiKey, key_id)


def list_api_keys(session: Session, user_id: str) -> Sequence[tables.ApiKey]:
    """A person's keys that are not revoked, newest first."""
    query = select(tables.ApiKey).where(tables.ApiKey.user_id == user_id, tables.ApiKey.revoked_at.is_(None))
    return session.scalars(query.order_by(tables.ApiKey.id.desc())).all()


def get_key_usage(session: Session, key_id: str, day: date) -> tables.KeyUsage:
    """What is set aside for a key on a day, held until the transaction ends; made where there is nothing yet."""
    place = (key_id, day)
    if session.get(tables.KeyUsage, place) is None:
        with suppress(IntegrityError), session.begin_nested():
            session.add(tables.KeyUsage(api_key_id=key_id, day=day, rows=0))
    return session.get_one(tables.KeyUsage, place, with_for_update=True, populate_existing=True)


def touch_api_key(session: Session, key_id: str, moment: datetime) -> None:
    """Note that a key was used."""
    session.execute(update(tables.ApiKey).where(tables.ApiKey.id == key_id).values(last_used_at=moment))
