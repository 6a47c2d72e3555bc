"""What a worker does around the child that computes."""

from service.operations import training_runs
from service.operations.resources import Resources
from service.worker.supervision import supervise
from tests.service.training import QUICK
from tests.worker.jobs import Jobs


def test_what_an_ended_job_has_kept_is_removed_by_whoever_finds_it_ended(resources: Resources, jobs: Jobs) -> None:
    job = jobs.queue(QUICK)
    kept = resources.checkpoints.of_job(job)
    kept.write("fit.model", b"of a child that was killed after its version was stored")
    training_runs.end_training_job(resources, job, "cancelled")
    assert supervise(resources, job) == "cancelled"
    assert kept.read("fit.model") is None
