"""No tampering with an exported trail goes unnoticed."""

import json
import random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.domain.audit import GENESIS_HASH, Head, Link, link_hash
from service.domain.audit_checkpoints import Checkpoint, sign, signature_holds
from service.domain.audit_files import Trusted, verify_trail, write_trail
from service.errors import InvalidAuditFile

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw().hex()
AT = "2026-11-24T09:00:00.000000Z"
EVENTS = 12
TAMPERINGS = 600


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


def test_an_untouched_file_holds_with_and_without_what_was_kept_outside() -> None:
    for trusted in (TRUSTED, Trusted(), Trusted(None, PUBLIC), Trusted(head_of(LINKS))):
        result = verify_trail(FILE, trusted)
        assert (result.holds, result.events) == (True, EVENTS)


@pytest.mark.parametrize("tamper", [edit, delete, insert, reorder, truncate, fork])
def test_every_tampering_is_noticed(tamper: Any) -> None:
    chance = random.Random(tamper.__name__)  # noqa: S311 - a seed, so that a red run is red again
    missed = [lines for lines in (tamper(FILE, chance) for _ in range(TAMPERINGS // 6)) if not is_noticed(lines)]
    assert missed == []


def test_without_a_key_a_checkpoint_kept_outside_shows_what_was_rewritten_or_cut_before_it() -> None:
    kept = Trusted(head_of(LINKS))
    chance = random.Random(0)  # noqa: S311 - a seed, so that a red run is red again
    for _ in range(50):
        assert is_noticed(truncate(FILE, chance), kept)
        assert is_noticed(fork(FILE, chance), kept)


def test_the_first_bad_event_is_named() -> None:
    lines = [*FILE[:5], FILE[5].replace("event", "avant"), *FILE[6:]]
    result = verify_trail(lines, TRUSTED)
    assert (result.finding, result.first_bad_seq) == ("altered", 5)


def test_a_checkpoint_is_signed_over_the_text_that_the_specification_says() -> None:
    text = f'edgewise/audit-checkpoint/v1\n{{"at":"{AT}","hash":"{"a" * 64}","seq":7}}'
    checkpoint = sign(Head(7, "a" * 64), AT, KEY)
    KEY.public_key().verify(bytes.fromhex(checkpoint.signature or ""), text.encode())


def test_an_unsigned_checkpoint_holds_for_nobody_who_trusts_a_key() -> None:
    unsigned = sign(head_of(LINKS), AT, None)
    assert not signature_holds(unsigned)
    lines = list(write_trail(LINKS, unsigned))
    assert verify_trail(lines, Trusted()).holds
    assert verify_trail(lines, TRUSTED).finding == "unsigned"


@pytest.mark.parametrize("name", ["seq", "hash", "at"])
def test_a_signature_covers_every_field(name: str) -> None:
    signed = sign(Head(7, "a" * 64), AT, KEY)
    other = {"seq": 8, "hash": "b" * 64, "at": AT.replace("24", "25")}[name]
    assert signature_holds(signed, PUBLIC)
    assert not signature_holds(Checkpoint.model_validate({**signed.model_dump(), name: other}), PUBLIC)
