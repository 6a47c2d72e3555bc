"""Keys of decision records: one for each model and day, wrapped, agreed on, destroyed for good."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from service import errors
from service.storage.encryption import RecordCipher
from service.storage.record_keys import RecordKeys

OLD, NEW = b"o" * 32, b"n" * 32
DAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def keys(tmp_path: Path) -> RecordKeys:
    return RecordKeys(tmp_path / "record-keys")


def files(tmp_path: Path) -> list[Path]:
    return [path for path in tmp_path.rglob("*") if path.is_file()]


def test_each_model_and_day_has_a_key_of_its_own(keys: RecordKeys) -> None:
    root = RecordCipher((NEW,))
    places = [("credit", DAY), ("claims", DAY), ("credit", DAY + timedelta(days=1))]
    names = [keys.cipher(root, *place, is_made=True).newest for place in places]
    assert len({*names, root.newest}) == 4
    elsewhere = DAY.astimezone(timezone(timedelta(hours=14)))  # days are those of UTC
    assert keys.cipher(root, "credit", elsewhere).newest == names[0]


def test_without_a_key_in_the_settings_nothing_is_made(keys: RecordKeys, tmp_path: Path) -> None:
    assert keys.cipher(RecordCipher(()), "credit", DAY, is_made=True).newest is None
    assert files(tmp_path) == []


def test_many_who_need_a_new_key_agree_on_one(tmp_path: Path) -> None:
    root = RecordCipher((NEW,))

    def sealed(_who: int) -> str | None:
        return RecordKeys(tmp_path).cipher(root, "credit", DAY, is_made=True).newest

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(sealed, range(64)))) == 1
    assert [path.name for path in files(tmp_path)] == ["2026-11-23.json"]


def test_a_destroyed_key_opens_nothing_in_any_process(keys: RecordKeys, tmp_path: Path) -> None:
    root, other = RecordCipher((NEW,)), RecordKeys(tmp_path / "record-keys")
    cipher = keys.cipher(root, "credit", DAY, is_made=True)
    name = cipher.newest or ""
    sealed = cipher.seal(b"text", "1/row")
    assert other.cipher(root, "credit", DAY).open(sealed, name, "1/row") == b"text"
    (tmp_path / "record-keys/credit/2026-11-23.0.part").write_bytes(b"what a crash left")
    assert keys.days("credit", date(2026, 11, 23)) == []
    days = keys.days("credit", date(2026, 11, 24))
    assert days == [date(2026, 11, 23)]
    keys.destroy("credit", days)
    other.destroy("credit", days)
    assert files(tmp_path) == []
    for held in (keys, other):
        with pytest.raises(errors.RecordKeyMissing):
            held.cipher(root, "credit", DAY).open(sealed, name, "1/row")


def test_keys_are_wrapped_anew_and_then_need_the_new_key_only(keys: RecordKeys) -> None:
    before, both, after = RecordCipher((OLD,)), RecordCipher((NEW, OLD)), RecordCipher((NEW,))
    cipher = keys.cipher(before, "credit", DAY, is_made=True)
    sealed = cipher.seal(b"text", "1/row")
    with pytest.raises(errors.RecordKeyMissing):
        keys.cipher(after, "credit", DAY)
    assert (keys.wrap_anew(both), keys.wrap_anew(both)) == (1, 0)
    assert keys.cipher(after, "credit", DAY).open(sealed, cipher.newest, "1/row") == b"text"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"key": "k", "wrapped": "zz"}', b"\xff"])
def test_a_file_that_was_changed_is_told(keys: RecordKeys, tmp_path: Path, content: bytes) -> None:
    root = RecordCipher((NEW,))
    keys.cipher(root, "credit", DAY, is_made=True)
    (path,) = files(tmp_path)
    kept = path.read_bytes()
    path.write_bytes(content)
    with pytest.raises((errors.RecordUnreadable, errors.RecordKeyMissing)):
        RecordKeys(tmp_path / "record-keys").cipher(root, "credit", DAY)
    path.with_name("2026-11-24.json").write_bytes(kept)
    with pytest.raises(errors.RecordUnreadable):  # a key is bound to its model and day
        keys.cipher(root, "credit", DAY + timedelta(days=1))
