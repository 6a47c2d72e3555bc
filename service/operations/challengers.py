"""Challengers of a version: asked for by whoever doubts it, computed by a worker, read by everybody who may read."""

from collections.abc import Callable

from service.domain.challengers import ChallengerReport
from service.domain.documents import Document, from_stored
from service.domain.feature_schema import TrainingColumns
from service.domain.lifecycle import RETRIED_JOB_STATES
from service.domain.permissions import Actor, require
from service.domain.training_configuration import Progress, TrainingConfiguration
from service.modelling.challengers import challenge
from service.operations.resources import Resources
from service.operations.training_jobs import TrainingJob, describe_jobs, new_job, queue_job
from service.storage import challengers, datasets, models, training_jobs


class Challengers(Document):
    """The newest comparison of a version with other models: its job, and its report once that has succeeded."""

    job: TrainingJob | None
    report: ChallengerReport | None


def create_challengers(resources: Resources, actor: Actor, model: str, number: int) -> TrainingJob:
    """Queue the comparison of a version with other models; one that is under way or done is not computed again.

    Records: challengers.created. Raises: NotFound.
    """
    require(actor, "create_challengers")
    with resources.database.write() as session:
        version = models.get_version(session, model, number, lock=True)
        found = challengers.find_newest(session, model, number)
        earlier = training_jobs.get_job(session, found.job_id) if found else None
        if earlier is not None and earlier.state not in RETRIED_JOB_STATES:
            return describe_jobs(session, [earlier])[0]
        job = new_job(
            resources,
            actor,
            model=model,
            dataset_id=version.dataset_id,
            configuration=version.configuration,
            message=f"Challengers of version {number}",
            priority=0,
            kind="challenge",
        )
        queue_job(resources, session, job)
        challengers.add_report(session, job.id, model, number)
        subject = f"models/{model}/versions/{number}"
        resources.record(session, actor, "challengers.created", subject, {"job": job.id})
        return describe_jobs(session, [job])[0]


def get_challengers(resources: Resources, actor: Actor, model: str, number: int) -> Challengers:
    """The newest comparison of a version, empty where none was asked for. Raises: NotFound."""
    require(actor, "get_challengers")
    with resources.database.read() as session:
        models.get_version(session, model, number)
        found = challengers.find_newest(session, model, number)
        if found is None:
            return Challengers(job=None, report=None)
        job = describe_jobs(session, [training_jobs.get_job(session, found.job_id)])[0]
        return Challengers(job=job, report=from_stored(ChallengerReport, found.report) if found.report else None)


def compare_with_challengers(resources: Resources, job_id: str, report: Callable[[Progress], None]) -> ChallengerReport:
    """Compute the comparison that a job asks for. Raises: ArtifactCorrupted."""
    with resources.database.read() as session:
        asked = challengers.get_report(session, job_id)
        version = models.get_version(session, asked.model, asked.version)
        dataset = datasets.get_dataset(session, version.dataset_id)
    return challenge(
        resources.artifacts.read(dataset.digest),
        from_stored(TrainingColumns, version.columns),
        from_stored(TrainingConfiguration, version.configuration),
        resources.registry.get(version.digest),
        report,
    )
