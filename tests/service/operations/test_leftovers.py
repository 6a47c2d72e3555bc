"""Leftovers of processes that were killed: gone once nobody can need them, and not before."""

import os

from service.operations import training_runs
from service.operations.leftovers import remove_leftovers
from service.operations.resources import Resources
from tests.service.conftest import Steps


def test_a_new_data_directory_has_none(resources: Resources) -> None:
    assert remove_leftovers(resources) == 0


def test_broken_uploads_and_stages_of_ended_jobs_are_removed(resources: Resources, steps: Steps) -> None:
    model, dataset = steps.model(), steps.dataset()
    ended, waiting = (steps.job(model, dataset) for _ in range(2))
    training_runs.end_training_job(resources, ended, "cancelled")
    for job in (ended, waiting):
        resources.checkpoints.of_job(job).write("fit.model", b"a network")
    broken = resources.settings.data_dir / "artifacts" / ".incoming-broken"
    broken.mkdir()
    os.utime(broken, (0, 0))
    assert remove_leftovers(resources) == 2
    assert not broken.exists()
    assert resources.checkpoints.kept() == [waiting]
