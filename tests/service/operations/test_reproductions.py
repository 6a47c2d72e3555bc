"""A version made once more, in the same process, from nothing but what is stored."""

import pytest

from service import errors
from service.domain.permissions import Actor
from service.domain.revisions import RevisionRequest
from service.modelling.trained_versions import library_versions
from service.operations import revisions, training_runs
from service.operations.reproductions import reproduce_version
from service.operations.resources import Resources
from tests.service.conftest import everything_stored

CHANGES = [
    {"operation": "snap", "edge": "0.0.0", "formula": "tanh(0.1*(x - 45))"},
    {"operation": "retrain", "frozen_edges": ["0.1.0"], "smoothness": 10.0},
]


def test_a_training_and_a_revision_give_the_same_bytes_again(
    resources: Resources, developer: Actor, candidate: int
) -> None:
    request = RevisionRequest.model_validate({"changes": CHANGES, "message": "m"})
    job = revisions.create_revision(resources, developer, "credit", candidate, request)
    assert training_runs.run_training_job(resources, job.id) == "succeeded"
    before = everything_stored(resources)
    stages: list[str] = []
    for number in (candidate, 2):
        found = reproduce_version(resources, "credit", number, lambda event: stages.append(event.stage))
        assert found.is_equal
        assert (found.digest, found.libraries) == (found.reproduced_digest, ())
    assert {"data", "fit", "refit", "evaluate"} <= set(stages)
    assert everything_stored(resources) == before


@pytest.mark.usefixtures("candidate")
def test_another_release_of_a_library_is_said(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    present = {**library_versions(), "torch": "0.0.1"}
    monkeypatch.setattr("service.operations.reproductions.library_versions", lambda: present)
    found = reproduce_version(resources, "credit", 1, lambda _: None)
    assert [(one.library, one.present) for one in found.libraries] == [("torch", "0.0.1")]
    assert found.libraries[0].recorded is not None


def test_a_version_that_is_not_there_is_named(resources: Resources) -> None:
    with pytest.raises(errors.NotFound):
        reproduce_version(resources, "credit", 1, lambda _: None)
