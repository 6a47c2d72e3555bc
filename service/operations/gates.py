"""The gates of a review: what must be true of a version before it can be approved."""

from service.domain.documents import from_stored
from service.domain.permissions import Actor, require
from service.domain.policies import (
    GateResult,
    Measured,
    ReviewPolicy,
    certificates_gate,
    challenger_gate,
    fidelity_gate,
    findings_gate,
    reasons_gate,
)
from service.domain.training_configuration import Metric
from service.modelling.networks import describe_network
from service.operations.reason_dictionaries import missing_reasons
from service.operations.resources import Resources
from service.operations.reviews import policy_of_review
from service.operations.versions import Split, certificates_of
from service.storage import findings, models, reviews, tables
from service.storage.database import Session


def list_review_gates(resources: Resources, actor: Actor, review_id: str) -> tuple[GateResult, ...]:
    """The gates of a review and how they stand now. Raises: NotFound, ArtifactCorrupted."""
    require(actor, "list_review_gates")
    with resources.database.read() as session:
        review = reviews.get_review(session, review_id)
        version = models.get_version(session, review.model, review.version)
        policy = policy_of_review(session, review)
        lasting = lasting_gates(resources, session, version, policy)
        passing = passing_gates(resources, session, version, policy)
    by_gate = {result.gate: result for result in (*lasting, *passing)}
    return tuple(by_gate[gate] for gate in policy.gates)


def lasting_gates(
    resources: Resources, session: Session, version: tables.ModelVersion, policy: ReviewPolicy
) -> list[GateResult]:
    """Gates that are decided by the artifact alone; they take time, and do not change."""
    results = []
    if "fidelity" in policy.gates:
        agreement = describe_network(resources.registry.get(version.digest)).agreement
        results.append(fidelity_gate(agreement, policy))
    if "certificates" in policy.gates:
        results.append(certificates_gate(certificates_of(resources, session, version)))
    return results


def passing_gates(
    resources: Resources, session: Session, version: tables.ModelVersion, policy: ReviewPolicy
) -> list[GateResult]:
    """Gates that are decided by what people do meanwhile: to be asked in the transaction that approves."""
    results = []
    if "findings" in policy.gates:
        raised = findings.findings_of(session, version.model, version.number)
        unclosed = [row.title for row in raised if row.severity == "high" and row.state != "closed"]
        results.append(findings_gate(unclosed))
    if "reasons" in policy.gates:
        are_owed = models.get_model(session, version.model).adverse_action
        missing = missing_reasons(resources, session, version)
        results.append(reasons_gate(missing, are_owed=are_owed))
    if "challenger" in policy.gates:
        results.append(challenger_gate(_measured(version), _champion(session, version)))
    return results


def _champion(session: Session, version: tables.ModelVersion) -> Measured | None:
    alias = models.find_alias(session, version.model, "champion")
    return _measured(models.get_version(session, version.model, alias.version)) if alias else None


def _measured(version: tables.ModelVersion) -> Measured:
    split = from_stored(Split, version.split)
    return Measured(
        version=version.number,
        rows_digest=split.test_rows_digest,
        metric=from_stored(Metric, version.metrics[0]),
    )
