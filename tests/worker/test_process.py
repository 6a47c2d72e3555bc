"""A real worker process: takes jobs from the queue, survives being killed, stops when asked, stands in for others."""

import io
import json
import signal
import time
from contextlib import suppress

import psutil

from service.cli.following import follow
from service.domain.pages import PageRequest
from service.domain.permissions import Actor
from service.operations import training_jobs, training_runs, versions, workers
from service.operations.resources import Resources
from tests.service.conftest import audit_payloads
from tests.service.training import QUICK
from tests.worker.conftest import LONG, wait_for, worker
from tests.worker.crew import children_of
from tests.worker.jobs import Jobs


def test_a_worker_makes_a_version_and_stops_when_asked(resources: Resources, developer: Actor, jobs: Jobs) -> None:
    job = jobs.queue(QUICK)
    with worker(resources) as process:
        output = io.StringIO()
        assert follow(resources, job, output) == "succeeded"
        assert output.getvalue().splitlines()[-1] == "succeeded: version 1"
        assert "fit " in output.getvalue()
        assert (jobs.shown(job).version, jobs.shown(job).worker, jobs.shown(job).attempt) == (1, "first", 1)
        assert versions.get_version(resources, developer, "credit", 1).state == "candidate"
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert time.monotonic() - asked < 10
    lines = (resources.settings.data_dir / "first.log").read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines if line.startswith("{")] == ["worker_ready"]
    (seen,) = workers.list_workers(resources, developer)
    assert seen.name == "first"
    assert seen.stopped_at is not None


def test_a_worker_in_the_middle_of_a_training_stops_at_once_and_another_goes_on(
    resources: Resources, jobs: Jobs
) -> None:
    job = jobs.queue(LONG)
    with worker(resources) as process:
        wait_for("the middle of the training", lambda: jobs.is_in(job, "fit"), process)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert jobs.shown(job).state == "running"
    with worker(resources, "second") as process:
        wait_for("the version", lambda: jobs.shown(job).state == "succeeded", process)
    assert (jobs.shown(job).worker, jobs.shown(job).attempt) == ("second", 2)


def test_a_job_whose_host_never_returns_is_finished_elsewhere_with_the_same_bytes(
    resources: Resources, developer: Actor, jobs: Jobs
) -> None:
    job, undisturbed = jobs.queue(LONG), jobs.queue(LONG)
    with worker(resources) as process:
        wait_for("the middle of the training", lambda: jobs.is_in(job, "fit"), process)
        process.kill()
        process.wait()
    assert jobs.shown(job).state == "running"
    with worker(resources, "second") as process:
        wait_for(
            "both versions", lambda: {jobs.shown(one).state for one in (job, undisturbed)} == {"succeeded"}, process
        )
    assert jobs.states(job) == ["queued", "running", "running", "succeeded"]
    assert jobs.digest(job) == jobs.digest(undisturbed)
    taken = [event for event in audit_payloads(resources) if event["action"] == "training_jobs.taken_over"]
    assert [(event["subject"], event["details"]) for event in taken] == [
        (f"training-jobs/{job}", {"lost_worker": "first"})
    ]
    page = versions.list_versions(resources, developer, "credit", PageRequest())
    assert sorted(version.number for version in page.items) == [1, 2]


def test_a_worker_that_comes_back_takes_its_job_up_again(resources: Resources, jobs: Jobs) -> None:
    job = jobs.queue(LONG)
    with worker(resources) as process:
        wait_for("the middle of the training", lambda: jobs.is_in(job, "fit"), process)
        process.kill()
        process.wait()
    with worker(resources) as process:
        wait_for("the version", lambda: jobs.shown(job).state != "running", process)
    assert (jobs.shown(job).state, jobs.shown(job).version, jobs.shown(job).error) == ("succeeded", 1, None)


def test_a_running_job_is_cancelled_within_two_seconds(resources: Resources, developer: Actor, jobs: Jobs) -> None:
    job = jobs.queue(LONG)
    with worker(resources) as process:
        wait_for("the middle of the training", lambda: jobs.is_in(job, "fit"), process)
        training_jobs.cancel_training_job(resources, developer, job)
        asked = time.monotonic()
        wait_for("the end", lambda: jobs.shown(job).state == "cancelled", process)
        assert time.monotonic() - asked < 2
    assert not versions.list_versions(resources, developer, "credit", PageRequest()).items


def test_a_training_that_needs_too_much_memory_is_ended_with_a_sentence(resources: Resources, jobs: Jobs) -> None:
    job = jobs.queue(LONG)
    with worker(resources, job_memory_bytes=1_000_000) as process:
        wait_for("the end", lambda: jobs.shown(job).state == "failed", process)
    error = jobs.shown(job).error
    assert error is not None
    assert error.code == "job_out_of_memory"
    assert "EDGEWISE_JOB_MEMORY_BYTES" in error.detail


def test_a_job_that_kills_its_process_is_tried_three_times_and_the_next_one_runs(
    resources: Resources, jobs: Jobs
) -> None:
    poison, healthy = jobs.queue(LONG), jobs.queue(QUICK)
    with worker(resources) as process:
        killed: set[int] = set()

        def is_over() -> bool:
            for child in children_of(process.pid):
                if child.pid not in killed and jobs.shown(poison).attempt == len(killed) + 1:
                    with suppress(psutil.NoSuchProcess):  # what ends by itself meanwhile was no attempt
                        child.kill()
                        killed.add(child.pid)
            return jobs.shown(healthy).state == "succeeded"

        wait_for("the healthy job", is_over, process)
    error = jobs.shown(poison).error
    assert error is not None
    assert error.code == "job_crashed"
    assert jobs.shown(poison).attempt == training_runs.MAXIMUM_CRASHES


def test_a_second_worker_of_the_same_name_displaces_the_first(resources: Resources) -> None:
    with worker(resources) as old:
        wait_for("the first", lambda: bool(workers.read_pulses(resources)), old)
        before = workers.read_pulses(resources)["first"].incarnation
        with worker(resources) as new:
            wait_for("the second", lambda: workers.read_pulses(resources)["first"].incarnation != before, new)
            assert old.wait(30) == 1
            assert new.poll() is None
    assert "worker_refused" in (resources.settings.data_dir / "first.log").read_text()
