"""Sweeps: queued together or not at all, every candidate kept, stopped together."""

from typing import Any

import pytest

from service import errors
from service.domain.pages import PageRequest
from service.domain.permissions import Actor
from service.domain.sweeps import SweepGrid, SweepRequest
from service.operations import sweeps, training_jobs, training_runs, versions
from service.operations.resources import Resources
from tests.service.conftest import Steps, audit_payloads, everything_stored
from tests.service.operations.test_training_jobs import queued
from tests.service.training import QUICK

GRID = SweepGrid(grid_size=(2, 3), maximum_edges=(1, None))


@pytest.fixture
def requested(steps: Steps) -> SweepRequest:
    return SweepRequest(
        model=steps.model(), dataset_id=steps.dataset(), configuration=QUICK, grid=GRID, message="which size?"
    )


def changed(request: SweepRequest, **changes: Any) -> SweepRequest:
    return request.model_copy(update=changes)


def test_a_sweep_queues_one_job_for_each_combination_with_one_event(
    resources: Resources, developer: Actor, requested: SweepRequest
) -> None:
    before = len(audit_payloads(resources))
    sweep = sweeps.create_sweep(resources, developer, requested)
    assert [one.settings for one in sweep.candidates] == [
        {"grid_size": size, "maximum_edges": edges} for size in (2, 3) for edges in (1, None)
    ]
    assert sorted(queued(resources)) == sorted(one.job_id for one in sweep.candidates)
    (event,) = audit_payloads(resources)[before:]
    assert (event["action"], event["subject"]) == ("sweeps.created", f"sweeps/{sweep.id}")
    assert event["details"]["jobs"] == [one.job_id for one in sweep.candidates]
    job = training_jobs.get_training_job(resources, developer, sweep.candidates[2].job_id)
    assert job.configuration == QUICK.model_copy(update={"grid_size": 3, "maximum_edges": 1})
    assert job.message == "which size?"


def test_candidates_are_versions_and_the_front_is_marked(
    resources: Resources, developer: Actor, requested: SweepRequest
) -> None:
    sweep = sweeps.create_sweep(resources, developer, requested)
    for one in sweep.candidates[:3]:
        assert training_runs.run_training_job(resources, one.job_id) == "succeeded"
    shown = sweeps.get_sweep(resources, developer, sweep.id)
    assert shown.jobs == {"succeeded": 3, "queued": 1}
    assert not shown.finished
    assert [one.version for one in shown.candidates] == [1, 2, 3, None]
    for one in shown.candidates[:3]:
        version = versions.get_version(resources, developer, "credit", one.version or 0)
        assert (one.active_edges, one.complexity) == (version.active_edges, version.complexity)
        assert one.loss == next(metric.value for metric in version.metrics if metric.name == "log_loss")
    points = [(one.loss, one.active_edges, one.complexity) for one in shown.candidates[:3]]
    beaten = [any(p != q and all(a <= b for a, b in zip(p, q, strict=True)) for p in points) for q in points]  # type: ignore[operator] # all are measured
    assert [one.on_front for one in shown.candidates] == [*(not one for one in beaten), False]
    assert any(one.on_front for one in shown.candidates)


def test_the_chart_has_a_point_for_every_version(
    resources: Resources, developer: Actor, requested: SweepRequest
) -> None:
    sweep = sweeps.create_sweep(resources, developer, requested)
    empty = sweeps.get_sweep_chart(resources, developer, sweep.id, "active_edges")
    assert [trace["x"] for trace in empty["data"]] == [[], []]
    training_runs.run_training_job(resources, sweep.candidates[0].job_id)
    one = sweeps.get_sweep(resources, developer, sweep.id).candidates[0]
    figure = sweeps.get_sweep_chart(resources, developer, sweep.id, "complexity")
    others, front = figure["data"]
    assert (others["x"], front["x"], front["y"]) == ([], [one.complexity], [one.loss])


def test_a_cancelled_sweep_stops_what_has_not_ended_and_keeps_what_was_made(
    resources: Resources, developer: Actor, requested: SweepRequest
) -> None:
    sweep = sweeps.create_sweep(resources, developer, requested)
    training_runs.run_training_job(resources, sweep.candidates[0].job_id)
    shown = sweeps.cancel_sweep(resources, developer, sweep.id)
    assert [one.state for one in shown.candidates] == ["succeeded", "cancelled", "cancelled", "cancelled"]
    assert shown.finished
    trail = audit_payloads(resources)[-1]
    assert (trail["action"], len(trail["details"]["jobs"])) == ("sweeps.cancelled", 3)
    assert versions.get_version(resources, developer, "credit", 1).state == "candidate"
    with pytest.raises(errors.WrongState, match="finished"):
        sweeps.cancel_sweep(resources, developer, sweep.id)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grid": SweepGrid()}, errors.SweepWithoutValues),
        ({"grid": SweepGrid(seed=(1, 1))}, errors.SweepValueRepeated),
        ({"grid": SweepGrid(seed=tuple(range(200)), degree=(2, 3))}, errors.SweepTooLarge),
        ({"configuration": QUICK.model_copy(update={"inputs": ("height",)})}, errors.UnknownColumn),
        ({"dataset_id": "0" * 36}, errors.NotFound),
        ({"model": "nothing"}, errors.NotFound),
    ],
    ids=str,
)
def test_a_refused_sweep_leaves_nothing(
    resources: Resources,
    developer: Actor,
    requested: SweepRequest,
    changes: dict[str, Any],
    error: type[errors.EdgewiseError],
) -> None:
    before = everything_stored(resources)
    with pytest.raises(error):
        sweeps.create_sweep(resources, developer, changed(requested, **changes))
    assert everything_stored(resources) == before
    assert queued(resources) == []


def test_the_same_key_makes_one_sweep(resources: Resources, developer: Actor, requested: SweepRequest) -> None:
    one = sweeps.create_sweep(resources, developer, requested, "key")
    assert sweeps.create_sweep(resources, developer, requested, "key") == one
    assert len(queued(resources)) == 4
    with pytest.raises(errors.IdempotencyKeyReused):
        sweeps.create_sweep(resources, developer, changed(requested, message="another"), "key")


def test_sweeps_are_listed_newest_first_with_the_states_of_their_jobs(
    resources: Resources, developer: Actor, requested: SweepRequest
) -> None:
    made = [sweeps.create_sweep(resources, developer, changed(requested, priority=number)).id for number in range(3)]
    sweeps.cancel_sweep(resources, developer, made[2])
    page = sweeps.list_sweeps(resources, developer, "credit", PageRequest(limit=2))
    assert [one.id for one in page.items] == made[:0:-1]
    assert [one.jobs for one in page.items] == [{"cancelled": 4}, {"queued": 4}]
    assert [one.finished for one in page.items] == [True, False]
    assert sweeps.list_sweeps(resources, developer, "other", PageRequest()).items == ()
    with pytest.raises(errors.NotFound, match="sweep"):
        sweeps.get_sweep(resources, developer, "0" * 36)
