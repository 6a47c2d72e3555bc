"""Second factors: codes of an authenticator that change every half minute, and recovery codes for its loss.

TOTP: D. M'Raihi et al., RFC 6238 (2011), over HOTP, RFC 4226 (2005), with HMAC-SHA-1 and six digits, which is what
every authenticator understands.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import datetime
from typing import Literal
from urllib.parse import quote

import segno
from pydantic import Field, SecretStr

from service.domain.documents import Document

STEP_SECONDS = 30
DIGITS = 6
#: A code is taken one step early or late, for clocks that differ.
TOLERATED_STEPS = 1
SECRET_BYTES = 20
RECOVERY_CODES = 10
#: Eighty bits, so that a plain hash of them resists guessing.
RECOVERY_BYTES = 10
ISSUER = "Edgewise"

Code = SecretStr
SecondFactorState = Literal["none", "begun", "confirmed"]


class PasswordProof(Document):
    """The password again, before something about the account is changed."""

    password: SecretStr = Field(min_length=1, max_length=1000)


class CodeProof(Document):
    """A code that the authenticator shows now."""

    code: Code = Field(min_length=1, max_length=50)


class RemovalProof(PasswordProof, CodeProof):
    """Password and code again, before the second factor is removed."""


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of a step of thirty seconds (RFC 4226, section 5.3)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def step_at(moment: datetime) -> int:
    """The number of whole steps since 1970."""
    return int(moment.timestamp()) // STEP_SECONDS


def matching_step(secret: bytes, code: str, moment: datetime, last_step: int | None) -> int | None:
    """The step that a code belongs to, None where it is wrong, too old, or not newer than the last one taken."""
    now = step_at(moment)
    found = None
    for step in range(now - TOLERATED_STEPS, now + TOLERATED_STEPS + 1):
        is_right = hmac.compare_digest(code_at(secret, step), normal_code(code))
        if is_right and (last_step is None or step > last_step):
            found = step
    return found


def is_recovery_code(code: str) -> bool:
    """Whether a text has the form of a recovery code rather than that of an authenticator's."""
    return re.fullmatch(r"[A-Z2-7]{16}", normal_code(code)) is not None


def normal_code(code: str) -> str:
    """A code without the spaces and dashes that people type; characters that no code has become a question mark."""
    return re.sub(r"[^0-9A-Z]", "?", re.sub(r"[\s-]", "", code).upper())


def hash_code(code: str) -> str:
    """What is stored of a recovery code."""
    return hashlib.sha256(normal_code(code).encode()).hexdigest()


def recovery_codes(entropy: Callable[[int], bytes]) -> tuple[str, ...]:
    """New recovery codes, in groups of four letters and digits."""
    texts = (base64.b32encode(entropy(RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES))
    return tuple("-".join(text[start : start + 4] for start in range(0, len(text), 4)) for text in texts)


def provisioning_uri(secret: bytes, name: str) -> str:
    """The address that authenticators read from a picture or a link."""
    label, key = quote(f"{ISSUER}:{name}"), base64.b32encode(secret).decode()
    return f"otpauth://totp/{label}?secret={key}&issuer={ISSUER}&digits={DIGITS}&period={STEP_SECONDS}"


def picture_of(uri: str) -> str:
    """The address as a QR code, which is an SVG image within a `data:` address."""
    return segno.make_qr(uri, error="m").svg_data_uri(scale=4, border=4, dark="#000", light="#fff")
