"""Workers that are killed at random moments, in small; `make bench` does it with 200 jobs and 100 kills."""

from service.domain.training_configuration import TrainingConfiguration
from service.operations.resources import Resources
from tests.worker.chaos import Plan, run_chaos
from tests.worker.jobs import Jobs

CONFIGURATIONS = (
    TrainingConfiguration(grid_size=3, steps=25),
    TrainingConfiguration(hidden=(2,), grid_size=3, optimizer="adam", steps=60, symbolify=False),
)


def test_killed_workers_lose_no_job_make_no_second_version_and_change_no_byte(resources: Resources, jobs: Jobs) -> None:
    outcome = run_chaos(resources, jobs, Plan(jobs=4, kills=2, workers=2, configurations=CONFIGURATIONS))
    assert outcome.faults == []
    assert outcome.states == {"succeeded": 4}
    assert [len(same) for same in outcome.digests.values()] == [1, 1]
