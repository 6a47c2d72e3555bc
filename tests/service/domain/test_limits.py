"""What several signers allow together, and when an approval ends."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.canonical import timestamp
from service.domain.limits import Limits, is_in_force, narrowest

END = datetime(2027, 1, 31, 12, tzinfo=UTC)
MOMENTS = st.none() | st.datetimes(END.replace(year=1901, tzinfo=None), timezones=st.just(UTC)).map(timestamp)
LIMITS = st.builds(
    Limits,
    conditions=st.sampled_from(["", "Second reading only.", "Not above 50,000."]),
    expires_at=MOMENTS,
    maximum_rows=st.none() | st.integers(1, 1000),
)


def test_nobody_who_limits_nothing_widens_what_another_one_limits() -> None:
    wide, narrow = Limits(), Limits(conditions="Second reading only.", expires_at=timestamp(END), maximum_rows=5)
    assert narrowest([wide, narrow]) == narrowest([narrow, wide]) == narrow
    assert narrowest([]) == wide


@given(st.lists(LIMITS, max_size=4))
def test_together_they_allow_what_each_of_them_allows(limits: list[Limits]) -> None:
    together = narrowest(limits)
    for limit in limits:
        assert limit.conditions in together.conditions
        assert limit.expires_at is None or (together.expires_at is not None and together.expires_at <= limit.expires_at)
        assert limit.maximum_rows is None or (together.maximum_rows or 0) <= limit.maximum_rows
    assert together.expires_at is None or together.expires_at in {limit.expires_at for limit in limits}


def test_an_approval_ends_at_its_moment_and_not_before() -> None:
    assert is_in_force(None, END)
    assert is_in_force(END, END - timedelta(microseconds=1))
    assert not is_in_force(END, END)


def test_a_moment_is_kept_in_utc_whatever_its_zone_was() -> None:
    assert Limits(expires_at="2027-01-31T13:00:00+01:00").expires_at == timestamp(END)


@pytest.mark.parametrize("text", ["2027-01-31T12:00:00", "tomorrow", "0001-01-01T00:00:00+14:00", ""])
def test_a_moment_without_its_zone_or_out_of_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="zone"):
        Limits(expires_at=text)
