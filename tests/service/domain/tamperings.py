"""An exported trail, and six kinds of tampering with it."""

import json
import random
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.domain.audit import GENESIS_HASH, Head, Link, link_hash
from service.domain.audit_checkpoints import sign
from service.domain.audit_files import Trusted, verify_trail, write_trail
from service.errors import InvalidAuditFile

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw().hex()
AT = "2026-11-24T09:00:00.000000Z"
EVENTS = 12


def links_of(payloads: list[str], seq: int = 0, previous: str = GENESIS_HASH) -> list[Link]:
    links = []
    for payload in payloads:
        seq += 1
        links.append(Link(seq, previous, payload, link_hash(seq, previous, payload)))
        previous = links[-1].hash
    return links


def head_of(links: list[Link]) -> Head:
    return Head(links[-1].seq, links[-1].hash)


LINKS = links_of([json.dumps({"event": number, "café": "ü"}) for number in range(EVENTS)])
FILE = list(write_trail(LINKS, sign(head_of(LINKS), AT, KEY)))
TRUSTED = Trusted(head_of(LINKS[:8]), PUBLIC)


def is_noticed(lines: list[str], trusted: Trusted = TRUSTED) -> bool:
    try:
        return not verify_trail(lines, trusted).holds
    except InvalidAuditFile:
        return True


def edit(lines: list[str], chance: random.Random) -> list[str]:
    at = chance.randrange(len(lines))
    place = chance.randrange(len(lines[at]) - 1)
    letter = chance.choice([one for one in "0123456789abcdef{}:,z" if one != lines[at][place]])
    return [*lines[:at], lines[at][:place] + letter + lines[at][place + 1 :], *lines[at + 1 :]]


def delete(lines: list[str], chance: random.Random) -> list[str]:
    at = chance.randrange(len(lines))
    return lines[:at] + lines[at + 1 :]


def insert(lines: list[str], chance: random.Random) -> list[str]:
    at = chance.randrange(1, len(lines) + 1)
    return [*lines[:at], chance.choice(lines[1:]), *lines[at:]]


def reorder(lines: list[str], chance: random.Random) -> list[str]:
    one, other = chance.sample(range(1, len(lines)), 2)
    moved = list(lines)
    moved[one], moved[other] = moved[other], moved[one]
    return moved


def truncate(lines: list[str], chance: random.Random) -> list[str]:
    """Cut honestly: with a new checkpoint for what is left, which an attacker without the key cannot sign."""
    return forged(LINKS[: chance.randrange(1, EVENTS)])


def fork(lines: list[str], chance: random.Random) -> list[str]:
    """Another past from some event on, with hashes that fit."""
    at = chance.randrange(EVENTS)
    start = LINKS[at - 1] if at else Link(0, "", "", GENESIS_HASH)
    changed = [f"forged {chance.random()}", *(link.payload for link in LINKS[at + 1 :])]
    return forged(LINKS[:at] + links_of(changed, start.seq, start.hash))


def forged(links: list[Link]) -> list[str]:
    return list(write_trail(links, sign(head_of(links), AT, Ed25519PrivateKey.from_private_bytes(b"x" * 32))))


TAMPERINGS: dict[str, Callable[[list[str], random.Random], list[str]]] = {
    "edit": edit,
    "delete": delete,
    "insert": insert,
    "reorder": reorder,
    "truncate": truncate,
    "fork": fork,
}


def missed(kind: str, runs: int) -> list[list[str]]:
    """The files that were tampered with unnoticed, of so many random ones."""
    chance = random.Random(kind)  # noqa: S311 - a seed, so that a red run is red again
    return [lines for lines in (TAMPERINGS[kind](FILE, chance) for _ in range(runs)) if not is_noticed(lines)]
