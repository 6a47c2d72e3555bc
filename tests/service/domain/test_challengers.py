"""The conclusion about challengers: plain, and only beyond the interval."""

from service.domain.challengers import Challenger, ChallengerName, conclude


def challenger(name: ChallengerName, difference: float, half: float) -> Challenger:
    return Challenger(
        name=name,
        title=name,
        settings="",
        metrics=(),
        difference=difference,
        lower=difference - half,
        upper=difference + half,
    )


def test_a_challenger_that_is_better_beyond_the_interval_makes_the_kan_the_wrong_tool() -> None:
    is_wrong, sentence = conclude("RMSE", [challenger("linear", 2.0, 0.5), challenger("random_forest", -1.0, 0.25)])
    assert is_wrong
    assert "wrong tool" in sentence
    assert "random_forest has a RMSE that is lower by 1 (95 % interval 0.75 to 1.25)" in sentence


def test_a_difference_within_the_interval_is_chance() -> None:
    is_wrong, sentence = conclude("RMSE", [challenger("linear", 2.0, 0.5), challenger("random_forest", -1.0, 1.25)])
    assert not is_wrong
    assert "lower by 1 (95 % interval of the difference -2.25 to 0.25)" in sentence
