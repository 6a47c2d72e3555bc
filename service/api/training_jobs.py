"""Training jobs: request, follow, cancel."""

import asyncio
from collections.abc import AsyncIterable
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from service.api.dependencies import Caller, IdempotencyKey, Identifier, Injected, ModelFilter, RequestedPage
from service.domain.pages import Page
from service.operations import training_jobs
from service.operations.training_jobs import JobEvents, TrainingJob, TrainingJobRequest

POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 15

router = APIRouter(tags=["training jobs"], prefix="/training-jobs")


@router.post("", status_code=202)
def create_training_job(
    resources: Injected,
    actor: Caller,
    request: TrainingJobRequest,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> TrainingJob:
    """Queue a training; a worker makes a version of it."""
    job = training_jobs.create_training_job(resources, actor, request, idempotency_key)
    response.headers["Location"] = f"/api/v1/training-jobs/{job.id}"
    return job


@router.get("")
def list_training_jobs(
    resources: Injected,
    actor: Caller,
    page: RequestedPage,
    model: ModelFilter = None,
) -> Page[TrainingJob]:
    """Jobs, newest first."""
    return training_jobs.list_training_jobs(resources, actor, model, page)


@router.get("/{job_id}")
def get_training_job(resources: Injected, actor: Caller, job_id: Identifier) -> TrainingJob:
    """One job."""
    return training_jobs.get_training_job(resources, actor, job_id)


LastEventId = Annotated[int | None, Header(ge=0, le=2**31 - 1)]


def _first_events(
    resources: Injected, actor: Caller, job_id: Identifier, last_event_id: LastEventId = None
) -> JobEvents:
    """Read before the answer begins: a job that nobody knows is a problem and no stream."""
    return training_jobs.read_training_job_events(resources, actor, job_id, last_event_id or 0)


@router.get("/{job_id}/events", response_class=EventSourceResponse)
async def stream_training_job_events(
    resources: Injected,
    actor: Caller,
    job_id: Identifier,
    news: Annotated[JobEvents, Depends(_first_events)],
    last_event_id: LastEventId = None,
) -> AsyncIterable[ServerSentEvent]:
    """Progress as server-sent events; `Last-Event-ID` resumes, the event `end` is the last."""
    after = last_event_id or 0
    silent = 0.0
    while True:
        for event in news.events:
            yield ServerSentEvent(event=event.kind, id=str(event.seq), data=event)
            after, silent = event.seq, 0.0
        if news.finished:
            yield ServerSentEvent(event="end", id=str(after), data={"finished": True})
            return
        if resources.stopping.is_set():
            return  # whoever follows goes on at another process, from `Last-Event-ID`
        if silent >= HEARTBEAT_SECONDS:
            yield ServerSentEvent(comment="still working")
            silent = 0.0
        await asyncio.sleep(POLL_SECONDS)
        silent += POLL_SECONDS
        news = await run_in_threadpool(training_jobs.read_training_job_events, resources, actor, job_id, after)


@router.post("/{job_id}/cancel")
def cancel_training_job(resources: Injected, actor: Caller, job_id: Identifier) -> TrainingJob:
    """Stop a job."""
    return training_jobs.cancel_training_job(resources, actor, job_id)


@router.post("/{job_id}/retry", status_code=202)
def retry_training_job(resources: Injected, actor: Caller, job_id: Identifier, response: Response) -> TrainingJob:
    """Queue the request of a job that failed or was cancelled once more, as a new job."""
    job = training_jobs.retry_training_job(resources, actor, job_id)
    response.headers["Location"] = f"/api/v1/training-jobs/{job.id}"
    return job
