"""The knapsack against the enumeration of all answers, and against an integer program."""

import itertools

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from kan.explanation.knapsack import Item, cheapest, largest_gain


def random_items(count: int, options: int, seed: int, decimals: int | None = None) -> list[Item]:
    generator = np.random.default_rng(seed)
    items = []
    for _ in range(count):
        costs, gains = generator.random(options), generator.normal(size=options)
        if decimals is not None:
            costs, gains = np.round(costs, decimals), np.round(gains, decimals)
        items.append(Item(np.append(0.0, costs), np.append(0.0, gains)))
    return items


def by_enumeration(items: list[Item], need: float, most_changes: int) -> float | None:
    found = None
    for options in itertools.product(*(range(len(item.costs)) for item in items)):
        if sum(option > 0 for option in options) > most_changes:
            continue
        if sum(item.gains[option] for item, option in zip(items, options, strict=True)) >= need - 1e-12:
            cost = float(sum(item.costs[option] for item, option in zip(items, options, strict=True)))
            found = cost if found is None else min(found, cost)
    return found


@pytest.mark.parametrize("decimals", [None, 1])
@pytest.mark.parametrize("most_changes", [1, 2, 4])
def test_answers_are_those_of_enumeration(most_changes: int, decimals: int | None) -> None:
    for seed in range(25):
        items = random_items(4, 5, seed, decimals)
        for need in (0.3, 1.2, 2.5):
            selection, expected = cheapest(items, need, most_changes), by_enumeration(items, need, most_changes)
            assert (selection is None) == (expected is None)
            if selection is not None:
                assert selection.is_proved
                assert selection.cost == pytest.approx(expected, abs=1e-12)
                assert np.count_nonzero(selection.options) <= most_changes
                chosen = zip(items, selection.options, strict=True)
                assert sum(item.gains[option] for item, option in chosen) >= need - 1e-12


@pytest.mark.parametrize("most_changes", [3, 25])
def test_answers_of_many_items_cost_what_an_integer_program_finds(most_changes: int) -> None:
    items = random_items(25, 30, seed=7)
    need = 0.6 * sum(sorted((float(item.gains.max()) for item in items), reverse=True)[:most_changes])
    choices = np.kron(np.eye(25), np.ones(31))
    changes = np.tile(np.append(0.0, np.ones(30)), 25)
    program = milp(
        np.concatenate([item.costs for item in items]),
        integrality=np.ones(25 * 31),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(choices, 1, 1),
            LinearConstraint(np.concatenate([item.gains for item in items]), need, np.inf),
            LinearConstraint(changes, 0, most_changes),
        ],
        options={"mip_rel_gap": 0},
    )
    selection = cheapest(items, need, most_changes)
    assert selection is not None
    assert selection.is_proved
    assert selection.cost == pytest.approx(program.fun, rel=1e-6)


def test_options_that_cannot_be_taken_are_not_taken() -> None:
    item = Item(np.array([0.0, 1.0, 2.0]), np.array([0.0, np.nan, 1.0]))
    selection = cheapest([item], 0.5)
    assert selection is not None
    assert selection.options.tolist() == [2]
    assert cheapest([item], 1.5) is None
    assert largest_gain([item]).tolist() == [2]


def test_what_an_item_already_has_counts() -> None:
    item = Item(np.array([0.0, 1.0]), np.array([-1.0, 0.5]))
    other = Item(np.array([0.0, 5.0]), np.array([2.0, 9.0]))
    selection = cheapest([item, other], 2.5)
    assert selection is not None
    assert selection.options.tolist() == [1, 0]
    assert selection.cost == 1.0


def test_where_nothing_is_needed_nothing_is_changed() -> None:
    selection = cheapest(random_items(3, 4, seed=1), 0.0)
    assert selection is not None
    assert selection.cost == 0.0
    assert not selection.options.any()
    assert cheapest([], 1.0) is None
