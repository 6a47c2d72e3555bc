"""Codes of authenticators: the vectors of the standard, and what is taken when."""

from datetime import UTC, datetime, timedelta

import pytest

from service.domain.second_factors import (
    code_at,
    hash_code,
    is_recovery_code,
    matching_step,
    normal_code,
    picture_of,
    provisioning_uri,
    recovery_codes,
    step_at,
)

SECRET = b"12345678901234567890"
#: RFC 6238, appendix B, for SHA-1.
VECTORS = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
    20000000000: "65353130",
}
#: RFC 4226, appendix D: the first ten codes.
FIRST = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
NOW = datetime(2026, 11, 24, 9, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize("seconds", VECTORS)
def test_codes_are_those_of_the_standard(seconds: int) -> None:
    step = step_at(datetime.fromtimestamp(seconds, UTC))
    assert code_at(SECRET, step, digits=8) == VECTORS[seconds]
    assert code_at(SECRET, step) == VECTORS[seconds][2:]


def test_the_codes_it_is_built_on_are_those_of_the_standard() -> None:
    assert [code_at(SECRET, step) for step in range(10)] == FIRST


@pytest.mark.parametrize(("seconds", "is_taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_code_is_taken_one_step_early_or_late(seconds: int, is_taken: bool) -> None:
    step = step_at(NOW + timedelta(seconds=seconds))
    assert matching_step(SECRET, code_at(SECRET, step), NOW, None) == (step if is_taken else None)


def test_no_code_is_taken_twice_nor_an_older_one_after_it() -> None:
    now = step_at(NOW)
    assert matching_step(SECRET, code_at(SECRET, now), NOW, now) is None
    assert matching_step(SECRET, code_at(SECRET, now - 1), NOW, now) is None
    assert matching_step(SECRET, code_at(SECRET, now + 1), NOW, now) == now + 1


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "٣٣٣٣٣٣", "é", "\x00", "abcdef", "9" * 50])
def test_what_is_no_code_is_not_taken(typed: str) -> None:
    assert matching_step(SECRET, typed, NOW, None) is None
    assert not is_recovery_code(typed)


def test_spaces_and_dashes_do_not_matter() -> None:
    step = step_at(NOW)
    code = code_at(SECRET, step)
    assert matching_step(SECRET, f" {code[:3]} {code[3:]} ", NOW, None) == step
    assert normal_code("abcd-efgh") == "ABCDEFGH"


def test_recovery_codes_are_ten_and_differ() -> None:
    chance = iter(range(1, 100))
    codes = recovery_codes(lambda size: next(chance).to_bytes(size, "big"))
    assert len({hash_code(code) for code in codes}) == len(codes) == 10
    assert all(is_recovery_code(code) and len(code) == 19 for code in codes)
    assert hash_code(codes[0].lower().replace("-", " ")) == hash_code(codes[0])


def test_the_address_for_authenticators_names_account_and_secret() -> None:
    uri = provisioning_uri(SECRET, "dana@bank")
    assert uri.startswith("otpauth://totp/Edgewise%3Adana%40bank?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&")


def test_the_picture_of_a_secret_comes_from_no_other_host() -> None:
    picture = picture_of(provisioning_uri(b"s" * 20, "dana"))
    assert picture.startswith("data:image/svg+xml")
    assert "href" not in picture
