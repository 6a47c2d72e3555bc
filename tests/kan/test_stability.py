"""How far a choice among forms holds: the tolerances at which the same function wins, by hand-made losses."""

import pytest
import torch

from kan.comparison import Trial
from kan.network import Network
from kan.stability import Tried, share_of_resamples, tolerance_range, winner
from kan.symbolic.fitting import Candidate
from kan.symbolic.library import SymbolicForm

EXPLAINED, SPLINES = 2.0, 1.0


def tried(function: str, complexity: int, lost: float, spread: float = 0.0) -> Tried:
    """Return a form whose network loses a share of what is explained, equally in all rows but for `spread`."""
    losses = torch.full((100,), SPLINES + lost * EXPLAINED, dtype=torch.float64)
    losses[::2] += spread
    losses[1::2] -= spread
    form = SymbolicForm(function, 1.0, 0.0, 1.0, 0.0)
    return Candidate(form, 0.9, 0.1, complexity), Trial(Network([]), losses, losses, None)


def test_a_choice_holds_from_where_it_is_allowed_to_where_a_simpler_form_hardly_differs() -> None:
    exact, simple = tried("sin", 3, 0.001), tried("square", 2, 0.1)
    found = tolerance_range(exact[0], [exact, simple], 0.01 * EXPLAINED, SPLINES, EXPLAINED)
    assert found == pytest.approx((0.001, 1.0))  # equal differences in all rows leave no doubt, whatever is allowed
    doubtful = tried("square", 2, 0.1, spread=3.0)  # 1.3 standard errors: no matter from a tolerance of 0.099 on
    found = tolerance_range(exact[0], [exact, doubtful], 0.01 * EXPLAINED, SPLINES, EXPLAINED)
    assert found == pytest.approx((0.001, 0.1), rel=1e-3)


def test_an_edge_that_stays_a_spline_tells_from_which_tolerance_it_would_not() -> None:
    found = tolerance_range(None, [tried("sin", 3, 0.3), tried("exp", 2, 0.2)], 0.01, SPLINES, EXPLAINED)
    assert found == pytest.approx((0.0, 0.2))


def test_the_range_holds_the_tolerance_of_the_choice_and_the_same_winner_everywhere_in_it() -> None:
    trials = [tried("sin", 3, 0.001, 0.5), tried("exp", 2, 0.04, 2.0), tried("square", 1, 0.2, 4.0)]
    for tolerance in (0.002, 0.05, 0.15, 0.5):
        slack = tolerance * EXPLAINED
        allowed = [one for one in trials if one[1].loss <= SPLINES + slack]
        chosen = allowed[winner([one.complexity for one, _ in allowed], [trial.losses for _, trial in allowed], slack)]
        lower, upper = tolerance_range(chosen[0], trials, slack, SPLINES, EXPLAINED)
        assert lower <= tolerance <= upper
        for other in (0.7 * lower + 0.3 * upper, 0.3 * lower + 0.7 * upper):
            assert tolerance_range(chosen[0], trials, other * EXPLAINED, SPLINES, EXPLAINED) == (lower, upper)


def test_nothing_that_was_tried_leaves_every_tolerance() -> None:
    assert tolerance_range(None, [], 0.01, SPLINES, EXPLAINED) == (0.0, 1.0)
    assert tolerance_range(tried("sin", 3, 0.0)[0], [tried("sin", 3, 0.0)], 0.0, SPLINES, 0.0) == (0.0, 1.0)


def test_a_form_without_rivals_wins_in_all_resamples() -> None:
    one = tried("sin", 3, 0.0)
    assert share_of_resamples(one[0], [one], 0.0, 0) == 1.0
    assert share_of_resamples(one[0], [one, tried("square", 2, 0.5)], 0.0, 0) == 1.0
