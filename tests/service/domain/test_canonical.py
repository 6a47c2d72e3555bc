"""Canonical JSON, digests and moments."""

import hashlib
import io
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.canonical import canonical_json, digest_of, digest_of_file, digest_of_json, timestamp

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(json_values)
def test_the_canonical_text_means_the_same_value(value: object) -> None:
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(st.text(max_size=5), json_values, min_size=2))
def test_the_order_of_the_fields_does_not_matter(value: dict[str, object]) -> None:
    assert canonical_json(dict(reversed(value.items()))) == canonical_json(value)


def test_the_text_is_sorted_and_without_spaces_and_utf_8_as_it_is() -> None:
    assert (
        canonical_json({"ä": [1, 0.1, None], "a": {"y": True, "x": "é"}}) == '{"a":{"x":"é","y":true},"ä":[1,0.1,null]}'
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_json_cannot_hold_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"x": [value]})


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, object()])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_json(value)


def test_a_digest_names_its_algorithm() -> None:
    assert digest_of(b"abc") == "sha256:" + hashlib.sha256(b"abc").hexdigest()
    assert digest_of_json({"b": 1, "a": "é"}) == digest_of('{"a":"é","b":1}'.encode())


def test_a_moment_is_written_in_utc_with_exactly_six_decimals() -> None:
    summer = timezone(timedelta(hours=2))
    assert timestamp(datetime(2026, 7, 1, 1, 30, tzinfo=summer)) == "2026-06-30T23:30:00.000000Z"
    assert timestamp(datetime(2026, 7, 1, 1, 30, 0, 1, UTC)) == "2026-07-01T01:30:00.000001Z"


def test_a_file_has_the_digest_of_its_bytes() -> None:
    content = bytes(range(256)) * 10_000
    file = io.BytesIO(content)
    file.read(7)
    assert digest_of_file(file) == digest_of(content)
