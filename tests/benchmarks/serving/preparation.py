"""An approved champion of shape [30, 4, 1] with all its 124 edges, made by the service's own operations.

`python -m tests.benchmarks.serving.preparation` works in the database of `EDGEWISE_*` and prints what a client needs.
"""

import io
import json
import secrets
import sys
from typing import Any
from unittest.mock import patch

from pydantic import SecretStr
from sklearn.datasets import load_breast_cancer

from service.domain.reviews import EdgeDecisionRequest, SignatureRequest
from service.domain.training_configuration import TrainingConfiguration
from service.modelling import training
from service.operations import aliases, api_keys, datasets, models, reviews, signatures, training_jobs, training_runs
from service.operations.health import migrate
from service.operations.resources import Resources, open_resources
from service.operations.users import create_user
from service.settings import Settings

MODEL = "cancer"
CONFIGURATION = TrainingConfiguration(hidden=(4,), maximum_edges=None, symbolify=False, steps=10)
EDGES = 124
WORDS = {"title": "Cancer", "purpose": "Load", "owner": "Bench", "risk_tier": "low", "approved_use": "Benchmarks"}


def prepare(settings: Settings) -> dict[str, Any]:
    """The path, the headers and the body of a one-row prediction of a champion that is made for it."""
    migrate(settings.resolved_database_url)
    resources = open_resources(settings)
    try:
        columns, names = load_breast_cancer(as_frame=True).data, ["benign", "malignant"]
        target = load_breast_cancer().target
        content = columns.assign(diagnosis=[names[1 - one] for one in target]).to_csv(index=False).encode()
        key = _champion(resources, content)
    finally:
        resources.close()
    row = {name: float(value) for name, value in columns.iloc[0].items()}
    headers = {"authorization": f"Bearer {key}"}
    return {"path": f"/api/v1/models/{MODEL}/predictions", "headers": headers, "body": {"rows": [row]}}


def _champion(resources: Resources, content: bytes) -> str:
    """Train, review, sign and point; the key of a client."""
    password = secrets.token_urlsafe(16)
    developer = create_user(resources, "developer", "Developer", frozenset({"developer"}), password)
    auditor = create_user(resources, "auditor", "Auditor", frozenset({"auditor"}), password)
    described = datasets.DatasetRequest.model_validate({"name": "cancer", "overrides": {"target": "diagnosis"}})
    dataset = datasets.create_dataset(resources, developer, described, io.BytesIO(content)).id
    models.create_model(resources, developer, models.ModelRequest.model_validate({"name": MODEL, **WORDS}))
    wanted = training_jobs.TrainingJobRequest(model=MODEL, dataset_id=dataset, configuration=CONFIGURATION)
    job = training_jobs.create_training_job(resources, developer, wanted).id
    with patch.object(training._Stages, "_simplify", lambda _self, fitted, _edges: fitted):
        training_runs.run_training_job(resources, job)
    review = reviews.create_review(resources, developer, reviews.ReviewRequest(model=MODEL, version=1, summary="-"))
    if len(review.edges) != EDGES:
        raise ValueError(f"the network has {len(review.edges)} edges, not {EDGES}")
    for edge in review.edges:
        reviews.decide_edge(
            resources, auditor, review.id, edge.edge, EdgeDecisionRequest(decision="accepted"), edge.etag
        )
    seen = reviews.get_review(resources, auditor, review.id)
    signed = SignatureRequest(
        verdict="approved",
        statement="For a benchmark.",
        artifact_digest=seen.artifact_digest,
        decisions_digest=seen.decisions_digest,
        password=SecretStr(password),
    )
    signatures.create_signature(resources, auditor, review.id, signed)
    etag = aliases.get_alias(resources, developer, MODEL, "champion").etag
    aliases.move_alias(resources, developer, MODEL, "champion", aliases.AliasRequest(version=1), etag)
    return api_keys.create_api_key(resources, developer, api_keys.ApiKeyRequest(label="load")).key


if __name__ == "__main__":
    json.dump(prepare(Settings()), sys.stdout)
