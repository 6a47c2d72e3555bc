"""How long an account is locked."""

from datetime import timedelta
from itertools import pairwise

from service.domain.sign_in import FIRST_LOCK, FREE_FAILURES, LONGEST_LOCK, lock_after


def test_a_few_slips_lock_nothing() -> None:
    assert {lock_after(failures) for failures in range(FREE_FAILURES)} == {timedelta(0)}


def test_each_lock_is_twice_as_long_as_the_one_before_up_to_the_longest() -> None:
    locks = [lock_after(failures) for failures in range(FREE_FAILURES, 10_000)]
    assert locks[0] == FIRST_LOCK
    assert all(later == min(2 * lock, LONGEST_LOCK) for lock, later in pairwise(locks))
