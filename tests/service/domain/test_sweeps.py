"""Sweeps: every combination once, and the front is what brute force finds."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from service import errors
from service.domain.sweeps import MAXIMUM_COMBINATIONS, SweepGrid, combinations, pareto_front
from service.domain.training_configuration import TrainingConfiguration

BASE = TrainingConfiguration(grid_size=4, steps=7)


def test_every_combination_occurs_once_and_the_last_setting_varies_fastest() -> None:
    grid = SweepGrid(hidden=((), (3,)), maximum_edges=(None, 5), seed=(0, 1, 2))
    made = combinations(BASE, grid)
    assert [(one.hidden, one.maximum_edges, one.seed) for one in made] == list(
        product(((), (3,)), (None, 5), (0, 1, 2))
    )
    assert {(one.grid_size, one.steps) for one in made} == {(4, 7)}


def test_lists_as_they_come_in_json_are_read() -> None:
    grid = SweepGrid.model_validate({"hidden": [[], [4, 2]], "tolerance": [0, 0.1]})
    assert (grid.hidden, grid.tolerance) == (((), (4, 2)), (0.0, 0.1))


@pytest.mark.parametrize(
    ("grid", "error", "pointer"),
    [
        (SweepGrid(), errors.SweepWithoutValues, "/grid"),
        (SweepGrid(seed=(1, 2), grid_size=()), errors.SweepWithoutValues, "/grid/grid_size"),
        (SweepGrid(seed=(1, 2, 1)), errors.SweepValueRepeated, "/grid/seed/2"),
        (SweepGrid(hidden=((3,), (3,))), errors.SweepValueRepeated, "/grid/hidden/1"),
        (SweepGrid(seed=tuple(range(129)), degree=(2, 3)), errors.SweepTooLarge, "/grid"),
    ],
    ids=str,
)
def test_a_grid_that_makes_no_set_of_trainings_is_refused_by_field(
    grid: SweepGrid, error: type[errors.InvalidSweep], pointer: str
) -> None:
    with pytest.raises(error) as refused:
        combinations(BASE, grid)
    assert refused.value.fields[0].pointer == pointer


def test_the_largest_sweep_is_allowed() -> None:
    assert len(combinations(BASE, SweepGrid(seed=tuple(range(128)), degree=(2, 3)))) == MAXIMUM_COMBINATIONS


@pytest.mark.parametrize("grid", [{"degree": [9]}, {"seed": [-1]}, {"hidden": [[0]]}, {"steps": [3]}, {"seed": 3}])
def test_values_have_the_limits_of_the_training_configuration(grid: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SweepGrid.model_validate(grid)


def test_points_that_are_the_same_are_on_the_front_together() -> None:
    assert pareto_front([(1.0, 2.0), (1.0, 2.0), (2.0, 2.0), (0.5, 3.0)]) == {0, 1, 3}


@given(st.lists(st.tuples(*[st.integers(0, 5).map(float)] * 3), max_size=30))
def test_the_front_is_what_nothing_beats_and_everything_else_is_beaten_by_it(
    points: list[tuple[float, float, float]],
) -> None:
    front = pareto_front(points)

    def beats(one: int, other: int) -> bool:
        pairs = list(zip(points[one], points[other], strict=True))
        return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)

    for place in range(len(points)):
        assert (place in front) == (not any(beats(other, place) for other in range(len(points))))
        assert place in front or any(beats(winner, place) for winner in front)
