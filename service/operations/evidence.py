"""The evidence package of a version: artifact, data, report, decisions, signatures, trail, and what verifies them."""

import inspect
import json
from typing import Any

from service.domain import evidence_verifier
from service.domain.audit import Link
from service.domain.audit_checkpoints import sign
from service.domain.audit_files import write_trail
from service.domain.canonical import canonical_json
from service.domain.evidence import pack
from service.domain.exports import Export
from service.domain.permissions import Actor, require
from service.operations.audit_events import signing_key
from service.operations.resources import Resources
from service.operations.reviews import decisions_on, describe_review
from service.operations.versions import contributors_of, describe_versions
from service.storage import audit, datasets, models, reviews, tables
from service.storage.database import Session


def get_evidence(resources: Resources, actor: Actor, model: str, number: int) -> Export:
    """All that speaks for a version, in one zip that verifies without the service; same state, same bytes.

    Raises: NotFound, ArtifactCorrupted, KeyRefused.
    """
    require(actor, "get_evidence")
    key = signing_key(resources)
    with resources.database.read() as session:
        version = models.get_version(session, model, number)
        links = list(audit.read_links(session, since=audit.find_creation(session, model, number)))
        rounds = reviews.rounds_of(session, model, number)
        documents = {
            "version.json": _version(session, version),
            "dataset.json": _dataset(session, version),
            "reviews.json": [_review(session, actor, review) for review in rounds],
        }
        head = audit.read_head(session)
    files = {name: canonical_json(document).encode() for name, document in documents.items()}
    trail = write_trail(links, sign(head, _moment(links[-1]), key))
    files["audit.jsonl"] = "".join(trail).encode()
    files["artifact.safetensors"] = resources.artifacts.read(version.digest)
    files["verify.py"] = inspect.getsource(evidence_verifier).encode()
    return Export(pack(files, key), "application/zip", f"{model}-{number}-evidence.zip")


def _moment(link: Link) -> str:
    """When the last event happened: a clock would make each package another one."""
    moment: str = json.loads(link.payload)["at"]
    return moment


def _version(session: Session, version: tables.ModelVersion) -> dict[str, Any]:
    shown = describe_versions(session, [version])[0].model_dump(mode="json")
    return {**shown, "contributor_ids": sorted(contributors_of(session, version))}


def _dataset(session: Session, version: tables.ModelVersion) -> dict[str, Any]:
    dataset = datasets.get_dataset(session, version.dataset_id)
    return {
        "id": dataset.id,
        "name": dataset.name,
        "digest": dataset.digest,
        "source_digest": dataset.source_digest,
        "rows": dataset.rows,
        "feature_schema": dataset.feature_schema,
    }


def _review(session: Session, actor: Actor, review: tables.Review) -> dict[str, Any]:
    shown = describe_review(session, actor, review).model_dump(
        mode="json", exclude={"signatures", "edges", "may_decide"}
    )
    signatures = reviews.signatures_of(session, review.id)
    return {
        **shown,
        "edges": review.edges,
        "decisions": {edge: list(decision) for edge, decision in decisions_on(session, review.id).items()},
        "signatures": [{"digest": row.digest, "content": row.content} for row in signatures],
    }
