"""People: created on the command line only; passwords are hashed with argon2id."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from pydantic import TypeAdapter, ValidationError

from service.domain.documents import Line
from service.domain.permissions import ROLES, Actor, Role
from service.errors import FieldError, InvalidRequest, NameTaken, NotFound
from service.operations.resources import Resources
from service.storage import tables, users

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


def create_user(resources: Resources, name: str, printed_name: str, roles: frozenset[Role], password: str) -> Actor:
    """Create a person. Records: users.created. Raises: InvalidRequest, NameTaken."""
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
        )
        users.add_user(session, user)
        resources.record(session, None, "users.created", f"users/{user.id}", {"roles": sorted(roles)})
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
        user.password_hash = password_hash
        users.delete_sessions_of(session, user.id)
        resources.record(session, None, "users.password_set", f"users/{user.id}")
    return actor_of(user)


def find_actor(resources: Resources, name: str) -> Actor | None:
    """The person with this name, as the command line acts for them."""
    with resources.database.read() as session:
        user = users.find_user(session, name)
        return actor_of(user) if user else None


def actor_of(user: tables.User, key: tables.ApiKey | None = None) -> Actor:
    """The actor that a stored person, or one of their keys, is."""
    granted = user.roles if key is None else key.roles
    return Actor(
        id=user.id,
        name=user.name,
        printed_name=user.printed_name,
        roles=frozenset(role for role in ROLES if role in granted),
        api_key_id=key.id if key else None,
    )
