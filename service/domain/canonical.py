"""Canonical JSON and digests: the same content gives the same bytes, on every database and host."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import BinaryIO

#: Made once: to make one takes as long as to write a short text.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_json(value: object) -> str:
    """The one text for `value`: sorted keys, no spaces, UTF-8 as is.

    Raises ValueError on NaN and infinity, TypeError on what is not JSON.
    """
    return _ENCODER.encode(value)


def digest_of(content: bytes) -> str:
    """`sha256:` and the hexadecimal SHA-256 of the bytes."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def digest_of_json(value: object) -> str:
    """The digest of the canonical text of `value`."""
    return digest_of(canonical_json(value).encode())


def timestamp(moment: datetime) -> str:
    """The moment in UTC with exactly six decimals: what is hashed is what both databases store."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def digest_of_blocks(blocks: Iterable[bytes]) -> str:
    """`sha256:` and the hexadecimal digest of bytes that come in parts."""
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return "sha256:" + digest.hexdigest()


def digest_of_file(file: BinaryIO) -> str:
    """The same of a whole file, read by blocks."""
    file.seek(0)
    return digest_of_blocks(iter(lambda: file.read(1 << 20), b""))
