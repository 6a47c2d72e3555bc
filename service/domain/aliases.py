"""What an alias pointed to before, and where a rollback leads."""

from collections.abc import Iterable
from typing import NamedTuple


class Move(NamedTuple):
    """A move of an alias, as its history keeps it."""

    version: int
    rolled_back: bool


def earlier_versions(moves: Iterable[Move]) -> tuple[int, ...]:
    """Versions in force before the present one, nearest first; what was rolled back does not count any more.

    `moves` come oldest first.
    """
    in_force: list[int] = []
    for move in moves:
        if move.rolled_back:
            del in_force[in_force.index(move.version) :]
        in_force = [version for version in in_force if version != move.version]
        in_force.append(move.version)
    return tuple(reversed(in_force[:-1]))
