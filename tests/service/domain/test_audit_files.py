"""No tampering with an exported trail goes unnoticed."""

import random

import pytest

from service.domain.audit import Head
from service.domain.audit_checkpoints import Checkpoint, sign, signature_holds
from service.domain.audit_files import Trusted, verify_trail, write_trail
from tests.service.domain.tamperings import (
    AT,
    EVENTS,
    FILE,
    KEY,
    LINKS,
    PUBLIC,
    TAMPERINGS,
    TRUSTED,
    fork,
    head_of,
    is_noticed,
    missed,
    truncate,
)


def test_an_untouched_file_holds_with_and_without_what_was_kept_outside() -> None:
    for trusted in (TRUSTED, Trusted(), Trusted(None, PUBLIC), Trusted(head_of(LINKS))):
        result = verify_trail(FILE, trusted)
        assert (result.holds, result.events) == (True, EVENTS)


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_every_tampering_is_noticed(kind: str) -> None:
    assert missed(kind, 100) == []


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
