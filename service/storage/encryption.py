"""Decision records at rest: encrypted with the newest of several keys, readable with any of them.

AES-256-GCM with a random nonce of 96 bits in front; what a text belongs to is bound to it, so that nobody can move it
to another record. Without a key texts are stored readable.
"""

import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.errors import RecordKeyMissing, RecordUnreadable

NONCE_BYTES = 12
NAME_LENGTH = 16
KEY_BYTES = 32


class RecordCipher:
    """Seals and opens contents; `keys` are the newest first."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {key_name(key): AESGCM(key) for key in keys}
        self.newest = key_name(keys[0]) if keys else None

    def seal(self, content: bytes, place: str) -> bytes:
        """The content as it is stored at a place (record and column), with the newest key."""
        if self.newest is None:
            return content
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._keys[self.newest].encrypt(nonce, content, place.encode())

    def open(self, content: bytes, key: str | None, place: str) -> bytes:
        """What was stored at a place with a key, by its name; None where it is stored readable.

        Raises: RecordKeyMissing, RecordUnreadable.
        """
        if key is None:
            return content
        if key not in self._keys:
            raise RecordKeyMissing(place, key)
        try:
            return self._keys[key].decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError):  # too short for a nonce
            raise RecordUnreadable(place) from None

    @property
    def names(self) -> tuple[str, ...]:
        """What records call the keys."""
        return tuple(self._keys)

    def led_by(self, key: bytes) -> "RecordCipher":
        """The same with another key as the newest."""
        led = RecordCipher((key,))
        led._keys |= self._keys
        return led


def key_name(key: bytes) -> str:
    """What records call a key: enough to find it among several, not to know it."""
    return hashlib.sha256(b"edgewise record key\0" + key).hexdigest()[:NAME_LENGTH]
