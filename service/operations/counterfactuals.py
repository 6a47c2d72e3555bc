"""Counterfactuals: what would change an answer. Nothing of the row is kept; a digest of what was said is."""

from service.domain.canonical import canonical_json, digest_of
from service.domain.counterfactuals import CounterfactualRequest, Counterfactuals
from service.domain.documents import from_stored
from service.domain.feature_schema import FeatureSchema
from service.domain.permissions import Actor, require
from service.modelling.counterfactuals import answer_question
from service.modelling.prediction import link_of
from service.operations.resources import Resources
from service.operations.versions import require_usable
from service.storage import datasets, models, tables
from service.storage.database import Session


def create_counterfactuals(
    resources: Resources, actor: Actor, model: str, request: CounterfactualRequest
) -> Counterfactuals:
    """Ask the champion what would change its answer. Records: counterfactuals.created.

    Raises: NotFound, NoChampion, VersionNotApproved, ApprovalExpired, leaves of InvalidRow and InvalidQuestion.
    """
    require(actor, "create_counterfactuals")
    with resources.database.read() as session:
        version = require_usable(resources, models.get_champion(session, model))
        immutable = _immutable(session, version)
    return _answer(resources, actor, version, immutable, request)


def create_version_counterfactuals(
    resources: Resources, actor: Actor, model: str, number: int, request: CounterfactualRequest
) -> Counterfactuals:
    """Ask a version what would change its answer; people may ask any version, clients an approved one.

    Records: counterfactuals.created. Raises: as create_counterfactuals, but for NoChampion.
    """
    require(actor, "create_version_counterfactuals")
    with resources.database.read() as session:
        version = models.get_version(session, model, number)
        if actor.roles == {"client"}:
            require_usable(resources, version)
        immutable = _immutable(session, version)
    return _answer(resources, actor, version, immutable, request)


def _immutable(session: Session, version: tables.ModelVersion) -> frozenset[str]:
    """The features that no answer changes: protected ones, and those that a person cannot change."""
    schema = from_stored(FeatureSchema, datasets.get_dataset(session, version.dataset_id).feature_schema)
    return frozenset(feature.name for feature in schema.features if feature.protected or not feature.changeable)


def _answer(
    resources: Resources,
    actor: Actor,
    version: tables.ModelVersion,
    immutable: frozenset[str],
    request: CounterfactualRequest,
) -> Counterfactuals:
    network = resources.registry.get(version.digest)
    answer = answer_question(network, request, immutable)
    said = {
        "version": version.digest,
        "question": request.model_dump(mode="json"),
        "answer": answer.model_dump(mode="json"),
    }
    digest = digest_of(canonical_json(said).encode())
    with resources.database.write() as session:
        subject = f"models/{version.model}/versions/{version.number}"
        resources.record(session, actor, "counterfactuals.created", subject, {"record": digest})
    return Counterfactuals(
        model=version.model,
        version=version.number,
        digest=version.digest,
        link=link_of(network),
        answer=answer,
        record_digest=digest,
    )
