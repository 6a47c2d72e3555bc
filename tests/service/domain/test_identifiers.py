"""Identifiers that sort by time."""

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from service.domain.identifiers import uuid7

moments = st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone comes from `timezones`
entropy = st.binary(min_size=10, max_size=10)


@given(moments, entropy)
def test_it_is_a_uuid_of_version_7_that_holds_the_moment(moment: datetime, chance: bytes) -> None:
    identifier = UUID(uuid7(moment, chance))
    assert (identifier.version, identifier.variant) == (7, RFC_4122)
    assert identifier.int >> 80 == int(moment.timestamp() * 1000)


@given(moments, st.integers(min_value=1, max_value=10**9), entropy, entropy)
def test_a_later_millisecond_sorts_later(moment: datetime, later: int, one: bytes, two: bytes) -> None:
    whole = moment.replace(microsecond=0)
    assert uuid7(whole, one) < uuid7(whole + timedelta(milliseconds=later), two)


@given(moments, entropy, entropy)
def test_other_entropy_gives_another_identifier(moment: datetime, one: bytes, two: bytes) -> None:
    random_bits = [int.from_bytes(chance, "big") % 2**74 for chance in (one, two)]
    assert (uuid7(moment, one) == uuid7(moment, two)) == (random_bits[0] == random_bits[1])
