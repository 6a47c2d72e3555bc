"""What the tests of the service share: real resources, people of every role, a client, and a way through a review."""

import io
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import func, select
from starlette.testclient import TestClient

from service.app import create_app
from service.domain.permissions import Actor, Role
from service.domain.reviews import EdgeDecisionRequest, SignatureRequest, Verdict
from service.domain.training_configuration import TrainingConfiguration
from service.operations import aliases, datasets, models, reviews, signatures, training_jobs, training_runs, users
from service.operations.aliases import AliasRequest
from service.operations.datasets import DatasetRequest
from service.operations.models import ModelRequest
from service.operations.resources import Resources, open_resources
from service.operations.reviews import Review, ReviewRequest
from service.operations.training_jobs import TrainingJobRequest
from service.settings import Settings
from service.storage import audit, tables
from tests.service.training import QUICK, RememberedTrainings, credit_csv

PASSWORD = "correct horse battery staple"
HOST = "testserver"
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class Clock:
    """A clock that tests move; it also ticks a millisecond at each look, so that later is later."""

    def __init__(self) -> None:
        self._moment = START

    def __call__(self) -> datetime:
        self._moment += timedelta(milliseconds=1)
        return self._moment

    def advance(self, **duration: float) -> None:
        self._moment += timedelta(**duration)


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Hashes with the real algorithm at its lowest cost; `test_sessions.py` checks the real cost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(users, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session", autouse=True)
def remembered_trainings() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_runs, "train", RememberedTrainings())
        yield


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path,
        database_url=SecretStr(database_url),
        allowed_hosts=[HOST],
        maximum_upload_bytes=50_000,
        maximum_body_bytes=20_000,
        maximum_prediction_rows=20,
        maximum_columns=20,
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def resources(settings: Settings, clock: Clock) -> Iterator[Resources]:
    counter = itertools.count(1)
    opened = open_resources(settings)
    yield replace(opened, clock=clock, entropy=lambda size: next(counter).to_bytes(size, "big"))
    opened.close()


def everything_stored(resources: Resources) -> dict[str, int]:
    """How many rows each table has, and how many files there are: what a refused request must not change."""
    with resources.database.read() as session:
        counts = {
            table.name: session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in tables.Table.metadata.sorted_tables
        }
    files = [path for path in resources.settings.data_dir.rglob("*") if path.is_file()]
    return {**counts, "files": len(files)}


def audit_payloads(resources: Resources) -> list[dict[str, Any]]:
    """What the trail says, oldest first."""
    with resources.database.read() as session:
        return [json.loads(link.payload) for link in audit.read_links(session)]


Person = Callable[..., Actor]


@pytest.fixture
def person(resources: Resources) -> Person:
    """Makes a person with these roles, or finds the one that has the name already."""

    def make(*roles: Role, name: str | None = None) -> Actor:
        name = name or "-".join(roles)
        found = users.find_actor(resources, name)
        return found or users.create_user(resources, name, f"Printed {name.title()}", frozenset(roles), PASSWORD)

    return make


@pytest.fixture
def developer(person: Person) -> Actor:
    return person("developer")


@pytest.fixture
def auditor(person: Person) -> Actor:
    return person("auditor")


@dataclass(frozen=True)
class Steps:
    """The way of a version through the service's own operations."""

    resources: Resources
    developer: Actor
    auditor: Actor

    def dataset(self, content: bytes | None = None, name: str = "applicants") -> str:
        request = DatasetRequest.model_validate(
            {"name": name, "overrides": {"target": "default", "features": {"sex": {"protected": True}}}}
        )
        return datasets.create_dataset(self.resources, self.developer, request, io.BytesIO(content or credit_csv())).id

    def model(self, name: str = "credit", risk_tier: str = "medium") -> str:
        words = {"title": "Credit", "purpose": "Predict defaults", "owner": "Risk", "approved_use": "Tests"}
        request = ModelRequest.model_validate({"name": name, "risk_tier": risk_tier, **words})
        return models.create_model(self.resources, self.developer, request).name

    def job(self, model: str, dataset: str, configuration: TrainingConfiguration = QUICK) -> str:
        request = TrainingJobRequest(model=model, dataset_id=dataset, configuration=configuration)
        return training_jobs.create_training_job(self.resources, self.developer, request).id

    def train(self, model: str, dataset: str, configuration: TrainingConfiguration = QUICK) -> int:
        """A trained candidate's number."""
        job = self.job(model, dataset, configuration)
        assert training_runs.run_training_job(self.resources, job) == "succeeded"
        number = training_jobs.get_training_job(self.resources, self.developer, job).version
        assert number is not None
        return number

    def submit(self, model: str, number: int) -> Review:
        request = ReviewRequest(model=model, version=number, summary="Please look.")
        return reviews.create_review(self.resources, self.developer, request)

    def accept_edges(self, review: Review, auditor: Actor | None = None) -> Review:
        who = auditor or self.auditor
        for edge in review.edges:
            accepted = EdgeDecisionRequest(decision="accepted")
            reviews.decide_edge(self.resources, who, review.id, edge.edge, accepted, edge.etag)
        return reviews.get_review(self.resources, who, review.id)

    def sign(self, review: Review, auditor: Actor | None = None, verdict: Verdict = "approved") -> Review:
        return self.sign_request(review, signature_request(review, verdict), auditor)

    def sign_request(self, review: Review, request: SignatureRequest, auditor: Actor | None = None) -> Review:
        return signatures.create_signature(self.resources, auditor or self.auditor, review.id, request)

    def approve(self, model: str, number: int) -> Review:
        return self.sign(self.accept_edges(self.submit(model, number)))

    def point(self, model: str, number: int, alias: aliases.AliasName = "champion") -> aliases.Alias:
        etag = aliases.get_alias(self.resources, self.developer, model, alias).etag
        return aliases.move_alias(self.resources, self.developer, model, alias, AliasRequest(version=number), etag)


def signature_request(review: Review, verdict: Verdict = "approved", **changes: object) -> SignatureRequest:
    """What the signer of this state of a review sends."""
    standard = {
        "verdict": verdict,
        "statement": "I looked at every edge.",
        "artifact_digest": review.artifact_digest,
        "decisions_digest": review.decisions_digest,
        "password": PASSWORD,
    }
    return SignatureRequest.model_validate({**standard, **changes})


@pytest.fixture
def steps(resources: Resources, developer: Actor, auditor: Actor) -> Steps:
    return Steps(resources, developer, auditor)


@pytest.fixture
def candidate(steps: Steps) -> int:
    """Version 1 of `credit`, just trained."""
    return steps.train(steps.model(), steps.dataset())


@pytest.fixture
def champion(steps: Steps, candidate: int) -> int:
    """Version 1 of `credit`, approved and champion."""
    steps.approve("credit", candidate)
    steps.point("credit", candidate)
    return candidate


@pytest.fixture
def app(settings: Settings, resources: Resources) -> FastAPI:
    return create_app(settings, resources)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A browser that nobody is signed in with; failures of the service are answers, as over a network."""
    opened = TestClient(app, base_url=f"https://{HOST}", raise_server_exceptions=False)
    yield opened
    opened.close()


SignIn = Callable[..., Actor]


@pytest.fixture
def sign_in(client: TestClient, person: Person) -> SignIn:
    """Signs somebody with these roles in, in the client."""

    def act(*roles: Role, name: str | None = None) -> Actor:
        actor = person(*roles, name=name)
        answer = client.post("/api/v1/sessions", json={"name": actor.name, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return actor

    return act
