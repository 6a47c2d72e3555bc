"""What is not what it was."""

from hypothesis import given
from hypothesis import strategies as st

from service.domain.changes import changes_between

FACTS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from("xy"))


def test_what_is_new_changed_and_gone_is_told_and_nothing_else() -> None:
    changes = changes_between({"same": "1", "other": "1", "gone": "1"}, {"new": "2", "same": "1", "other": "2"})
    told = [(change.what, change.before, change.after) for change in changes]
    assert told == [("new", None, "2"), ("other", "1", "2"), ("gone", "1", None)]


@given(FACTS, FACTS)
def test_the_changes_lead_from_one_to_the_other(before: dict[str, str], after: dict[str, str]) -> None:
    changes = {change.what: change.after for change in changes_between(before, after)}
    led = {name: value for name, value in {**before, **changes}.items() if value is not None}
    assert led == after
