"""States of versions, reviews, findings and training jobs, and the moves between them: one table each."""

from typing import Literal

from service.errors import WrongState

VersionState = Literal["candidate", "in_review", "approved", "rejected", "suspended", "retired"]
FindingState = Literal["open", "resolved", "closed"]
JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
EndedJobState = Literal["failed", "cancelled"]
JobKind = Literal["train", "revise", "challenge", "score", "replay"]
EventKind = Literal["progress", "state"]
ReviewState = Literal["open", "approved", "rejected", "changes_requested", "withdrawn"]

VERSION_MOVES: dict[VersionState, frozenset[VersionState]] = {
    "candidate": frozenset({"in_review"}),
    "in_review": frozenset({"approved", "rejected", "candidate"}),
    "approved": frozenset({"suspended", "retired"}),
    "rejected": frozenset(),
    "suspended": frozenset({"approved", "retired"}),
    "retired": frozenset(),
}
#: States of versions from which a revision may start.
REVISED_STATES: frozenset[VersionState] = frozenset(VERSION_MOVES) - {"retired"}
JOB_MOVES: dict[JobState, frozenset[JobState]] = {
    "queued": frozenset({"running", "cancelled", "failed"}),
    "running": frozenset({"running", "succeeded", "failed", "cancelled"}),
    "succeeded": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}
#: The owner resolves; the raiser verifies, or finds that it is not resolved.
FINDING_MOVES: dict[FindingState, frozenset[FindingState]] = {
    "open": frozenset({"resolved"}),
    "resolved": frozenset({"closed", "open"}),
    "closed": frozenset(),
}
FINISHED_JOB_STATES: frozenset[JobState] = frozenset({"succeeded", "failed", "cancelled"})
RETRIED_JOB_STATES: frozenset[JobState] = frozenset({"failed", "cancelled"})


def move_version(current: VersionState, to: VersionState) -> VersionState:
    """The new state; raises WrongState when the table has no such move."""
    if to not in VERSION_MOVES[current]:
        needed = tuple(state for state, moves in VERSION_MOVES.items() if to in moves)
        raise WrongState("version", current, needed)
    return to


def resume_version(current: VersionState) -> VersionState:
    """The state after a suspension; raises WrongState for a version that is not suspended."""
    if current != "suspended":
        raise WrongState("version", current, ("suspended",))
    return move_version(current, "approved")


def move_finding(current: FindingState, to: FindingState) -> FindingState:
    """The new state; raises WrongState when the table has no such move."""
    if to not in FINDING_MOVES[current]:
        needed = tuple(state for state, moves in FINDING_MOVES.items() if to in moves)
        raise WrongState("finding", current, needed)
    return to


def move_job(current: JobState, to: JobState) -> JobState:
    """The new state; raises WrongState when the table has no such move."""
    if to not in JOB_MOVES[current]:
        needed = tuple(state for state, moves in JOB_MOVES.items() if to in moves)
        raise WrongState("training job", current, needed)
    return to
