"""Jobs of one model on one dataset, as a developer asks for them and sees them."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from service.domain.permissions import Actor
from service.domain.training_configuration import TrainingConfiguration
from service.operations import datasets, models, training_jobs, versions
from service.operations.datasets import DatasetRequest
from service.operations.models import ModelRequest
from service.operations.resources import Resources
from service.operations.training_jobs import TrainingJob, TrainingJobRequest
from tests.service.training import credit_csv


@dataclass(frozen=True)
class Jobs:
    """Jobs of one model on one dataset, as the developer asks for them and sees them."""

    resources: Resources
    developer: Actor
    dataset: str

    def queue(self, configuration: TrainingConfiguration) -> str:
        target = configuration.model_copy(update={"target": "default"})
        job = TrainingJobRequest(model="credit", dataset_id=self.dataset, configuration=target)
        return training_jobs.create_training_job(self.resources, self.developer, job).id

    def cancel(self, job: str) -> TrainingJob:
        return training_jobs.cancel_training_job(self.resources, self.developer, job)

    def shown(self, job: str) -> TrainingJob:
        return training_jobs.get_training_job(self.resources, self.developer, job)

    def have_succeeded(self, jobs: Sequence[str]) -> bool:
        return all(self.shown(job).state == "succeeded" for job in jobs)

    def is_in(self, job: str, stage: str) -> bool:
        progress = self.shown(job).progress
        return progress is not None and progress.stage == stage

    def states(self, job: str) -> list[str]:
        stream = training_jobs.read_training_job_events(self.resources, self.developer, job, 0)
        return [event.data["state"] for event in stream.events if event.kind == "state"]

    def digest(self, job: str) -> str:
        number = self.shown(job).version
        assert number is not None
        return versions.get_version(self.resources, self.developer, "credit", number).digest


def prepared_jobs(resources: Resources, developer: Actor) -> Jobs:
    """A model and a dataset to train it on."""
    words = {"title": "T", "purpose": "P", "owner": "O", "approved_use": "A"}
    models.create_model(
        resources, developer, ModelRequest.model_validate({"name": "credit", "risk_tier": "low", **words})
    )
    dataset = datasets.create_dataset(resources, developer, DatasetRequest(name="t"), io.BytesIO(credit_csv()))
    return Jobs(resources, developer, dataset.id)
