"""Workers: their signs of life, and the jobs of those that are lost."""

import socket
from dataclasses import dataclass
from importlib.metadata import version

from service.domain.canonical import timestamp
from service.domain.documents import Document
from service.domain.permissions import Actor, require
from service.errors import WorkerNameTaken
from service.operations.resources import Resources
from service.storage import tables, training_jobs, workers


class Worker(Document):
    """A worker as it is shown."""

    name: str
    host: str
    release: str
    started_at: str
    seen_at: str
    stopped_at: str | None


@dataclass(frozen=True)
class Pulse:
    """What grows while a worker lives."""

    incarnation: str
    beat: int
    has_stopped: bool


def list_workers(resources: Resources, actor: Actor) -> tuple[Worker, ...]:
    """All workers that ever ran, by name."""
    require(actor, "list_workers")
    with resources.database.read() as session:
        return tuple(
            Worker(
                name=row.name,
                host=row.host,
                release=row.release,
                started_at=timestamp(row.started_at),
                seen_at=timestamp(row.seen_at),
                stopped_at=timestamp(row.stopped_at) if row.stopped_at else None,
            )
            for row in workers.all_workers(session)
        )


def start_worker(resources: Resources, name: str) -> str:
    """Note that a worker has started, in place of any of the same name, and return the id of its incarnation.

    Records: workers.started.
    """
    moment, incarnation = resources.clock(), resources.new_id()
    with resources.database.write() as session:
        workers.put_worker(
            session,
            tables.Worker(
                name=name,
                incarnation=incarnation,
                host=socket.gethostname(),
                release=version("edgewise"),
                beat=0,
                started_at=moment,
                seen_at=moment,
                stopped_at=None,
            ),
        )
        resources.record(session, None, "workers.started", f"workers/{name}", {"incarnation": incarnation})
    return incarnation


def beat(resources: Resources, name: str, incarnation: str) -> None:
    """Note that a worker lives. Raises: WorkerNameTaken when another one has started under its name."""
    with resources.database.write() as session:
        worker = workers.get_worker(session, name)
        if worker.incarnation != incarnation:
            raise WorkerNameTaken(name)
        worker.beat += 1
        worker.seen_at = resources.clock()


def stop_worker(resources: Resources, name: str, incarnation: str) -> None:
    """Note that a worker stops, so that others take over its jobs at once. Records: workers.stopped."""
    with resources.database.write() as session:
        worker = workers.get_worker(session, name)
        if worker.incarnation == incarnation:
            worker.stopped_at = resources.clock()
            resources.record(session, None, "workers.stopped", f"workers/{name}", {"incarnation": incarnation})


def read_pulses(resources: Resources) -> dict[str, Pulse]:
    """The pulse of every worker by name."""
    with resources.database.read() as session:
        return {
            row.name: Pulse(row.incarnation, row.beat, row.stopped_at is not None)
            for row in workers.all_workers(session)
        }


def take_over_jobs(resources: Resources, name: str) -> tuple[str, ...]:
    """Queue the unfinished jobs of a lost worker again; two workers that do so at once do no harm.

    Records: training_jobs.taken_over for each job.
    """
    taken = []
    for job_id in resources.queue.jobs_held_by(name):
        with resources.database.write() as session:
            job = training_jobs.get_job(session, job_id, lock=True)
            if job.worker not in (None, name) and job.state == "running":
                continue
            details = {"lost_worker": name}
            resources.record(session, None, "training_jobs.taken_over", f"training-jobs/{job_id}", details)
        resources.queue.enqueue_again(job_id)
        taken.append(job_id)
    return tuple(taken)
