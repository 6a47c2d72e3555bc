"""The moves between the states of versions and training jobs."""

from itertools import product
from typing import get_args

import pytest

from service.domain.lifecycle import (
    FINDING_MOVES,
    FINISHED_JOB_STATES,
    JOB_MOVES,
    VERSION_MOVES,
    FindingState,
    JobState,
    VersionState,
    move_finding,
    move_job,
    move_version,
)
from service.errors import WrongState

#: Written out by hand: the pictures that the two tables must draw.
ALLOWED_VERSION_MOVES = {
    ("candidate", "in_review"),
    ("in_review", "approved"),
    ("in_review", "rejected"),
    ("in_review", "candidate"),
    ("approved", "suspended"),
    ("approved", "retired"),
    ("suspended", "approved"),
    ("suspended", "retired"),
}
ALLOWED_FINDING_MOVES = {("open", "resolved"), ("resolved", "closed"), ("resolved", "open")}
ALLOWED_JOB_MOVES = {
    ("queued", "running"),
    ("queued", "cancelled"),
    ("queued", "failed"),
    ("running", "running"),
    ("running", "succeeded"),
    ("running", "failed"),
    ("running", "cancelled"),
}


@pytest.mark.parametrize(("current", "to"), list(product(get_args(VersionState), repeat=2)))
def test_a_version_moves_only_where_the_picture_has_an_arrow(current: VersionState, to: VersionState) -> None:
    if (current, to) in ALLOWED_VERSION_MOVES:
        assert move_version(current, to) == to
    else:
        with pytest.raises(WrongState):
            move_version(current, to)


@pytest.mark.parametrize(("current", "to"), list(product(get_args(JobState), repeat=2)))
def test_a_job_moves_only_where_the_picture_has_an_arrow(current: JobState, to: JobState) -> None:
    if (current, to) in ALLOWED_JOB_MOVES:
        assert move_job(current, to) == to
    else:
        with pytest.raises(WrongState):
            move_job(current, to)


@pytest.mark.parametrize(("current", "to"), list(product(get_args(FindingState), repeat=2)))
def test_a_finding_moves_only_where_the_picture_has_an_arrow(current: FindingState, to: FindingState) -> None:
    if (current, to) in ALLOWED_FINDING_MOVES:
        assert move_finding(current, to) == to
    else:
        with pytest.raises(WrongState):
            move_finding(current, to)


def test_every_state_is_in_its_table() -> None:
    assert set(VERSION_MOVES) == set(get_args(VersionState))
    assert set(FINDING_MOVES) == set(get_args(FindingState))
    assert set(JOB_MOVES) == set(get_args(JobState))


def test_a_finished_job_never_moves_again() -> None:
    assert {state for state, moves in JOB_MOVES.items() if not moves} == FINISHED_JOB_STATES


def test_a_version_is_approved_only_out_of_a_review_or_a_suspension() -> None:
    assert {state for state, moves in VERSION_MOVES.items() if "approved" in moves} == {"in_review", "suspended"}


def test_a_refused_move_says_which_states_would_allow_it() -> None:
    with pytest.raises(WrongState, match=r"'candidate'.*in_review or suspended"):
        move_version("candidate", "approved")
