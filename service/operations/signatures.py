"""Signatures: the verdict of a person on a review, bound to what was seen."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from service.domain.canonical import canonical_json, digest_of, timestamp
from service.domain.lifecycle import move_version
from service.domain.limits import narrowest
from service.domain.permissions import Actor, require
from service.domain.policies import GateResult, ReviewPolicy, policy_digest, require_gates, require_signer
from service.domain.reviews import ShownBy, SignatureRequest, SignedContent, meaning_of, outcome, require_signable
from service.errors import WrongPassword
from service.operations.gates import lasting_gates, passing_gates
from service.operations.identity_providers import spend_proof
from service.operations.resources import Resources
from service.operations.reviews import (
    Review,
    decisions_on,
    describe_review,
    open_review,
    policy_of_review,
    signed_content,
)
from service.operations.second_factors import require_code
from service.operations.users import password_matches
from service.storage import models, reviews, tables, users
from service.storage.database import Session


def create_signature(resources: Resources, actor: Actor, review_id: str, request: SignatureRequest) -> Review:
    """Sign the verdict on a review; a quorum of approvals approves the version, one rejection rejects it.

    Records: signatures.created. Raises: NotFound, WrongState, WrongPassword, ContributorCannotSign,
    KeyCannotSign, NotAmongSigners, MeaningRefused, StaleDigest, StaleDecisions, EdgesUndecided, EdgesRejected,
    AlreadySigned, GatesFailed, SecondFactorMissing, SecondFactorRequired, SecondFactorRefused, ProofRequired,
    ProviderFactorMissing.
    """
    require(actor, "create_signature")
    with resources.database.read() as session:
        review = open_review(session, actor, review_id, lock=False)
        policy = policy_of_review(session, review)
        require_signer(policy, actor)
    meaning_of(request)
    shown_by = _shown_by(resources, actor, policy, request)
    lasting = _lasting_gates(resources, review, policy) if request.verdict == "approved" else []
    with resources.database.write() as session:
        review = open_review(session, actor, review_id)
        signatures = reviews.signatures_of(session, review_id)
        require_signable(
            request,
            artifact_digest=review.artifact_digest,
            edges=[item["edge"] for item in review.edges],
            decisions=decisions_on(session, review_id),
            signers=[signature.signer for signature in signatures],
            actor=actor,
        )
        if request.verdict == "approved":
            version = models.get_version(session, review.model, review.version, lock=True)
            require_gates([*lasting, *passing_gates(resources, session, version, policy)])
        if shown_by == "identity provider":
            proof = request.proof.get_secret_value() if request.proof else None
            spend_proof(resources, session, actor, proof, needs_factor=policy.second_factor)
        signature = _sign(resources, actor, review, policy, request, shown_by)
        reviews.add_signature(session, signature)
        _close(resources, session, review, [*signatures, signature])
        details = {"signature": signature.digest, "verdict": request.verdict, "artifact": review.artifact_digest}
        resources.record(session, actor, "signatures.created", f"reviews/{review_id}", details)
        return describe_review(session, actor, review)


def _shown_by(resources: Resources, actor: Actor, policy: ReviewPolicy, request: SignatureRequest) -> ShownBy:
    """How the signer shows anew who it is; what the identity provider says is looked at with the signature itself."""
    with resources.database.read() as session:
        password_hash = users.get_user(session, actor.id).password_hash
    if password_hash is None:
        return "identity provider"
    if request.password is None or not password_matches(password_hash, request.password.get_secret_value()):
        raise WrongPassword
    code = request.code.get_secret_value() if request.code else None
    has_factor = require_code(resources, actor.id, code, is_owed=policy.second_factor)
    return "password and second factor" if has_factor else "password"


def _lasting_gates(resources: Resources, review: tables.Review, policy: ReviewPolicy) -> list[GateResult]:
    with resources.database.read() as session:
        version = models.get_version(session, review.model, review.version)
        return lasting_gates(resources, session, version, policy)


def _sign(
    resources: Resources,
    actor: Actor,
    review: tables.Review,
    policy: ReviewPolicy,
    request: SignatureRequest,
    shown_by: ShownBy,
) -> tables.Signature:
    moment = resources.clock()
    zone = timezone(timedelta(minutes=request.utc_offset_minutes))
    content = SignedContent(
        review=review.id,
        model=review.model,
        version=review.version,
        artifact_digest=review.artifact_digest,
        decisions_digest=request.decisions_digest,
        verdict=request.verdict,
        meaning=meaning_of(request),
        statement=request.statement,
        limits=request.limits,
        signer=actor.id,
        printed_name=actor.printed_name,
        signed_at=timestamp(moment),
        role="auditor",
        shown_at=moment.astimezone(zone).isoformat(timespec="seconds"),
        policy_digest=policy_digest(policy),
        shown_by=shown_by,
    )
    text = canonical_json(content.model_dump(mode="json"))
    return tables.Signature(
        digest=digest_of(text.encode()),
        review_id=review.id,
        signer=actor.id,
        verdict=request.verdict,
        content=text,
        signed_at=moment,
    )


def _close(
    resources: Resources, session: Session, review: tables.Review, signatures: Sequence[tables.Signature]
) -> None:
    quorum = policy_of_review(session, review).quorum
    state = outcome([signed_content(signature).meaning for signature in signatures], quorum)
    if state == "open":
        return
    version = models.get_version(session, review.model, review.version, lock=True)
    models.set_version_state(session, version, move_version(version.state, state))
    if state == "approved":
        _limit(version, signatures)
    review.state, review.closed_at = state, resources.clock()


def _limit(version: tables.ModelVersion, signatures: Sequence[tables.Signature]) -> None:
    """An approval allows what all who signed it allow."""
    limits = narrowest([signed_content(signature).limits for signature in signatures])
    version.conditions, version.maximum_rows = limits.conditions, limits.maximum_rows
    version.expires_at = datetime.fromisoformat(limits.expires_at) if limits.expires_at else None
