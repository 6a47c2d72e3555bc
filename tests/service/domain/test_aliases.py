"""Where a rollback leads."""

from hypothesis import given
from hypothesis import strategies as st

from service.domain.aliases import Move, earlier_versions


def test_a_rollback_leads_to_what_was_in_force_before() -> None:
    assert earlier_versions([]) == ()
    assert earlier_versions([Move(1, False)]) == ()
    assert earlier_versions([Move(1, False), Move(2, False), Move(3, False)]) == (2, 1)


def test_what_was_rolled_back_is_not_rolled_back_to() -> None:
    assert earlier_versions([Move(1, False), Move(2, False), Move(3, False), Move(2, True)]) == (1,)
    assert earlier_versions([Move(1, False), Move(2, False), Move(1, True), Move(3, False)]) == (1,)


def test_a_version_that_comes_back_counts_once() -> None:
    assert earlier_versions([Move(1, False), Move(2, False), Move(1, False)]) == (2,)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=8), st.integers(0, 3))
def test_rollbacks_in_a_row_never_lead_forward(moves: list[int], rollbacks: int) -> None:
    history = [Move(version, False) for version in moves]
    left = earlier_versions(history)
    for _ in range(min(rollbacks, len(left))):
        history.append(Move(left[0], True))
        assert earlier_versions(history) == left[1:]
        left = left[1:]
