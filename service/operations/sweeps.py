"""Sweeps: one training job for each combination of settings, followed and stopped together."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from service.domain.canonical import timestamp
from service.domain.documents import Document, from_stored
from service.domain.lifecycle import FINISHED_JOB_STATES, JobState
from service.domain.pages import Page, PageRequest
from service.domain.permissions import Actor, require
from service.domain.sweeps import (
    Size,
    SweepCandidate,
    SweepGrid,
    SweepRequest,
    combinations,
    held_out_loss,
    pareto_front,
    varied,
)
from service.domain.training_configuration import Metric, TrainingConfiguration
from service.errors import WrongState
from service.modelling.charts import sweep_chart
from service.operations import idempotency
from service.operations.resources import Resources
from service.operations.training_jobs import new_job, queue_job, stop_job, training_columns
from service.storage import models, sweeps, tables, users
from service.storage.database import Session


class SweepSummary(Document):
    """A sweep as it is listed."""

    id: str
    model: str
    dataset_id: str
    configuration: TrainingConfiguration
    grid: SweepGrid
    message: str
    jobs: dict[JobState, int] = Field(description="How many of its jobs are in each state.")
    finished: bool
    created_at: str
    created_by: str


class Sweep(SweepSummary):
    """A sweep with all its candidates."""

    candidates: tuple[SweepCandidate, ...]


def create_sweep(resources: Resources, actor: Actor, request: SweepRequest, key: str | None = None) -> Sweep:
    """Queue one training for each combination: rows, event and queue entries in one transaction.

    Records: sweeps.created. Raises: NotFound, leaves of InvalidSweep and InvalidTraining, IdempotencyKeyReused.
    """
    require(actor, "create_sweep")
    configurations = combinations(request.configuration, request.grid)
    with resources.database.write() as session:
        claim = idempotency.claim(resources, session, actor, key, "create_sweep", request)
        if claim.earlier:
            return _describe(session, sweeps.get_sweep(session, claim.earlier[0]))
        models.get_model(session, request.model)
        training_columns(session, request.dataset_id, request.configuration)
        jobs = [_new_job(resources, actor, request, configuration) for configuration in configurations]
        for job in jobs:
            queue_job(resources, session, job)
        sweep = _new_sweep(resources, actor, request)
        sweeps.add_sweep(session, sweep, [job.id for job in jobs])
        claim.settle([sweep.id])
        resources.record(
            session,
            actor,
            "sweeps.created",
            f"sweeps/{sweep.id}",
            {
                "model": sweep.model,
                "dataset": sweep.dataset_id,
                "configuration": sweep.configuration,
                "grid": sweep.grid,
                "jobs": [job.id for job in jobs],
            },
        )
        return _describe(session, sweep)


def list_sweeps(resources: Resources, actor: Actor, model: str | None, request: PageRequest) -> Page[SweepSummary]:
    """Sweeps, newest first; of one model when it is named."""
    require(actor, "list_sweeps")
    with resources.database.read() as session:
        page = sweeps.page(session, model, request)
        counts = sweeps.state_counts(session, [row.id for row in page.items])
        people = users.printed_names(session, [row.created_by for row in page.items])
    items = tuple(SweepSummary(**_summary(row, counts[row.id], people[row.created_by])) for row in page.items)
    return Page(items=items, next_cursor=page.next_cursor)


def get_sweep(resources: Resources, actor: Actor, sweep_id: str) -> Sweep:
    """One sweep with every candidate and the front of those that no other one beats. Raises: NotFound."""
    require(actor, "get_sweep")
    with resources.database.read() as session:
        return _describe(session, sweeps.get_sweep(session, sweep_id))


def get_sweep_chart(resources: Resources, actor: Actor, sweep_id: str, size: Size) -> dict[str, Any]:
    """The held-out loss of the candidates against their size as a plotly figure. Raises: NotFound."""
    require(actor, "get_sweep_chart")
    with resources.database.read() as session:
        return sweep_chart(_describe(session, sweeps.get_sweep(session, sweep_id)).candidates, size)


def cancel_sweep(resources: Resources, actor: Actor, sweep_id: str) -> Sweep:
    """Ask every job of a sweep that has not ended to stop; versions that were made stay.

    Records: sweeps.cancelled. Raises: NotFound, WrongState when all have ended.
    """
    require(actor, "cancel_sweep")
    with resources.database.write() as session:
        sweep = sweeps.get_sweep(session, sweep_id)
        jobs = sweeps.jobs_of(session, sweep_id, lock=True)
        going = [job for job in jobs if job.state not in FINISHED_JOB_STATES]
        if not going:
            raise WrongState("sweep", "finished", ("queued", "running"))
        for job in going:
            stop_job(resources, session, job)
        resources.record(session, actor, "sweeps.cancelled", f"sweeps/{sweep_id}", {"jobs": [job.id for job in going]})
        return _describe(session, sweep)


def _new_job(
    resources: Resources, actor: Actor, request: SweepRequest, configuration: TrainingConfiguration
) -> tables.TrainingJob:
    return new_job(
        resources,
        actor,
        model=request.model,
        dataset_id=request.dataset_id,
        configuration=configuration.model_dump(mode="json"),
        message=request.message,
        priority=request.priority,
    )


def _new_sweep(resources: Resources, actor: Actor, request: SweepRequest) -> tables.Sweep:
    return tables.Sweep(
        id=resources.new_id(),
        model=request.model,
        dataset_id=request.dataset_id,
        configuration=request.configuration.model_dump(mode="json"),
        grid=request.grid.model_dump(mode="json"),
        message=request.message,
        created_at=resources.clock(),
        created_by=actor.id,
    )


def _summary(row: tables.Sweep, counts: Counter[JobState], person: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "model": row.model,
        "dataset_id": row.dataset_id,
        "configuration": from_stored(TrainingConfiguration, row.configuration),
        "grid": from_stored(SweepGrid, row.grid),
        "message": row.message,
        "jobs": dict(counts),
        "finished": FINISHED_JOB_STATES.issuperset(counts),
        "created_at": timestamp(row.created_at),
        "created_by": person,
    }


def _describe(session: Session, row: tables.Sweep) -> Sweep:
    jobs = sweeps.jobs_of(session, row.id)
    versions = sweeps.versions_of(session, [job.id for job in jobs])
    person = users.printed_names(session, [row.created_by])[row.created_by]
    settings = tuple(varied(from_stored(SweepGrid, row.grid)))
    measured = [_candidate(position, job, versions.get(job.id), settings) for position, job in enumerate(jobs)]
    counts = Counter(job.state for job in jobs)
    return Sweep(**_summary(row, counts, person), candidates=_with_front(measured))


def _candidate(
    position: int, job: tables.TrainingJob, version: tables.ModelVersion | None, settings: Sequence[str]
) -> SweepCandidate:
    metrics = tuple(from_stored(Metric, metric) for metric in version.metrics) if version else ()
    return SweepCandidate(
        position=position,
        settings={name: job.configuration[name] for name in settings},
        job_id=job.id,
        state=job.state,
        version=job.version,
        loss=held_out_loss(metrics),
        metrics=metrics,
        active_edges=version.active_edges if version else None,
        complexity=version.complexity if version else None,
        on_front=False,
    )


def _with_front(candidates: Sequence[SweepCandidate]) -> tuple[SweepCandidate, ...]:
    points = {
        one.position: (one.loss, one.active_edges, one.complexity)
        for one in candidates
        if one.loss is not None and one.active_edges is not None and one.complexity is not None
    }
    positions = list(points)
    front = {positions[place] for place in pareto_front(list(points.values()))}
    return tuple(one.model_copy(update={"on_front": one.position in front}) for one in candidates)
