"""Revisions on the real database: from a request to the child, what the child says, and what is refused."""

from typing import Any

import pytest

from service import errors
from service.domain.permissions import Actor
from service.domain.revisions import PreviewRequest, RevisionRequest
from service.domain.training_configuration import TrainingConfiguration
from service.operations import comparisons, networks, reviews, revisions, training_jobs, training_runs, versions
from service.operations.resources import Resources
from service.operations.versions import Version
from service.storage import models
from tests.service.conftest import Person, Steps, audit_payloads, everything_stored
from tests.service.training import QUICK

AGE = "0.0.0"
PURPOSE = "0.1.0"
INCOME = "0.2.0"
SNAP = {"operation": "snap", "edge": AGE, "function": "tanh"}


def request(*changes: dict[str, Any], message: str = "Try.") -> RevisionRequest:
    return RevisionRequest.model_validate({"changes": list(changes), "message": message})


def revised(resources: Resources, actor: Actor, number: int, *changes: dict[str, Any]) -> Version:
    """The version that these changes lead to."""
    job = revisions.create_revision(resources, actor, "credit", number, request(*changes))
    assert training_runs.run_training_job(resources, job.id) == "succeeded"
    child = training_jobs.get_training_job(resources, actor, job.id).version
    assert child is not None
    return versions.get_version(resources, actor, "credit", child)


def test_a_revision_becomes_a_child_that_says_how(resources: Resources, developer: Actor, candidate: int) -> None:
    parent = versions.get_version(resources, developer, "credit", candidate)
    child = revised(resources, developer, candidate, SNAP)
    assert (child.number, child.parent, child.state, child.message) == (2, 1, "candidate", "Try.")
    assert child.revision is not None
    assert (child.revision.parent, child.revision.parent_digest) == (1, parent.digest)
    assert [change.operation for change in child.revision.changes] == ["snap"]
    assert (child.dataset_digest, child.split, child.configuration) == (
        parent.dataset_digest,
        parent.split,
        parent.configuration,
    )
    assert [metric.rows for metric in child.metrics] == [metric.rows for metric in parent.metrics]
    assert child.calibration
    assert sum(one.rows for one in child.calibration) == parent.split.test_rows
    edge = networks.get_edge(resources, developer, "credit", 2, AGE)
    assert (edge.form, edge.candidates[0].function) == ("symbolic", "tanh")
    network = networks.get_network(resources, developer, "credit", 2)
    assert network.agreement is None
    assert network.parent_agreement is not None
    assert network.parent_agreement.rows == parent.split.test_rows
    assert next(one.r2 for one in network.edges if one.edge == AGE) is not None


def test_a_revision_is_in_the_trail_with_both_digests(resources: Resources, developer: Actor, candidate: int) -> None:
    child = revised(resources, developer, candidate, SNAP)
    told = {event["action"]: event for event in audit_payloads(resources)}
    details = told["revisions.created"]["details"]
    parent = versions.get_version(resources, developer, "credit", candidate)
    assert (details["parent_digest"], details["digest"]) == (parent.digest, child.digest)
    assert details["changes"][0]["edge"] == AGE
    assert told["model_versions.created"]["details"]["digest"] == child.digest
    assert told["training_jobs.created"]["details"]["parent"] == candidate


def test_the_same_request_gives_the_same_bytes(resources: Resources, developer: Actor, candidate: int) -> None:
    one, two = (revised(resources, developer, candidate, SNAP) for _ in range(2))
    other = revised(resources, developer, candidate, {**SNAP, "function": "sigmoid"})
    assert one.number != two.number
    assert one.digest == two.digest != other.digest


def test_every_operation_leads_to_a_version(resources: Resources, developer: Actor, candidate: int) -> None:
    snapped = revised(
        resources, developer, candidate, {"operation": "snap", "edge": AGE, "formula": "1/(1+exp(0.1*(x-45)))"}
    )
    splined = revised(resources, developer, snapped.number, {"operation": "unsnap", "edge": AGE})
    assert networks.get_edge(resources, developer, "credit", splined.number, AGE).form == "spline"
    fewer = revised(resources, developer, candidate, {"operation": "zero", "edge": INCOME})
    assert fewer.active_edges == 2
    finer = revised(resources, developer, candidate, {"operation": "refine", "grid_size": 6})
    assert networks.get_edge(resources, developer, "credit", finer.number, AGE).grid_size == 6
    pruned = revised(resources, developer, candidate, {"operation": "prune", "tolerance": 0.5, "maximum_edges": 1})
    assert (pruned.active_edges, pruned.edges_before_pruning) == (1, 3)
    trained = revised(
        resources,
        developer,
        candidate,
        {"operation": "retrain", "frozen_edges": [AGE], "smoothness": 1000.0},
    )
    found = comparisons.compare_versions(resources, developer, "credit", candidate, trained.number)
    assert found.edges is not None
    assert INCOME in {one.overlay.edge for one in found.edges}
    frozen = [one.overlay for one in found.edges if one.overlay.edge == AGE]
    assert all(max(abs(a - b) for a, b in zip(one.before, one.after, strict=True)) < 1e-9 for one in frozen)


def test_a_version_is_held_to_a_direction_and_the_child_proves_it(
    resources: Resources, developer: Actor, candidate: int
) -> None:
    child = revised(resources, developer, candidate, {"operation": "retrain", "monotone": {"age": "decreasing"}})
    assert child.configuration.monotone == {"age": "decreasing"}
    assert child.columns.monotone == {"age": "decreasing"}
    proofs = versions.get_version_certificates(resources, developer, "credit", child.number).certificates
    (age,) = [one for one in proofs if one.fact == "monotone" and one.feature == "age"]
    assert (age.direction, age.holds) == ("decreasing", True)


def test_a_contributor_to_the_parent_cannot_sign_the_child(
    resources: Resources, person: Person, developer: Actor, steps: Steps
) -> None:
    both = person("developer", "auditor")
    model, dataset = steps.model(), steps.dataset()
    job = training_jobs.create_training_job(
        resources,
        both,
        training_jobs.TrainingJobRequest(model=model, dataset_id=dataset, configuration=QUICK),
    )
    assert training_runs.run_training_job(resources, job.id) == "succeeded"
    child = revised(resources, developer, 1, SNAP)
    assert child.contributors == ("Printed Developer",)
    review = steps.submit(model, child.number)
    assert not reviews.get_review(resources, both, review.id).may_decide
    with pytest.raises(errors.ContributorCannotSign):
        steps.sign(review, both)


@pytest.mark.parametrize(
    ("changes", "error", "pointer"),
    [
        ([{**SNAP, "edge": "0.9.0"}], errors.RevisionEdgeUnknown, "/changes/0/edge"),
        ([SNAP, {"operation": "zero", "edge": "3.0.0"}], errors.RevisionEdgeUnknown, "/changes/1/edge"),
        ([{**SNAP, "edge": PURPOSE}], errors.RevisionFormRefused, "/changes/0/edge"),
        ([{**SNAP, "function": "cosh"}], errors.RevisionFunctionUnknown, "/changes/0/function"),
        ([{"operation": "snap", "edge": AGE, "formula": "log(x-50)"}], errors.RevisionFormRefused, "/changes/0/edge"),
        (
            [{"operation": "snap", "edge": AGE, "formula": "1 + __import__('os')"}],
            errors.RevisionFormulaInvalid,
            "/changes/0/formula",
        ),
        ([{"operation": "unsnap", "edge": AGE}], errors.RevisionFormRefused, "/changes/0/edge"),
        (
            [{"operation": "zero", "edge": edge} for edge in (AGE, PURPOSE, INCOME)],
            errors.RevisionLeavesNoEdge,
            "/changes/2/operation",
        ),
        ([{"operation": "zero", "edge": AGE}] * 2, errors.RevisionFormRefused, "/changes/1/edge"),
        ([{"operation": "refine", "grid_size": 4}], errors.RevisionSettingRefused, "/changes/0/grid_size"),
        (
            [{"operation": "retrain", "monotone": {"rank": "increasing"}}],
            errors.RevisionSettingRefused,
            "/changes/0/monotone",
        ),
        ([{"operation": "retrain", "frozen_edges": ["0.8.0"]}], errors.RevisionEdgeUnknown, "/changes/0/edge"),
    ],
)
def test_what_a_version_cannot_take_is_refused_and_nothing_is_stored(
    resources: Resources,
    developer: Actor,
    candidate: int,
    changes: list[dict[str, Any]],
    error: type[errors.InvalidRevision],
    pointer: str,
) -> None:
    before = everything_stored(resources)
    with pytest.raises(error) as refused:
        revisions.create_revision(resources, developer, "credit", candidate, request(*changes))
    assert [field.pointer for field in refused.value.fields] == [pointer]
    assert everything_stored(resources) == before


def test_a_formula_that_cannot_be_read_says_where(resources: Resources, developer: Actor, candidate: int) -> None:
    change = {"operation": "snap", "edge": AGE, "formula": "1 + whoami(x)"}
    with pytest.raises(errors.RevisionFormulaInvalid, match="character 5"):
        revisions.create_revision(resources, developer, "credit", candidate, request(change))


def test_absent_and_retired_versions_cannot_be_revised(resources: Resources, developer: Actor, candidate: int) -> None:
    with pytest.raises(errors.NotFound):
        revisions.create_revision(resources, developer, "credit", 9, request(SNAP))
    with resources.database.write() as session:
        models.set_version_state(session, models.get_version(session, "credit", candidate), "retired")
    with pytest.raises(errors.WrongState, match="retired"):
        revisions.create_revision(resources, developer, "credit", candidate, request(SNAP))
    with pytest.raises(errors.WrongState, match="retired"):
        revisions.preview_revision(
            resources, developer, "credit", candidate, PreviewRequest.model_validate({"changes": [SNAP]})
        )


def test_a_preview_shows_loss_curve_and_fidelity_and_keeps_nothing(
    resources: Resources, developer: Actor, candidate: int
) -> None:
    before = everything_stored(resources)
    asked = PreviewRequest.model_validate({"changes": [SNAP]})
    found = revisions.preview_revision(resources, developer, "credit", candidate, asked)
    parent = versions.get_version(resources, developer, "credit", candidate)
    assert everything_stored(resources) == before
    assert [metric.value for metric in found.before.metrics] == [metric.value for metric in parent.metrics]
    assert found.changed is not None
    assert len({found.before.loss, found.changed.loss, found.after.loss}) == 3
    (edge,) = found.edges
    assert (edge.edge, edge.form_before, edge.form_after, edge.source) == (AGE, "spline", "symbolic", "age")
    assert "tanh" in edge.text_after
    assert len(edge.x) == len(edge.before) == len(edge.after)
    assert 0 < found.agreement.rmse < 1


def test_the_child_is_what_the_preview_promised(resources: Resources, developer: Actor, candidate: int) -> None:
    asked = PreviewRequest.model_validate({"changes": [{"operation": "zero", "edge": INCOME}]})
    promised = revisions.preview_revision(resources, developer, "credit", candidate, asked)
    child = revised(resources, developer, candidate, {"operation": "zero", "edge": INCOME})
    for one, other in zip(promised.after.metrics, child.metrics, strict=True):
        assert one.value == pytest.approx(other.value, abs=0.02)
    assert promised.active_edges == child.active_edges


def test_a_failed_revision_is_retried_as_one(resources: Resources, developer: Actor, candidate: int) -> None:
    job = revisions.create_revision(resources, developer, "credit", candidate, request(SNAP))
    training_jobs.cancel_training_job(resources, developer, job.id)
    again = training_jobs.retry_training_job(resources, developer, job.id)
    assert (again.kind, again.parent, again.changes) == ("revise", candidate, job.changes)
    assert training_runs.run_training_job(resources, again.id) == "succeeded"
    assert versions.get_version(resources, developer, "credit", 2).parent == candidate


def test_two_requests_with_one_key_make_one_job(resources: Resources, developer: Actor, candidate: int) -> None:
    jobs = [
        revisions.create_revision(resources, developer, "credit", candidate, request(SNAP), "key") for _ in range(2)
    ]
    assert jobs[0].id == jobs[1].id


def test_quantities_and_several_outcomes_can_be_revised(resources: Resources, developer: Actor, steps: Steps) -> None:
    for name, target in (("by-income", "age"), ("by-purpose", "purpose")):
        model = steps.model(name)
        configuration = TrainingConfiguration.model_validate(
            {**QUICK.model_dump(), "target": target, "inputs": ("income", "default")}
        )
        number = steps.train(model, steps.dataset(), configuration)
        network = networks.get_network(resources, developer, model, number)
        edge = next(one.edge for one in network.edges if one.form == "spline")
        change = {"operation": "snap", "edge": edge, "function": "linear"}
        asked = PreviewRequest.model_validate({"changes": [change]})
        assert revisions.preview_revision(resources, developer, model, number, asked).edges[0].edge == edge
        job = revisions.create_revision(resources, developer, model, number, request(change))
        assert training_runs.run_training_job(resources, job.id) == "succeeded"
