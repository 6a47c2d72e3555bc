"""The audit trail as a file: one JSON text a line, first where the chain ends and who says so, then every event.

    {"checkpoint":{"at":"…","hash":"…","public_key":"…","seq":42,"signature":"…"},"format":"edgewise-audit/1"}
    {"hash":"…","payload":"…","prev_hash":"…","seq":1}
    …

`payload` is the text exactly as it was hashed. Whoever wants to check a file needs SHA-256, Ed25519 and JSON only.
"""

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple, cast

from pydantic import ValidationError

from service.domain.audit import Head, Link, Verification, verify
from service.domain.audit_checkpoints import Checkpoint, signature_holds
from service.domain.canonical import canonical_json
from service.errors import InvalidAuditFile

FORMAT = "edgewise-audit/1"


class Trusted(NamedTuple):
    """What somebody kept outside: a checkpoint and the key that signs, where they have them."""

    checkpoint: Head | None = None
    public_key: str | None = None


def write_trail(links: Iterable[Link], checkpoint: Checkpoint) -> Iterator[str]:
    """The lines of a file, each ended by a line feed."""
    yield canonical_json({"format": FORMAT, "checkpoint": checkpoint.model_dump(mode="json")}) + "\n"
    for link in links:
        yield canonical_json(link._asdict()) + "\n"


def verify_trail(lines: Iterable[str], trusted: Trusted) -> Verification:
    """Check a file: every link, its own checkpoint with the signature, and what was kept outside.

    Raises InvalidAuditFile where it is no such file.
    """
    numbered = enumerate(lines, start=1)
    checkpoint = _read_checkpoint(next(numbered, (1, ""))[1])
    result = verify((_read_link(number, line) for number, line in numbered), checkpoint.head, trusted.checkpoint)
    has_signature = checkpoint.signature is not None or trusted.public_key is not None
    if not result.holds or not has_signature or signature_holds(checkpoint, trusted.public_key):
        return result
    fault = {"holds": False, "finding": "unsigned", "first_bad_seq": checkpoint.seq}
    return result.model_copy(update={**fault, "detail": "the checkpoint of the file is not signed by the key"})


def _read_checkpoint(line: str) -> Checkpoint:
    found = _parsed(1, line)
    if set(found) != {"format", "checkpoint"} or found["format"] != FORMAT:
        raise InvalidAuditFile(1, f"it is no export of the format {FORMAT}")
    try:
        return Checkpoint.model_validate(found["checkpoint"])
    except ValidationError:
        raise InvalidAuditFile(1, "it has no checkpoint") from None


def _read_link(number: int, line: str) -> Link:
    found = _parsed(number, line)
    seq, *texts = (found.get(name) for name in Link._fields)
    if set(found) != set(Link._fields) or type(seq) is not int or not all(isinstance(text, str) for text in texts):
        raise InvalidAuditFile(number, "it is no event")
    return Link(seq, *cast(list[str], texts))


def _parsed(number: int, line: str) -> dict[str, object]:
    try:
        found = json.loads(line)
    except ValueError:
        raise InvalidAuditFile(number, "it is not JSON") from None
    if not isinstance(found, dict):
        raise InvalidAuditFile(number, "it is no JSON object")
    return found
