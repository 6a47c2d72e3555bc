"""The audit chain: how an event is hashed, and how a chain is checked.

hash = SHA-256(domain ‖ seq ‖ previous hash ‖ canonical JSON text), each part ended by a line feed,
over the text exactly as it is stored, so that a chain verifies the same on every database.
"""

import hashlib
from collections.abc import Iterable
from typing import Literal, NamedTuple

from pydantic import Field

from service.domain.documents import Document, Line, Moment
from service.errors import FieldError, InvalidRequest

CHAIN_DOMAIN = "edgewise/audit/v1"
GENESIS_HASH = "0" * 64

Finding = Literal["altered", "missing", "forked", "cut", "unsigned"]


class AuditFilter(Document):
    """Which events are meant; what is not named does not matter."""

    actor: Line | None = Field(None, description="Sign-in name or id of who acted; `system` is the service itself.")
    action: Line | None = Field(None, description="For example `aliases.moved`, or `aliases` for all about aliases.")
    subject: Line | None = Field(None, description="For example `models/credit`, with everything below it.")
    since: Moment | None = Field(None, description="Not before this moment.")
    until: Moment | None = Field(None, description="Before this moment.")

    def require_possible(self) -> None:
        """Raise InvalidRequest where the moments leave no time between them."""
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise InvalidRequest(FieldError("/until", "'until' must be later than 'since'."))


class Link(NamedTuple):
    """One stored event, as the verification reads it."""

    seq: int
    prev_hash: str
    payload: str
    hash: str


class Head(NamedTuple):
    """Where the chain ends."""

    seq: int
    hash: str


class Verification(Document):
    """The result of checking a chain; `first_bad_seq` names the first event that does not hold."""

    holds: bool
    events: int
    head_seq: int
    head_hash: str
    first_bad_seq: int | None = None
    finding: Finding | None = None
    detail: str


def link_hash(seq: int, prev_hash: str, payload: str) -> str:
    """The hash of one event over its position, its predecessor and its stored text."""
    return hashlib.sha256(f"{CHAIN_DOMAIN}\n{seq}\n{prev_hash}\n{payload}\n".encode()).hexdigest()


def verify(links: Iterable[Link], head: Head, checkpoint: Head | None = None) -> Verification:
    """Check every link in order of `seq`, then the head, then an earlier checkpoint kept outside."""
    previous = Head(0, GENESIS_HASH)
    checkpoint_hash = GENESIS_HASH if checkpoint is not None and checkpoint.seq == 0 else None
    for link in links:
        finding = _check_link(link, previous)
        if finding is not None:
            return _failed(previous, head, min(link.seq, previous.seq + 1), *finding)
        previous = Head(link.seq, link.hash)
        if checkpoint is not None and link.seq == checkpoint.seq:
            checkpoint_hash = link.hash
    if previous != head:
        return _failed(previous, head, previous.seq + 1, "cut", "events are missing at the end of the trail")
    if checkpoint is not None and checkpoint_hash is None:
        return _failed(previous, head, previous.seq + 1, "cut", "the trail ends before the checkpoint")
    if checkpoint is not None and checkpoint_hash != checkpoint.hash:
        return _failed(previous, head, checkpoint.seq, "forked", "the trail was rewritten before the checkpoint")
    return Verification(
        holds=True, events=previous.seq, head_seq=head.seq, head_hash=head.hash, detail="Every event is in place."
    )


def _check_link(link: Link, previous: Head) -> tuple[Finding, str] | None:
    if link.seq > previous.seq + 1:
        return "missing", f"event {previous.seq + 1} is missing"
    if link.seq <= previous.seq or link.prev_hash != previous.hash:
        return "forked", "the event does not follow its predecessor"
    if link.hash != link_hash(link.seq, link.prev_hash, link.payload):
        return "altered", "the event does not match its hash"
    return None


def _failed(previous: Head, head: Head, seq: int, finding: Finding, detail: str) -> Verification:
    return Verification(
        holds=False,
        events=previous.seq,
        head_seq=head.seq,
        head_hash=head.hash,
        first_bad_seq=seq,
        finding=finding,
        detail=detail,
    )
