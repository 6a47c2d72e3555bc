"""Counterfactuals against the enumeration of all rows on the grid, and against what was allowed."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from kan.errors import ImmutableFeature, InvalidChange, InvalidGoal, InvalidSetting, KANError, UnknownFeature
from kan.explanation.counterfactual import Counterfactuals, counterfactuals
from kan.explanation.goals import Goal
from kan.explanation.options import Adjustable, Direction, options_of
from kan.explanation.solvers import Counterfactual
from kan.features import NumericFeature
from kan.losses import FamilyName
from kan.model import FittedModel
from tests.kan.random_models import MIXED, numeric_features, random_model, random_network, random_rows

ROW = torch.tensor([40.0, 3000.0, 1.0], dtype=torch.float64)
COARSE = (Adjustable("age", step=6.0), Adjustable("income", step=750.0, cost=2.0), Adjustable("purpose", cost=0.5))


def values_of(model: FittedModel, rows: Tensor, goal: Goal) -> Tensor:
    """Return what the goal compares with, written out family by family."""
    links: Tensor = model.predict_link(rows)
    position = model.classes.index(goal.outcome) if goal.outcome in model.classes else 0
    if goal.scale == "link":
        return links[:, position if model.family == "multinomial" else 0]
    if model.family == "binomial":
        return torch.sigmoid(-links[:, 0] if goal.outcome == model.classes[0] else links[:, 0])
    if model.family == "multinomial":
        return torch.softmax(links, dim=1)[:, position]
    return links[:, 0].exp() if model.family in ("poisson", "gamma") else links[:, 0]


def are_reached(model: FittedModel, rows: Tensor, goal: Goal) -> Tensor:
    values = values_of(model, rows, goal)
    if goal.at_least is not None:
        return torch.ge(values, goal.at_least - 1e-12)
    return torch.le(values, (goal.at_most or 0.0) + 1e-12)


def by_enumeration(
    model: FittedModel, row: Tensor, goal: Goal, most_changes: int, without: frozenset[str] = frozenset()
) -> float | None:
    """Return the smallest cost of all rows on the grid that reach the goal."""
    options = options_of(model, row, [one for one in COARSE if one.name not in without], ())
    choices = torch.cartesian_prod(*(torch.arange(len(one.values)) for one in options)).reshape(-1, len(options))
    rows, costs = row.repeat(len(choices), 1), torch.zeros(len(choices), dtype=torch.float64)
    for one, choice in zip(options, choices.T, strict=True):
        rows[:, one.position] = torch.from_numpy(one.values)[choice]
        costs += torch.from_numpy(one.costs)[choice]
    costs = costs[are_reached(model, rows, goal) & ((choices > 0).sum(1) <= most_changes)]
    return float(costs.min()) if len(costs) else None


def goal_between(model: FittedModel, row: Tensor, share: float) -> Goal:
    """Return a goal on the link scale on the way from a row to the best row of the reference."""
    here, best = float(model.predict_link(row.unsqueeze(0))[0, 0]), float(model.predict_link(model.reference).max())
    return Goal(at_least=here + share * (best - here), scale="link")


def names(one: Counterfactual) -> frozenset[str]:
    return frozenset(change.feature for change in one.changes)


def assert_verified(model: FittedModel, row: Tensor, goal: Goal, answer: Counterfactuals) -> None:
    """Every row given reaches the goal in the network itself, and differs where it is said to differ."""
    for one in answer.found:
        assert are_reached(model, one.row.unsqueeze(0), goal).all()
        assert torch.equal(model.predict_link(one.row.unsqueeze(0))[0], one.links)
        differs = [
            feature.name
            for feature, before, after in zip(model.features, row.tolist(), one.row.tolist(), strict=True)
            if before != after and not (math.isnan(before) and math.isnan(after))
        ]
        assert [change.feature for change in one.changes] == differs
        assert one.cost == pytest.approx(sum(change.cost for change in one.changes), abs=1e-12)


@pytest.mark.parametrize("most_changes", [1, 3])
@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson"])
def test_answers_of_additive_models_are_the_cheapest_of_the_grid(family: FamilyName, most_changes: int) -> None:
    for seed in range(6):
        classes = ("bad", "good") if family == "binomial" else ()
        model = replace(random_model(seed, sizes=(1,)), family=family, classes=classes)
        for share in (0.2, 0.6, 0.95):
            goal = goal_between(model, ROW, share)
            answer = counterfactuals(model, ROW, goal, COARSE, most_changes=most_changes)
            expected = by_enumeration(model, ROW, goal, most_changes)
            assert answer.method == "exact"
            assert answer.is_optimal
            assert (expected is None) == (not answer.found)
            if answer.found:
                assert answer.found[0].cost == pytest.approx(expected, abs=1e-12)
            assert_verified(model, ROW, goal, answer)


def test_a_goal_that_one_row_just_reaches_is_reached() -> None:
    for seed in range(20):
        model = random_model(seed, sizes=(1,))
        for age in (46.0, 22.0):
            changed = ROW.clone()
            changed[0] = age
            value = float(model.predict_link(changed.unsqueeze(0)))
            answer = counterfactuals(model, ROW, Goal(at_least=value), COARSE[:1])
            assert answer.found
            assert answer.found[0].value >= value


@pytest.mark.parametrize(
    "goal",
    [
        Goal(at_least=0.7),
        Goal(at_most=0.3, outcome="good"),
        Goal(at_least=0.7, outcome="bad"),
        Goal(at_most=-0.5, scale="link"),
    ],
)
def test_goals_of_two_classes_are_met_on_their_own_scale(goal: Goal) -> None:
    reached = 0
    for seed in range(8):
        model = replace(random_model(seed, sizes=(1,)), family="binomial", classes=("bad", "good"))
        answer = counterfactuals(model, ROW, goal, COARSE)
        expected = by_enumeration(model, ROW, goal, 3)
        assert (expected is None) == (not answer.found)
        if answer.found:
            reached += 1
            assert answer.found[0].cost == pytest.approx(expected, abs=1e-12)
            assert answer.found[0].value == pytest.approx(
                float(values_of(model, answer.found[0].row.unsqueeze(0), goal)), rel=1e-12
            )
    assert reached > 0


@pytest.mark.parametrize("sizes", [(2, 1), (3, 2, 1), (3,)])
def test_the_search_is_verified_and_mostly_finds_the_cheapest(sizes: tuple[int, ...]) -> None:
    classes = ("a", "b", "c") if sizes[-1] == 3 else ()
    goals = [Goal(at_least=0.6, outcome="b")] if classes else []
    ratios = []
    for seed in range(8):
        model = random_model(seed, sizes, classes)
        for goal in goals or [goal_between(model, ROW, share) for share in (0.3, 0.7)]:
            answer = counterfactuals(model, ROW, goal, COARSE)
            assert answer.method == "search"
            assert_verified(model, ROW, goal, answer)
            expected = by_enumeration(model, ROW, goal, 3)
            if answer.found and answer.found[0].cost > 0:
                assert expected is not None
                assert not answer.is_optimal
                ratios.append(answer.found[0].cost / expected)
            else:
                ratios.append(1.0 if expected in (None, 0.0) else math.inf)
    assert min(ratios) >= 1 - 1e-12
    assert sum(ratio <= 1 + 1e-9 for ratio in ratios) >= 0.8 * len(ratios)


def test_alternatives_are_the_cheapest_that_leave_a_feature_of_each_one_before() -> None:
    several = 0
    for seed in range(12):
        model = random_model(seed, sizes=(1,))
        goal = goal_between(model, ROW, 0.2)
        answer = counterfactuals(model, ROW, goal, COARSE, alternatives=5)
        assert_verified(model, ROW, goal, answer)
        for one, other in itertools.combinations(answer.found, 2):
            assert one.cost <= other.cost
            assert not names(one) <= names(other)
        if len(answer.found) > 1:
            several += 1
            costs = [by_enumeration(model, ROW, goal, 3, frozenset({name})) for name in names(answer.found[0])]
            assert answer.found[1].cost == pytest.approx(min(cost for cost in costs if cost is not None), abs=1e-12)
    assert several > 2


def test_no_such_change_is_an_answer() -> None:
    model = random_model(2, sizes=(1,))
    options = options_of(model, ROW, COARSE, ())
    rows = torch.cartesian_prod(*(torch.from_numpy(one.values) for one in options))
    best = float(model.predict_link(rows).max())
    answer = counterfactuals(model, ROW, Goal(at_least=best + 1), COARSE)
    assert answer.found == ()
    assert answer.is_optimal
    assert answer.closest.value == pytest.approx(best, rel=1e-12)


def test_no_feature_that_may_change_is_no_such_change() -> None:
    model = random_model(2, sizes=(1,))
    here = float(model.predict_link(ROW.unsqueeze(0)))
    answer = counterfactuals(model, ROW, Goal(at_least=here + 1), [])
    assert answer.found == ()
    assert answer.closest.changes == ()


@pytest.mark.parametrize("sizes", [(1,), (2, 1)])
def test_a_row_that_is_there_already_does_not_change(sizes: tuple[int, ...]) -> None:
    model = random_model(1, sizes)
    here = float(model.predict_link(ROW.unsqueeze(0)))
    for goal in (Goal(at_least=here), Goal(at_most=here), Goal(at_least=here - 1)):
        answer = counterfactuals(model, ROW, goal)
        assert [one.changes for one in answer.found] == [()]
        assert answer.found[0].cost == 0.0
        assert answer.is_optimal


@pytest.mark.parametrize("sizes", [(1,), (4, 1)])
def test_all_counterfactuals_of_200_rows_reach_the_goal_in_the_network(sizes: tuple[int, ...]) -> None:
    features = numeric_features(6)
    network = random_network(features, sizes, seed=4)
    reference = random_rows(features, 100, seed=5)
    model = FittedModel(tuple(features), network, "binomial", "default", ("no", "yes"), reference)
    found = 0
    adjustable = [Adjustable(feature.name, step=0.05) for feature in features[:4]]
    for row in random_rows(features, 200 if sizes == (1,) else 20, seed=6):
        goal = Goal(at_least=0.6)
        answer = counterfactuals(model, row, goal, adjustable, most_changes=2)
        found += len(answer.found)
        assert_verified(model, row, goal, answer)
    assert found > 10


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 50),
    hidden=st.booleans(),
    direction=st.sampled_from(["either", "increase", "decrease"]),
    lower=st.floats(0, 4000),
    width=st.floats(0, 5000),
    step=st.sampled_from([None, 125.0, 0.1 * 3500]),
    most_changes=st.integers(1, 3),
)
def test_constraints_are_never_violated(
    seed: int, hidden: bool, direction: Direction, lower: float, width: float, step: float | None, most_changes: int
) -> None:
    model = random_model(seed, (2, 1) if hidden else (1,))
    row = random_rows(MIXED, 1, seed=seed)[0]
    adjustable = [
        Adjustable("income", direction, lower, lower + width, step),
        Adjustable("purpose", categories=("car",)),
    ]
    goal = goal_between(model, row, 0.4)
    answer = counterfactuals(model, row, goal, adjustable, most_changes=most_changes, alternatives=2)
    for one in (*answer.found, answer.closest):
        assert len(one.changes) <= most_changes
        assert float(one.row[0]) == float(row[0])
        if float(one.row[2]) != float(row[2]):
            assert float(one.row[2]) == 1.0
        before, after = float(row[1]), float(one.row[1])
        if math.isnan(before):
            assert math.isnan(after)
        elif before != after:
            assert max(lower, 0.0) <= after <= min(lower + width, 9000.0)
            assert direction != "increase" or after > before
            assert direction != "decrease" or after < before
            if step is not None:
                assert (after - before) / step == pytest.approx(round((after - before) / step), abs=1e-6)
    assert_verified(model, row, goal, answer)


def test_a_missing_value_is_filled_only_where_that_is_allowed() -> None:
    model = random_model(0, sizes=(1,))
    row = torch.tensor([40.0, math.nan, 0.0], dtype=torch.float64)
    for may_fill in (False, True):
        adjustable = [Adjustable("income", may_fill=may_fill), Adjustable("purpose", may_fill=may_fill)]
        options = options_of(model, row, adjustable, ())
        assert [len(one.values) > 1 for one in options] == [may_fill, may_fill]
        assert all((one.costs[1:] == 1.0).all() for one in options)
        assert not np.isnan(options[0].values[1:]).any()


def test_whole_numbers_stay_whole_and_others_take_round_steps() -> None:
    features = (NumericFeature("dependants", None, 0.0, 6.0), NumericFeature("ratio", None, 0.0, 1.7))
    reference = torch.tensor([[0.0, 0.12], [2.0, 1.1], [6.0, 1.7]], dtype=torch.float64)
    model = FittedModel(features, random_network(features, (1,), 0), "gaussian", "loss", (), reference)
    dependants, ratio = options_of(model, torch.tensor([2.0, 0.3], dtype=torch.float64), None, ())
    assert sorted(dependants.values) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert ratio.step == 0.002
    assert 0.302 in ratio.values.tolist()
    assert {0.0, 1.7} <= set(ratio.values.tolist())


def test_costs_are_differences_by_the_interquartile_range() -> None:
    model = random_model(0, sizes=(1,))
    income = options_of(model, ROW, [Adjustable("income", step=100.0, cost=3.0)], ())[0]
    known = model.reference[:, 1][~model.reference[:, 1].isnan()].numpy()
    first, third = np.quantile(known, [0.25, 0.75])
    assert income.costs == pytest.approx(3 * abs(income.values - 3000.0) / (third - first))
    scaled = options_of(model, ROW, [Adjustable("income", step=100.0, scale=1.0)], ())[0]
    assert scaled.costs == pytest.approx(abs(scaled.values - 3000.0))


REFUSED: list[tuple[Adjustable, type[KANError]]] = [
    (Adjustable("wages"), UnknownFeature),
    (Adjustable("age"), ImmutableFeature),
    (Adjustable("purpose", "increase"), InvalidChange),
    (Adjustable("purpose", lower=1.0), InvalidChange),
    (Adjustable("purpose", categories=("boat",)), InvalidChange),
    (Adjustable("income", categories=("car",)), InvalidChange),
    (Adjustable("income", lower=3000.0, upper=2000.0), InvalidChange),
    (Adjustable("income", lower=9001.0), InvalidChange),
    (Adjustable("income", step=0.0), InvalidChange),
    (Adjustable("income", step=1e-3), InvalidChange),
    (Adjustable("income", cost=math.inf), InvalidChange),
    (Adjustable("income", scale=-1.0), InvalidChange),
]


@pytest.mark.parametrize(("adjustable", "error"), REFUSED)
def test_changes_that_cannot_be_made_are_refused_by_name(adjustable: Adjustable, error: type[KANError]) -> None:
    with pytest.raises(error, match=repr(adjustable.name)):
        counterfactuals(random_model(sizes=(1,)), ROW, Goal(at_least=9.0), [adjustable], immutable=["age"])


def test_a_feature_named_twice_is_refused() -> None:
    with pytest.raises(InvalidChange, match="twice"):
        counterfactuals(random_model(), ROW, Goal(at_least=9.0), [Adjustable("age"), Adjustable("age")])


def test_what_is_immutable_never_changes_where_nothing_is_named() -> None:
    model = random_model(4, sizes=(1,))
    goal = goal_between(model, ROW, 0.9)
    answer = counterfactuals(model, ROW, goal, immutable=["age", "purpose"])
    assert {change.feature for one in (*answer.found, answer.closest) for change in one.changes} <= {"income"}


@pytest.mark.parametrize(
    ("family", "goal"),
    [
        ("gaussian", Goal()),
        ("gaussian", Goal(at_least=1.0, at_most=2.0)),
        ("gaussian", Goal(at_least=math.nan)),
        ("gaussian", Goal(at_most=math.inf)),
        ("gaussian", Goal(at_least=1.0, outcome="good")),
        ("poisson", Goal(at_least=0.0)),
        ("binomial", Goal(at_least=1.2)),
        ("binomial", Goal(at_most=0.0)),
        ("binomial", Goal(at_least=0.5, outcome="unknown")),
        ("binomial", Goal(at_least=0.5, outcome="bad", scale="link")),
        ("multinomial", Goal(at_least=0.5)),
    ],
)
def test_goals_that_no_output_can_have_are_refused(family: FamilyName, goal: Goal) -> None:
    classes = {"binomial": ("bad", "good"), "multinomial": ("a", "b", "c")}.get(family, ())
    model = replace(random_model(sizes=(max(1, len(classes) % 2 * 3),)), family=family, classes=classes)
    with pytest.raises(InvalidGoal):
        counterfactuals(model, ROW, goal)


@pytest.mark.parametrize("alternatives", [0, 6])
def test_the_number_of_alternatives_is_bounded(alternatives: int) -> None:
    with pytest.raises(InvalidSetting, match="alternatives"):
        counterfactuals(random_model(), ROW, Goal(at_least=1.0), alternatives=alternatives)


def test_an_answer_may_change_something() -> None:
    with pytest.raises(InvalidSetting, match="most_changes"):
        counterfactuals(random_model(), ROW, Goal(at_least=1.0), most_changes=0)
