"""Records at rest: sealed with the newest key, opened with any, and bound to their place."""

import pytest

from service import errors
from service.storage.encryption import RecordCipher, key_name

OLD, NEW = b"o" * 32, b"n" * 32


def test_without_a_key_a_text_is_stored_readable() -> None:
    cipher = RecordCipher(())
    assert cipher.newest is None
    assert cipher.seal("Müller".encode(), "1/row") == "Müller".encode()
    assert cipher.open("Müller".encode(), None, "1/row") == "Müller".encode()


def test_a_sealed_text_shows_nothing_and_is_never_the_same_twice() -> None:
    cipher = RecordCipher((NEW,))
    one, two = cipher.seal(b'{"age":41}', "1/row"), cipher.seal(b'{"age":41}', "1/row")
    assert one != two
    assert b"age" not in one
    assert cipher.open(one, key_name(NEW), "1/row") == b'{"age":41}'


def test_the_newest_key_seals_and_the_old_one_still_opens() -> None:
    before, after = RecordCipher((OLD,)), RecordCipher((NEW, OLD))
    sealed = before.seal(b"text", "1/row")
    assert before.newest == key_name(OLD)
    assert after.open(sealed, key_name(OLD), "1/row") == b"text"
    assert after.newest == key_name(NEW)


def test_a_key_that_is_gone_is_named() -> None:
    sealed = RecordCipher((OLD,)).seal(b"text", "1/row")
    with pytest.raises(errors.RecordKeyMissing, match=key_name(OLD)):
        RecordCipher((NEW,)).open(sealed, key_name(OLD), "1/row")


@pytest.mark.parametrize("place", ["2/row", "1/record"])
def test_a_text_that_was_moved_to_another_place_is_refused(place: str) -> None:
    cipher = RecordCipher((NEW,))
    with pytest.raises(errors.RecordUnreadable, match=place):
        cipher.open(cipher.seal(b"text", "1/row"), cipher.newest, place)


def test_a_changed_text_is_refused() -> None:
    cipher = RecordCipher((NEW,))
    sealed = bytearray(cipher.seal(b"text", "1/row"))
    sealed[-1] ^= 1
    for content in (bytes(sealed), b"", b"short"):
        with pytest.raises(errors.RecordUnreadable):
            cipher.open(content, cipher.newest, "1/row")
