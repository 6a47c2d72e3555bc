"""What the database must say once all jobs have ended, whatever happened to the workers on the way."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import select

from service.domain.canonical import canonical_json
from service.domain.lifecycle import FINISHED_JOB_STATES
from service.operations.audit_events import verify_audit_trail
from service.operations.resources import Resources
from service.storage import audit, tables

#: The stages of a training in order, by the stage that is kept when they are done; the last one is not kept.
STAGES = {"fit": 0, "prune": 1, "refit": 1, "symbolify": 2, "evaluate": 3}


def contradictions(resources: Resources) -> list[str]:
    """Every sentence that would make the record of the jobs untrue; none where all is well."""
    with resources.database.read() as session:
        jobs = list(session.scalars(select(tables.TrainingJob)))
        events = list(session.scalars(select(tables.JobEvent).order_by(tables.JobEvent.job_id, tables.JobEvent.seq)))
        versions = list(session.scalars(select(tables.ModelVersion).order_by(tables.ModelVersion.number)))
        trail = [json.loads(link.payload) for link in audit.read_links(session)]
    found = [*_of_jobs(jobs, events), *_of_versions(jobs, versions), *_of_audit_events(versions, trail)]
    verification = verify_audit_trail(resources, None)
    if not verification.holds:
        found.append(f"the audit chain does not hold: {verification.detail}")
    return [*found, *_of_files(resources, versions)]


def repeated_stages(resources: Resources) -> list[str]:
    """Where an attempt computed a stage again that an earlier one had finished."""
    with resources.database.read() as session:
        events = list(session.scalars(select(tables.JobEvent).order_by(tables.JobEvent.job_id, tables.JobEvent.seq)))
    found, furthest, is_fresh = [], defaultdict[str, int](int), defaultdict[str, bool](bool)
    for event in events:
        if event.kind == "state":
            is_fresh[event.job_id] = True
        elif event.data["stage"] in STAGES:
            stage = STAGES[event.data["stage"]]
            if is_fresh[event.job_id] and stage < furthest[event.job_id]:
                found.append(f"job {event.job_id} went back to {event.data['stage']} at event {event.seq}")
            is_fresh[event.job_id] = False
            furthest[event.job_id] = max(furthest[event.job_id], stage)
    return found


def digests(resources: Resources) -> dict[str, set[str]]:
    """The digests of all versions by what determines them."""
    found = defaultdict[str, set[str]](set)
    with resources.database.read() as session:
        for version in session.scalars(select(tables.ModelVersion)):
            found[canonical_json([version.dataset_digest, version.configuration])].add(version.digest)
    return dict(found)


def _of_jobs(jobs: Sequence[tables.TrainingJob], events: Sequence[tables.JobEvent]) -> Iterator[str]:
    ends = Counter(
        event.job_id for event in events if event.kind == "state" and event.data["state"] in FINISHED_JOB_STATES
    )
    for job in jobs:
        if job.state not in FINISHED_JOB_STATES:
            yield f"job {job.id} is {job.state}"
        elif ends[job.id] != 1:
            yield f"job {job.id} ended {ends[job.id]} times"
        if (job.state == "succeeded") != (job.version is not None):
            yield f"job {job.id} is {job.state} with version {job.version}"


def _of_versions(jobs: Sequence[tables.TrainingJob], versions: Sequence[tables.ModelVersion]) -> Iterator[str]:
    made = Counter(version.training_job_id for version in versions)
    for job in jobs:
        wanted = 1 if job.state == "succeeded" else 0
        if made[job.id] != wanted:
            yield f"job {job.id} is {job.state} and has {made[job.id]} versions"
    numbers = defaultdict[str, list[int]](list)
    for version in versions:
        numbers[version.model].append(version.number)
    for model, given in numbers.items():
        if given != list(range(1, len(given) + 1)):
            yield f"the versions of {model} are numbered {given}"


def _of_audit_events(versions: Sequence[tables.ModelVersion], trail: Sequence[dict[str, object]]) -> Iterator[str]:
    told = Counter(
        canonical_json([event["subject"], event["details"]])
        for event in trail
        if event["action"] == "model_versions.created"
    )
    if told.total() != len(versions):
        yield f"{told.total()} events tell of {len(versions)} versions"
    for version in versions:
        details = {
            "digest": version.digest,
            "dataset": version.dataset_digest,
            "job": version.training_job_id,
            "by": version.created_by,
        }
        count = told[canonical_json([f"models/{version.model}/versions/{version.number}", details])]
        if count != 1:
            yield f"version {version.number} of {version.model} has {count} audit events"


def _of_files(resources: Resources, versions: Sequence[tables.ModelVersion]) -> Iterator[str]:
    for digest in {version.digest for version in versions}:
        resources.artifacts.read(digest)
    kept = resources.settings.data_dir / "checkpoints"
    left = sorted(path.name for path in kept.iterdir()) if kept.exists() else []
    if left:
        yield f"the kept stages of {len(left)} jobs that have ended were left behind"
