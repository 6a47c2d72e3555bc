"""Signing in and out, and finding out who calls."""

import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.domain.documents import Document
from service.domain.permissions import PERMISSIONS, Actor, Role, require
from service.errors import NotSignedIn, SignInRefused
from service.operations.lockouts import count_failure, is_closed
from service.operations.resources import Resources
from service.operations.second_factors import require_code
from service.operations.users import actor_of, password_matches
from service.storage import tables, users
from service.storage.database import Session

#: A session or key is marked as used at most once in this time, so that reading does not always write.
TOUCH_INTERVAL = timedelta(minutes=1)
#: An API key is looked up again after so long, so that its revocation reaches every process within a second.
KNOWN_SECONDS = 0.8


class Me(Document):
    """Who is signed in, and what they may do."""

    id: str
    name: str
    printed_name: str
    roles: tuple[Role, ...]
    must_change_password: bool
    has_password: bool
    permissions: tuple[str, ...]


@dataclass(frozen=True)
class SignIn:
    """A new session: the cookie's value is known to the browser only."""

    me: Me
    token: str


def describe_actor(actor: Actor) -> Me:
    """Who this is, and every operation the table lets them do."""
    return Me(
        id=actor.id,
        name=actor.name,
        printed_name=actor.printed_name,
        roles=tuple(sorted(actor.roles)),
        must_change_password=actor.must_change_password,
        has_password=actor.has_password,
        permissions=tuple(action for action in PERMISSIONS if actor.may(action)),
    )


def hash_token(token: str) -> str:
    """What is stored of a cookie or key: enough to recognise it, not to use it."""
    return hashlib.sha256(token.encode()).hexdigest()


def create_session(resources: Resources, name: str, password: str, code: str | None = None) -> SignIn:
    """Sign a person in. Records: sessions.created, or sessions.refused for a wrong password.

    Who has no password here signs in at the identity provider: there is nothing to guess, so nothing is counted.
    Raises: SignInRefused, SecondFactorRequired, SecondFactorRefused.
    """
    with resources.database.read() as session:
        user = users.find_user(session, name)
    is_right = password_matches(user.password_hash if user else None, password)
    if user is None or user.password_hash is None:
        raise SignInRefused
    if not is_right or is_closed(resources, user):
        with resources.database.write() as session:
            count_failure(resources, session, user.id, "sessions.refused")
        raise SignInRefused
    require_code(resources, user.id, code)
    with resources.database.write() as session:
        return begin_session(resources, session, users.get_user(session, user.id, lock=True))


def begin_session(resources: Resources, session: Session, user: tables.User, details: object = None) -> SignIn:
    """A session for a person who has shown who they are. Records: sessions.created."""
    token, moment = secrets.token_urlsafe(32), resources.clock()
    user.failed_sign_ins = 0
    row = tables.SignInSession(token_hash=hash_token(token), user_id=user.id, created_at=moment, last_seen_at=moment)
    users.add_session(session, row)
    resources.record(session, actor_of(user), "sessions.created", f"users/{user.id}", details)
    return SignIn(describe_actor(actor_of(user)), token)


def delete_session(resources: Resources, actor: Actor, token: str) -> None:
    """Sign out. Records: sessions.deleted."""
    with resources.database.write() as session:
        users.delete_session(session, hash_token(token))
        resources.record(session, actor, "sessions.deleted", f"users/{actor.id}")


def end_all_sessions(resources: Resources, actor: Actor) -> None:
    """Sign out everywhere. Records: sessions.all_ended."""
    require(actor, "end_all_sessions")
    with resources.database.write() as session:
        users.delete_sessions_of(session, actor.id)
        resources.record(session, actor, "sessions.all_ended", f"users/{actor.id}")


def authenticate_session(resources: Resources, token: str) -> Actor:
    """The person behind a cookie. Raises: NotSignedIn when it is unknown, idle too long or too old."""
    settings, moment = resources.settings, resources.clock()
    with resources.database.read() as session:
        row = users.find_session(session, hash_token(token))
        user = users.get_user(session, row.user_id) if row else None
    if row is None or user is None or user.disabled_at is not None:
        raise NotSignedIn
    idle = moment - row.last_seen_at
    expired = idle > timedelta(minutes=settings.session_idle_minutes)
    if expired or moment - row.created_at > timedelta(hours=settings.session_maximum_hours):
        raise NotSignedIn
    if idle > TOUCH_INTERVAL:
        with resources.database.write() as session:
            users.touch_session(session, row.token_hash, moment)
    return actor_of(user)


@dataclass
class _KnownKey:
    """A key that was right a moment ago; one caller at a time looks again while the others go on."""

    holder: Actor
    expires_at: datetime
    checked_at: float
    is_looked_up: bool = False


def find_key_holder(resources: Resources, key: str) -> Actor | None:
    """The program behind an API key, where that was looked up less than a second ago; None asks for a look."""
    known = resources.known_keys.find(hash_token(key))
    if not isinstance(known, _KnownKey) or known.expires_at <= resources.clock():
        return None
    age = time.monotonic() - known.checked_at
    if age > KNOWN_SECONDS or (age > KNOWN_SECONDS / 2 and not known.is_looked_up):
        known.is_looked_up = True
        return None
    return known.holder


def forget_key(resources: Resources, key_hash: str) -> None:
    """Look the key up at its next use; other processes do within a second."""
    resources.known_keys.forget(key_hash)


def authenticate_key(resources: Resources, key: str) -> Actor:
    """The program behind an API key. Raises: NotSignedIn when it is unknown, revoked or expired."""
    moment, checked_at = resources.clock(), time.monotonic()
    with resources.database.read() as session:
        row = users.find_api_key(session, hash_token(key))
        user = users.get_user(session, row.user_id) if row else None
    is_over = row is None or row.revoked_at is not None or row.expires_at <= moment
    if row is None or user is None or is_over or user.disabled_at is not None:
        forget_key(resources, hash_token(key))
        raise NotSignedIn
    if row.last_used_at is None or moment - row.last_used_at > TOUCH_INTERVAL:
        with resources.database.write() as session:
            users.touch_api_key(session, row.id, moment)
    holder = actor_of(user, row)
    resources.known_keys.keep(row.key_hash, _KnownKey(holder, row.expires_at, checked_at))
    return holder
