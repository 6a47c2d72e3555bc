"""Second factors: begun with the password, confirmed by a code, asked for at sign-in and at every signature.

Secrets are kept encrypted (AES-256-GCM) under a key derived from the signing key (HKDF, RFC 5869) where the settings
name one, and as they are otherwise.
"""

import base64
import binascii

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import Field

from service.domain.documents import Document
from service.domain.permissions import Actor, require, require_person
from service.domain.second_factors import (
    SECRET_BYTES,
    CodeProof,
    PasswordProof,
    RemovalProof,
    SecondFactorState,
    hash_code,
    is_recovery_code,
    matching_step,
    picture_of,
    provisioning_uri,
    recovery_codes,
)
from service.errors import (
    NoPassword,
    SecondFactorConfirmed,
    SecondFactorMissing,
    SecondFactorRefused,
    SecondFactorRequired,
    SecondFactorUnreadable,
    WrongPassword,
)
from service.operations.audit_events import signing_key
from service.operations.lockouts import count_failure, is_locked
from service.operations.resources import Resources
from service.operations.users import get_other_user, password_matches
from service.storage import second_factors, tables, users
from service.storage.database import Session

NONCE_BYTES = 12
PLAIN, SEALED = "plain:", "aes256gcm:"


class SecondFactor(Document):
    """Whether a person has a second factor, and how many recovery codes are left."""

    state: SecondFactorState
    recovery_codes_left: int


class NewSecondFactor(Document):
    """What an authenticator must be told; it counts once a code was confirmed."""

    secret: str
    uri: str
    picture: str = Field(description="The address as a QR code: an SVG image within a `data:` address.")


class RecoveryCodes(Document):
    """Codes for the day on which the authenticator is lost: each works once, and they are told this once."""

    recovery_codes: tuple[str, ...]


def get_second_factor(resources: Resources, actor: Actor) -> SecondFactor:
    """How the caller's second factor stands."""
    require(actor, "get_second_factor")
    with resources.database.read() as session:
        factor = second_factors.find_factor(session, actor.id)
        left = second_factors.count_recovery_codes(session, actor.id)
    state: SecondFactorState = "none" if factor is None else "confirmed" if factor.confirmed_at else "begun"
    return SecondFactor(state=state, recovery_codes_left=left)


def begin_second_factor(resources: Resources, actor: Actor, proof: PasswordProof) -> NewSecondFactor:
    """Make a secret for the caller's authenticator. Records: second_factors.begun.

    Raises: KeyCannotSign, NoPassword, WrongPassword, SecondFactorConfirmed.
    """
    require(actor, "begin_second_factor")
    _require_password(resources, actor, proof)
    secret = resources.entropy(SECRET_BYTES)
    with resources.database.write() as session:
        factor = second_factors.find_factor(session, actor.id, lock=True)
        if factor is not None and factor.confirmed_at is not None:
            raise SecondFactorConfirmed
        row = tables.SecondFactor(
            user_id=actor.id,
            secret=_seal(resources, actor.id, secret),
            last_step=None,
            created_at=resources.clock(),
            confirmed_at=None,
        )
        second_factors.put_factor(session, row)
        resources.record(session, actor, "second_factors.begun", f"users/{actor.id}")
    uri = provisioning_uri(secret, actor.name)
    return NewSecondFactor(secret=base64.b32encode(secret).decode(), uri=uri, picture=picture_of(uri))


def confirm_second_factor(resources: Resources, actor: Actor, proof: CodeProof) -> RecoveryCodes:
    """Show that the authenticator has the secret; from now on it is asked for. Records: second_factors.confirmed.

    Raises: KeyCannotSign, SecondFactorMissing where none was begun, SecondFactorConfirmed, SecondFactorRefused.
    """
    require(actor, "confirm_second_factor")
    require_person(actor)
    codes = recovery_codes(resources.entropy)
    with resources.database.write() as session:
        factor = second_factors.find_factor(session, actor.id, lock=True)
        if factor is None:
            raise SecondFactorMissing
        if factor.confirmed_at is not None:
            raise SecondFactorConfirmed
        step = matching_step(_open(resources, factor), proof.code.get_secret_value(), resources.clock(), None)
        if step is None:
            raise SecondFactorRefused
        factor.confirmed_at, factor.last_step = resources.clock(), step
        second_factors.add_recovery_codes(session, actor.id, map(hash_code, codes))
        resources.record(session, actor, "second_factors.confirmed", f"users/{actor.id}")
    return RecoveryCodes(recovery_codes=codes)


def remove_second_factor(resources: Resources, actor: Actor, proof: RemovalProof) -> None:
    """Do without a second factor again. Records: second_factors.removed.

    Raises: KeyCannotSign, NoPassword, WrongPassword, SecondFactorMissing, SecondFactorRefused.
    """
    require(actor, "remove_second_factor")
    _require_password(resources, actor, proof)
    with resources.database.read() as session:
        if find_confirmed(session, actor.id) is None:
            raise SecondFactorMissing
    spend_code(resources, actor.id, proof.code.get_secret_value())
    with resources.database.write() as session:
        second_factors.remove_factor(session, actor.id)
        resources.record(session, actor, "second_factors.removed", f"users/{actor.id}")


def reset_second_factor(resources: Resources, actor: Actor, name: str) -> None:
    """Take a lost second factor from somebody else, whose sessions end. Records: second_factors.reset.

    Raises: NotFound, SamePersonTwice.
    """
    require(actor, "reset_second_factor")
    with resources.database.write() as session:
        user = get_other_user(session, actor, name)
        second_factors.remove_factor(session, user.id)
        users.delete_sessions_of(session, user.id)
        resources.record(session, actor, "second_factors.reset", f"users/{user.id}")


def find_confirmed(session: Session, user_id: str) -> tables.SecondFactor | None:
    """A person's second factor that is asked for, or None."""
    factor = second_factors.find_factor(session, user_id)
    return factor if factor is not None and factor.confirmed_at is not None else None


def require_code(resources: Resources, user_id: str, code: str | None, *, is_owed: bool = False) -> bool:
    """Take a code of somebody who has a second factor, or is to have one; whether they have. Each is taken once.

    Raises: SecondFactorMissing, SecondFactorRequired where no code was sent, SecondFactorRefused.
    """
    with resources.database.read() as session:
        has_factor = find_confirmed(session, user_id) is not None
    if is_owed and not has_factor:
        raise SecondFactorMissing
    if not has_factor:
        return False
    if code is None:
        raise SecondFactorRequired
    spend_code(resources, user_id, code)
    return True


def spend_code(resources: Resources, user_id: str, code: str) -> None:
    """Use a code up; a wrong one counts towards the lock of the account. Raises: SecondFactorRefused.

    Records: second_factors.refused for a wrong one.
    """
    with resources.database.write() as session:
        user = users.get_user(session, user_id, lock=True)
        is_taken = not is_locked(resources, user) and _takes(resources, session, user_id, code)
        if is_taken:
            user.failed_sign_ins = 0
        else:
            count_failure(resources, session, user_id, "second_factors.refused")
    if not is_taken:
        raise SecondFactorRefused


def _takes(resources: Resources, session: Session, user_id: str, code: str) -> bool:
    if is_recovery_code(code):
        return second_factors.spend_recovery_code(session, user_id, hash_code(code), resources.clock())
    factor = second_factors.find_factor(session, user_id, lock=True)
    if factor is None:
        return False
    step = matching_step(_open(resources, factor), code, resources.clock(), factor.last_step)
    if step is None:
        return False
    factor.last_step = step
    return True


def _require_password(resources: Resources, actor: Actor, proof: PasswordProof) -> None:
    require_person(actor)
    with resources.database.read() as session:
        user = users.get_user(session, actor.id)
    if user.password_hash is None:
        raise NoPassword
    if not password_matches(user.password_hash, proof.password.get_secret_value()):
        raise WrongPassword


def _cipher(resources: Resources) -> AESGCM | None:
    key = signing_key(resources)
    if key is None:
        return None
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"edgewise/second-factor/v1")
    return AESGCM(derivation.derive(key.private_bytes_raw()))


def _seal(resources: Resources, user_id: str, secret: bytes) -> str:
    cipher = _cipher(resources)
    if cipher is None:
        return PLAIN + base64.b64encode(secret).decode()
    nonce = resources.entropy(NONCE_BYTES)
    return SEALED + base64.b64encode(nonce + cipher.encrypt(nonce, secret, user_id.encode())).decode()


def _open(resources: Resources, factor: tables.SecondFactor) -> bytes:
    """The secret of a factor. Raises: SecondFactorUnreadable where the signing key is another one than then."""
    kind, _, text = factor.secret.partition(":")
    try:
        stored = base64.b64decode(text, validate=True)
        if f"{kind}:" == PLAIN:
            return stored
        cipher = _cipher(resources)
        if cipher is not None:
            return cipher.decrypt(stored[:NONCE_BYTES], stored[NONCE_BYTES:], factor.user_id.encode())
    except (InvalidTag, binascii.Error):
        raise SecondFactorUnreadable from None
    raise SecondFactorUnreadable
