"""`edgewise demo`: everything at once on this machine, with demo data made by the service's own operations.

Each step looks first whether its result is there, so that a second start makes nothing again and an interrupted
first start is taken up where it ended.
"""

import io
import json
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from service.cli.processes import Processes
from service.cli.serving import serve
from service.domain.feature_schema import SchemaOverrides
from service.domain.pages import PageRequest
from service.domain.permissions import Actor, Role
from service.domain.reasons import ReasonDictionaryRequest
from service.domain.references import DefaultReferenceRequest, ReferenceRequest
from service.domain.reviews import EdgeDecisionRequest, SignatureRequest
from service.domain.training_configuration import TrainingConfiguration
from service.errors import TrainingFailed
from service.modelling import demonstration
from service.operations import (
    aliases,
    datasets,
    models,
    reason_dictionaries,
    references,
    reviews,
    signatures,
    training_jobs,
    users,
)
from service.operations.aliases import AliasRequest
from service.operations.datasets import Dataset, DatasetRequest
from service.operations.health import migrate
from service.operations.models import ModelRequest
from service.operations.resources import Resources, open_resources
from service.operations.reviews import Review, ReviewRequest
from service.operations.training_jobs import TrainingJobRequest
from service.settings import Settings
from service.worker.process import run_worker

CANCER_MODEL = "breast-cancer"
CREDIT_MODEL = "credit"
PEOPLE: tuple[tuple[str, str, Role], ...] = (
    ("developer", "Dana Developer", "developer"),
    ("auditor", "Aaron Auditor", "auditor"),
    ("administrator", "Ada Administrator", "administrator"),
    ("observer", "Olga Observer", "observer"),
)


@dataclass(frozen=True)
class Credential:
    """What a demo person signs in with."""

    name: str
    role: Role
    password: str


def run_demo(settings: Settings) -> int:
    """Migrate, make what is missing, serve until Ctrl-C."""
    say("Preparing the database …")
    migrate(settings.resolved_database_url)
    try:
        with Processes() as processes:
            processes.start(run_worker, settings)
            processes.start(serve, settings)
            return _run(settings, processes)
    except KeyboardInterrupt:
        return 0


def _run(settings: Settings, processes: Processes) -> int:
    resources = open_resources(settings)
    try:
        credentials = _prepare(resources)
    finally:
        resources.close()
    address = f"http://{settings.host}:{settings.port}"
    processes.wait_until_serving(settings.host, settings.port)
    if credentials:
        _announce(settings, credentials, address)
    say(f"Edgewise is ready at {address} (Ctrl-C stops it).")
    return processes.wait()


def say(sentence: str) -> None:
    """Tell the person at the terminal."""
    print(sentence, flush=True)


def _prepare(resources: Resources) -> list[Credential]:
    """Make what is missing; the passwords of the people when they were made (again), else nothing."""
    if _is_complete(resources):
        return []
    credentials = [Credential(name, role, secrets.token_urlsafe(12)) for name, _, role in PEOPLE]
    developer, auditor = (_person(resources, credential) for credential in credentials[:2])
    for credential in credentials[2:]:
        _person(resources, credential)
    started = time.monotonic()
    _approved_model(resources, developer, auditor, credentials[1].password)
    _waiting_model(resources, developer)
    say(f"The demo models are trained ({time.monotonic() - started:.0f} s).")
    return credentials


def _is_complete(resources: Resources) -> bool:
    actor = users.find_actor(resources, "developer")
    if actor is None:
        return False
    page = reviews.list_reviews(resources, actor, None, PageRequest(limit=200))
    return {review.model for review in page.items} >= {CANCER_MODEL, CREDIT_MODEL}


def _person(resources: Resources, credential: Credential) -> Actor:
    if users.find_actor(resources, credential.name) is not None:
        return users.set_password(resources, credential.name, credential.password)
    printed_name = next(printed for name, printed, _ in PEOPLE if name == credential.name)
    return users.create_user(
        resources, credential.name, printed_name, frozenset({credential.role}), credential.password
    )


def _approved_model(resources: Resources, developer: Actor, auditor: Actor, password: str) -> None:
    request = ModelRequest(
        name=CANCER_MODEL,
        title="Breast mass diagnosis",
        purpose="Tell malignant from benign breast masses by measurements of cell nuclei.",
        owner="Clinical Decision Support",
        risk_tier="medium",
        approved_use="Second reading in a teaching demo. Not for patients.",
    )
    dataset = _dataset(
        resources,
        developer,
        "Breast cancer Wisconsin (diagnostic)",
        demonstration.breast_cancer_csv,
        demonstration.BREAST_CANCER_OVERRIDES,
    )
    number = _version(resources, developer, request, dataset, demonstration.BREAST_CANCER_CONFIGURATION)
    review = _submit(resources, developer, request.name, number, "First version, for the demo.")
    if review.state == "open":
        _accept(resources, auditor, review, password)
    alias = aliases.get_alias(resources, developer, request.name, "champion")
    if alias.version is None:
        aliases.move_alias(resources, developer, request.name, "champion", AliasRequest(version=number), alias.etag)


def _waiting_model(resources: Resources, developer: Actor) -> None:
    request = ModelRequest(
        name=CREDIT_MODEL,
        title="Consumer credit default",
        purpose="Estimate the probability that a consumer loan defaults within a year.",
        owner="Retail Credit Risk",
        risk_tier="medium",
        approved_use="Demo on synthetic applicants whose true formula is documented.",
        adverse_action=True,
        adverse_outcome="higher",
    )
    dataset = _dataset(
        resources, developer, "Synthetic credit applications", demonstration.credit_csv, demonstration.CREDIT_OVERRIDES
    )
    number = _version(resources, developer, request, dataset, demonstration.CREDIT_CONFIGURATION)
    _reasons(resources, developer, request.name, number)
    _submit(resources, developer, request.name, number, "Please compare each edge with what you expect.")


def _reasons(resources: Resources, developer: Actor, model: str, number: int) -> None:
    """The words for reasons, and the population near the cut-off that they are measured against."""
    dictionary = reason_dictionaries.get_reason_dictionary(resources, developer, model, None)
    if dictionary.revision is None:
        entries = ReasonDictionaryRequest(entries=demonstration.CREDIT_REASONS)
        reason_dictionaries.put_reason_dictionary(resources, developer, model, entries, dictionary.etag)
    if len(references.list_references(resources, developer, model, number)) == 1:
        wanted = ReferenceRequest(name="near-cutoff", selection=demonstration.CREDIT_CUTOFF)
        made = references.create_reference(resources, developer, model, number, wanted)
        etag = references.get_default_reference(resources, developer, model, number).etag
        chosen = DefaultReferenceRequest(name=made.name, revision=made.revision)
        references.set_default_reference(resources, developer, model, number, chosen, etag)


def _dataset(
    resources: Resources,
    developer: Actor,
    name: str,
    content: Callable[[], bytes],
    overrides: SchemaOverrides,
) -> Dataset:
    page = datasets.list_datasets(resources, developer, PageRequest(limit=200))
    existing = next((dataset for dataset in page.items if dataset.name == name), None)
    if existing is not None:
        return existing
    say(f"Taking a snapshot of '{name}' …")
    request = DatasetRequest(name=name, overrides=overrides)
    return datasets.create_dataset(resources, developer, request, io.BytesIO(content()))


def _version(
    resources: Resources,
    developer: Actor,
    request: ModelRequest,
    dataset: Dataset,
    configuration: TrainingConfiguration,
) -> int:
    page = models.list_models(resources, developer, PageRequest(limit=200))
    if request.name not in {model.name for model in page.items}:
        models.create_model(resources, developer, request)
    jobs = training_jobs.list_training_jobs(resources, developer, request.name, PageRequest()).items
    job = next((job for job in jobs if job.state not in ("failed", "cancelled")), None)
    if job is None:
        wanted = TrainingJobRequest(
            model=request.name, dataset_id=dataset.id, configuration=configuration, message="Made by the demo."
        )
        job = training_jobs.create_training_job(resources, developer, wanted)
    say(f"Training '{request.name}' on {dataset.rows:,} rows …")
    return _trained(resources, developer, job.id)


def _trained(resources: Resources, developer: Actor, job_id: str) -> int:
    while True:
        job = training_jobs.get_training_job(resources, developer, job_id)
        if job.version is not None:
            return job.version
        if job.state in ("failed", "cancelled"):
            raise TrainingFailed(job.error.detail if job.error else job.state)
        time.sleep(0.2)


def _submit(resources: Resources, developer: Actor, model: str, number: int, summary: str) -> Review:
    page = reviews.list_reviews(resources, developer, None, PageRequest(limit=200))
    existing = next((r for r in page.items if (r.model, r.version) == (model, number)), None)
    if existing is not None:
        return existing
    return reviews.create_review(resources, developer, ReviewRequest(model=model, version=number, summary=summary))


def _accept(resources: Resources, auditor: Actor, review: Review, password: str) -> None:
    for edge in review.edges:
        if edge.decision is None:
            accepted = EdgeDecisionRequest(decision="accepted", comment="Plausible over the whole domain (demo).")
            reviews.decide_edge(resources, auditor, review.id, edge.edge, accepted, edge.etag)
    decided = reviews.get_review(resources, auditor, review.id)
    signature = SignatureRequest.model_validate(
        {
            "verdict": "approved",
            "statement": "Every edge was inspected for this demo.",
            "artifact_digest": decided.artifact_digest,
            "decisions_digest": decided.decisions_digest,
            "password": password,
        }
    )
    signatures.create_signature(resources, auditor, review.id, signature)


def _announce(settings: Settings, credentials: list[Credential], address: str) -> None:
    width = max(len(credential.name) for credential in credentials)
    say("\nSign-in data, shown this once:")
    for credential in credentials:
        say(f"  {credential.name:<{width}}  {credential.password}")
    say("")
    if settings.demo_credentials_file is not None:
        _write_credentials(settings.demo_credentials_file, credentials, address)


def _write_credentials(path: Path, credentials: list[Credential], address: str) -> None:
    content = {
        "address": address,
        "users": {c.name: {"role": c.role, "password": c.password} for c in credentials},
    }
    writing = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(writing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2)
    writing.replace(path)
