"""Challengers of a version: queued once, computed by the worker's own steps, recorded."""

import pytest

from service import errors
from service.domain.permissions import Actor
from service.operations import challengers, training_jobs, training_runs
from service.operations.resources import Resources
from tests.service.conftest import audit_payloads, everything_stored


def test_a_comparison_is_queued_run_and_read(resources: Resources, auditor: Actor, candidate: int) -> None:
    empty = challengers.get_challengers(resources, auditor, "credit", candidate)
    assert (empty.job, empty.report) == (None, None)
    job = challengers.create_challengers(resources, auditor, "credit", candidate)
    assert (job.kind, job.state, job.message) == ("challenge", "queued", "Challengers of version 1")
    assert audit_payloads(resources)[-1]["action"] == "challengers.created"
    assert challengers.create_challengers(resources, auditor, "credit", candidate).id == job.id

    assert training_runs.run_training_job(resources, job.id) == "succeeded"
    found = challengers.get_challengers(resources, auditor, "credit", candidate)
    assert found.job is not None
    assert found.report is not None
    assert (found.job.state, found.job.version, len(found.report.challengers)) == ("succeeded", None, 4)
    trail = audit_payloads(resources)[-1]
    assert (trail["action"], trail["details"]["verdict"]) == ("challengers.measured", found.report.verdict)
    assert challengers.create_challengers(resources, auditor, "credit", candidate).id == job.id
    assert everything_stored(resources)["model_versions"] == 1


def test_a_cancelled_comparison_is_asked_for_again_and_not_retried(
    resources: Resources, developer: Actor, candidate: int
) -> None:
    job = challengers.create_challengers(resources, developer, "credit", candidate)
    training_jobs.cancel_training_job(resources, developer, job.id)
    assert training_runs.run_training_job(resources, job.id) == "cancelled"
    with pytest.raises(errors.NotATraining):
        training_jobs.retry_training_job(resources, developer, job.id)
    again = challengers.create_challengers(resources, developer, "credit", candidate)
    assert (again.state, again.id == job.id) == ("queued", False)


def test_a_version_that_is_not_there_has_no_challengers(resources: Resources, developer: Actor, candidate: int) -> None:
    before = everything_stored(resources)
    with pytest.raises(errors.NotFound, match="version"):
        challengers.create_challengers(resources, developer, "credit", candidate + 1)
    assert everything_stored(resources) == before
