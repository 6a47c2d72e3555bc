"""A worker whose database or disk is away for a while: it waits, and nothing is lost or done twice."""

import time
from concurrent.futures import ThreadPoolExecutor

from service.operations.leftovers import remove_leftovers
from service.operations.resources import Resources
from service.operations.training_jobs import follow_job
from service.worker.supervision import supervise
from tests.service.training import QUICK
from tests.worker.conftest import LONG, wait_for, worker
from tests.worker.jobs import Jobs
from tests.worker.ledger import contradictions
from tests.worker.outages import outages

AWAY_SECONDS = 4


def test_a_database_that_is_away_for_a_while_costs_time_and_nothing_else(resources: Resources, jobs: Jobs) -> None:
    job = jobs.queue(LONG)
    with (
        outages(resources.settings.resolved_database_url) as (url, away),
        worker(resources, database_url=url) as process,
    ):
        wait_for("the middle of the training", lambda: jobs.is_in(job, "fit"), process)
        with away():
            time.sleep(AWAY_SECONDS)  # as long as it is away
        wait_for("the version", lambda: jobs.shown(job).state == "succeeded", process)
    remove_leftovers(resources)
    assert contradictions(resources) == []
    assert jobs.shown(job).attempt == 1


def test_a_disk_that_is_full_or_read_only_makes_a_job_wait_which_is_no_attempt(
    resources: Resources, jobs: Jobs
) -> None:
    job = jobs.queue(QUICK)
    blocked = resources.settings.data_dir / "checkpoints"
    blocked.write_bytes(b"nothing can be made in what is no directory")
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(supervise, resources, job)
        while sum(event.kind == "progress" for event in follow_job(resources, job, 0).events) < 3:
            assert not ended.done()
            time.sleep(0.05)  # until a second child has begun: it tells so by the database only
        blocked.unlink()
        assert ended.result() == "succeeded"
    assert jobs.states(job) == ["queued", "running", "succeeded"]
    assert (jobs.shown(job).attempt, contradictions(resources)) == (1, [])
