"""Several processes that do the same at the same moment: one succeeds, the others are told why not."""

from service.operations.resources import Resources
from tests.benchmarks.proofs import races


def test_of_many_processes_one_wins(resources: Resources) -> None:
    told = races.run(resources, processes=4, rounds=2)
    assert told.startswith("one winner each")
