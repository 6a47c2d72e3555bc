"""Versions beside each other, against what the versions themselves say."""

import pytest

from service import errors
from service.domain.permissions import Actor
from service.domain.revisions import RevisionRequest
from service.operations import comparisons, revisions, training_runs, versions
from service.operations.resources import Resources
from tests.service.conftest import Steps
from tests.service.training import QUICK

AGE = "0.0.0"


def revise(resources: Resources, developer: Actor, number: int, change: dict[str, object], message: str) -> None:
    request = RevisionRequest.model_validate({"changes": [change], "message": message})
    job = revisions.create_revision(resources, developer, "credit", number, request)
    assert training_runs.run_training_job(resources, job.id) == "succeeded"


@pytest.fixture
def family(resources: Resources, developer: Actor, candidate: int) -> int:
    """Version 1, version 2 with a formula, version 3 without income, both from version 1."""
    revise(resources, developer, candidate, {"operation": "snap", "edge": AGE, "function": "tanh"}, "A formula.")
    revise(resources, developer, candidate, {"operation": "zero", "edge": "0.2.0"}, "Without income.")
    return candidate


def test_only_what_differs_is_shown(resources: Resources, developer: Actor, family: int) -> None:
    found = comparisons.compare_versions(resources, developer, "credit", family, 3)
    left, right = (versions.get_version(resources, developer, "credit", number) for number in (family, 3))
    assert (found.left.digest, found.right.digest) == (left.digest, right.digest)
    assert found.same_held_out_rows
    assert found.settings == ()
    for one, before, after in zip(found.metrics, left.metrics, right.metrics, strict=True):
        assert (one.left, one.right) == (before.value, after.value)
        assert one.difference == after.value - before.value
        assert one.left_interval == (before.lower, before.upper)
    assert found.edges is not None
    removed = [one.overlay for one in found.edges if one.change == "removed"]
    assert [(one.edge, one.form_after, one.spread_after) for one in removed] == [("0.2.0", "zero", 0.0)]
    assert set(removed[0].after) == {0.0}
    back = comparisons.compare_versions(resources, developer, "credit", 3, family)
    assert back.edges is not None
    assert "added" in {one.change for one in back.edges}


def test_a_version_differs_in_nothing_from_itself(resources: Resources, developer: Actor, candidate: int) -> None:
    found = comparisons.compare_versions(resources, developer, "credit", candidate, candidate)
    assert (found.settings, found.edges) == ((), ())
    assert {one.difference for one in found.metrics} == {0.0}
    assert found.impact is not None
    assert (found.impact.mean_absolute, found.impact.largest, found.impact.flipped) == (0.0, 0.0, 0.0)


def test_the_impact_is_that_of_predicting_every_reference_row(
    resources: Resources, developer: Actor, family: int
) -> None:
    found = comparisons.compare_versions(resources, developer, "credit", family, 2).impact
    assert found is not None
    left, right = (
        resources.registry.get(versions.get_version(resources, developer, "credit", number).digest).fitted
        for number in (family, 2)
    )
    before, after = left.predict_response(left.reference)[:, 0], right.predict_response(left.reference)[:, 0]
    assert found.rows == len(before)
    assert found.mean_absolute == pytest.approx(float((before - after).abs().mean()), rel=1e-12)
    assert found.largest == pytest.approx(float((before - after).abs().max()), rel=1e-12)
    assert found.flipped == pytest.approx(float(((before >= 0.5) != (after >= 0.5)).double().mean()))


def test_networks_with_other_nodes_have_no_edges_in_common(
    resources: Resources, developer: Actor, steps: Steps
) -> None:
    model, dataset = steps.model(), steps.dataset()
    steps.train(model, dataset)
    steps.train(model, dataset, QUICK.model_copy(update={"hidden": (2,), "inputs": ("age", "income")}))
    found = comparisons.compare_versions(resources, developer, model, 1, 2)
    assert found.edges is None
    assert {one.name for one in found.settings} == {"hidden", "inputs"}
    assert found.impact is not None
    assert comparisons.compare_versions(resources, developer, model, 2, 1).impact is None


def test_the_lineage_has_every_version_and_the_words_of_its_revision(
    resources: Resources, developer: Actor, steps: Steps, family: int
) -> None:
    steps.approve("credit", 2)
    steps.point("credit", 2)
    found = comparisons.get_lineage(resources, developer, "credit")
    assert [(node.number, node.state, node.aliases) for node in found.nodes] == [
        (1, "candidate", ()),
        (2, "approved", ("champion",)),
        (3, "candidate", ()),
    ]
    assert [(edge.parent, edge.child, edge.operations, edge.message) for edge in found.edges] == [
        (family, 2, ("snap",), "A formula."),
        (family, 3, ("zero",), "Without income."),
    ]


def test_absent_versions_and_models_are_named(resources: Resources, developer: Actor, candidate: int) -> None:
    with pytest.raises(errors.NotFound, match="credit 9"):
        comparisons.compare_versions(resources, developer, "credit", candidate, 9)
    with pytest.raises(errors.NotFound, match="nothing"):
        comparisons.get_lineage(resources, developer, "nothing")
