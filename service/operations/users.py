"""People and services; passwords are hashed with argon2id."""

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from pydantic import TypeAdapter, ValidationError

from service.domain.documents import Line
from service.domain.permissions import ROLES, Actor, Role, require, require_person
from service.domain.sign_in import PasswordChange
from service.errors import (
    FieldError,
    InvalidRequest,
    NameTaken,
    NoPassword,
    NotFound,
    SamePersonTwice,
    WrongPassword,
)
from service.operations.resources import Resources
from service.storage import tables, users
from service.storage.database import Session

_LINE: TypeAdapter[str] = TypeAdapter(Line)
_HASHER = PasswordHasher()
#: Each hash takes 64 MiB; this bounds what a flood of sign-ins can take.
_CONCURRENT_HASHES = threading.BoundedSemaphore(4)
#: Verified when the name is unknown, so that the time of an answer does not tell which names exist.
_DUMMY_HASH = _HASHER.hash("no account has this password")


def hash_password(password: str) -> str:
    """The argon2id hash of a password."""
    with _CONCURRENT_HASHES:
        return _HASHER.hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; takes as long when there is no such account."""
    with _CONCURRENT_HASHES:
        try:
            _HASHER.verify(password_hash or _DUMMY_HASH, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
    return password_hash is not None


def create_user(
    resources: Resources,
    name: str,
    printed_name: str,
    roles: frozenset[Role],
    password: str,
    *,
    is_service: bool = False,
    created_by: Actor | None = None,
) -> Actor:
    """Create a person, or a service that can never sign. Records: users.created. Raises: InvalidRequest, NameTaken.

    A password that somebody else has made opens nothing but the choice of another one.
    """
    name, printed_name = _line("name", name), _line("printed_name", printed_name)
    password_hash = hash_password(password)
    with resources.database.write() as session:
        if users.find_user(session, name) is not None:
            raise NameTaken("user", name)
        user = tables.User(
            id=resources.new_id(),
            name=name,
            printed_name=printed_name,
            roles=sorted(roles),
            password_hash=password_hash,
            created_at=resources.clock(),
            failed_sign_ins=0,
            locked_until=None,
            must_change_password=created_by is not None,
            is_service=is_service,
            disabled_at=None,
        )
        users.add_user(session, user)
        resources.record(session, created_by, "users.created", f"users/{user.id}", {"roles": sorted(roles)})
    return actor_of(user)


def _line(field: str, value: str) -> str:
    try:
        return _LINE.validate_python(value)
    except ValidationError:
        raise InvalidRequest(FieldError(f"/{field}", f"{field} must be one line of 1 to 200 characters")) from None


def set_password(resources: Resources, name: str, password: str) -> Actor:
    """Give a person a new password. Records: users.password_set. Raises: NotFound."""
    password_hash = hash_password(password)
    with resources.database.write() as session:
        user = users.find_user(session, name)
        if user is None:
            raise NotFound("user", name)
        _replace_password(session, user, password_hash, must_change=False)
        resources.record(session, None, "users.password_set", f"users/{user.id}")
    return actor_of(user)


def change_password(resources: Resources, actor: Actor, request: PasswordChange) -> None:
    """Take a password of one's own; every session ends. Records: passwords.changed.

    Raises: WrongPassword, NoPassword, KeyCannotSign for what is no person in a session.
    """
    require(actor, "change_password")
    require_person(actor)
    with resources.database.read() as session:
        user = users.get_user(session, actor.id)
    if user.password_hash is None:
        raise NoPassword
    if not password_matches(user.password_hash, request.current_password.get_secret_value()):
        raise WrongPassword
    password_hash = hash_password(request.new_password.get_secret_value())
    with resources.database.write() as session:
        user = users.get_user(session, actor.id, lock=True)
        _replace_password(session, user, password_hash, must_change=False)
        resources.record(session, actor, "passwords.changed", f"users/{actor.id}")


def reset_password(resources: Resources, actor: Actor, name: str) -> str:
    """Give somebody else a one-time password, which is told this once; their sessions end and a lock is lifted.

    Records: passwords.reset. Raises: NotFound, SamePersonTwice, NoPassword.
    """
    require(actor, "reset_password")
    password = one_time_password()
    password_hash = hash_password(password)
    with resources.database.write() as session:
        user = get_other_user(session, actor, name)
        if user.password_hash is None:
            raise NoPassword
        _replace_password(session, user, password_hash, must_change=True)
        resources.record(session, actor, "passwords.reset", f"users/{user.id}")
    return password


def one_time_password() -> str:
    """A password that nobody has chosen."""
    return secrets.token_urlsafe(15)


def disable_user(resources: Resources, actor: Actor, name: str) -> None:
    """Keep somebody else out, and their keys. Records: users.disabled. Raises: NotFound, SamePersonTwice."""
    require(actor, "disable_user")
    with resources.database.write() as session:
        user = get_other_user(session, actor, name)
        user.disabled_at = user.disabled_at or resources.clock()
        users.delete_sessions_of(session, user.id)
        resources.record(session, actor, "users.disabled", f"users/{user.id}")


def enable_user(resources: Resources, actor: Actor, name: str) -> None:
    """Let somebody else in again, a lock included. Records: users.enabled. Raises: NotFound, SamePersonTwice."""
    require(actor, "enable_user")
    with resources.database.write() as session:
        user = get_other_user(session, actor, name)
        user.disabled_at = user.locked_until = None
        user.failed_sign_ins = 0
        resources.record(session, actor, "users.enabled", f"users/{user.id}")


def get_other_user(session: Session, actor: Actor, name: str) -> tables.User:
    """The person of a name, who must be somebody else. Raises: NotFound, SamePersonTwice."""
    user = users.find_user(session, name)
    if user is None:
        raise NotFound("user", name)
    if user.id == actor.id:
        raise SamePersonTwice
    return user


def _replace_password(session: Session, user: tables.User, password_hash: str, *, must_change: bool) -> None:
    user.password_hash, user.must_change_password = password_hash, must_change
    user.failed_sign_ins, user.locked_until = 0, None
    users.delete_sessions_of(session, user.id)


def find_actor(resources: Resources, name: str) -> Actor | None:
    """The person with this name, as the command line acts for them."""
    with resources.database.read() as session:
        user = users.find_user(session, name)
        return actor_of(user) if user else None


def actor_of(user: tables.User, key: tables.ApiKey | None = None) -> Actor:
    """The actor that a stored person, or one of their keys, is; a key has no role that its owner has lost."""
    granted = user.roles if key is None else [role for role in key.roles if role == "client" or role in user.roles]
    return Actor(
        id=user.id,
        name=user.name,
        printed_name=user.printed_name,
        roles=frozenset(role for role in ROLES if role in granted),
        api_key_id=key.id if key else None,
        requests_per_minute=key.requests_per_minute if key else None,
        rows_per_day=key.rows_per_day if key else None,
        is_service=user.is_service,
        must_change_password=user.must_change_password,
        has_password=user.password_hash is not None,
    )
