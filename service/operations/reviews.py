"""Reviews: a developer submits, auditors decide about every edge and sign."""

from typing import Annotated

from pydantic import Field

from service.domain.canonical import canonical_json, digest_of, timestamp
from service.domain.documents import Document, Slug, Text
from service.domain.lifecycle import ReviewState, move_version
from service.domain.networks import Form
from service.domain.pages import Page, PageRequest
from service.domain.permissions import Actor, require
from service.domain.reviews import (
    QUORUM,
    Decision,
    EdgeDecisionRequest,
    Meaning,
    SignatureRequest,
    SignedContent,
    Verdict,
    decisions_digest,
    outcome,
    require_independence,
    require_signable,
)
from service.errors import (
    DecisionsSigned,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    WrongPassword,
    WrongState,
)
from service.modelling.networks import describe_network
from service.operations.resources import Resources
from service.operations.users import password_matches
from service.operations.versions import contributors_of
from service.storage import models, reviews, tables, users
from service.storage.database import Session


class ReviewRequest(Document):
    """Which version to review, and what the reviewer should know."""

    model: Slug
    version: int = Field(ge=1, le=2**31 - 1)
    summary: Annotated[Text, Field(min_length=1)]


class ReviewEdge(Document):
    """An edge to decide about; `etag` names the decision that a change would replace."""

    edge: str
    source: str
    target: str
    form: Form
    decision: Decision | None
    comment: str
    decided_by: str | None
    decided_at: str | None
    etag: str


class ShownSignature(Document):
    """A signature as it is shown wherever the version is shown."""

    digest: str
    printed_name: str
    verdict: Verdict
    meaning: Meaning
    statement: str
    signed_at: str


class Review(Document):
    """A review with all its edges and signatures."""

    id: str
    model: str
    version: int
    state: ReviewState
    summary: str
    artifact_digest: str
    decisions_digest: str
    quorum: int
    edges: tuple[ReviewEdge, ...]
    signatures: tuple[ShownSignature, ...]
    may_decide: bool
    submitted_by: str
    submitted_at: str
    closed_at: str | None


def create_review(resources: Resources, actor: Actor, request: ReviewRequest) -> Review:
    """Submit a version for review. Records: reviews.created. Raises: NotFound, WrongState."""
    require(actor, "create_review")
    with resources.database.read() as session:
        digest = models.get_version(session, request.model, request.version).digest
    network = describe_network(resources.registry.get(digest))
    with resources.database.write() as session:
        version = models.get_version(session, request.model, request.version, lock=True)
        models.set_version_state(session, version, move_version(version.state, "in_review"))
        review = tables.Review(
            id=resources.new_id(),
            model=version.model,
            version=version.number,
            state="open",
            summary=request.summary,
            artifact_digest=version.digest,
            edges=[edge.model_dump(mode="json", include=_EDGE_FIELDS) for edge in network.edges],
            submitted_at=resources.clock(),
            submitted_by=actor.id,
            closed_at=None,
        )
        reviews.add_review(session, review)
        details = {"model": version.model, "version": version.number, "digest": version.digest}
        resources.record(session, actor, "reviews.created", f"reviews/{review.id}", details)
        return _describe(session, actor, review)


def list_reviews(resources: Resources, actor: Actor, state: ReviewState | None, request: PageRequest) -> Page[Review]:
    """Reviews, newest first; in one state when it is named."""
    require(actor, "list_reviews")
    with resources.database.read() as session:
        page = reviews.page(session, state, request)
        return Page(items=tuple(_describe(session, actor, row) for row in page.items), next_cursor=page.next_cursor)


def get_review(resources: Resources, actor: Actor, review_id: str) -> Review:
    """One review. Raises: NotFound."""
    require(actor, "get_review")
    with resources.database.read() as session:
        return _describe(session, actor, reviews.get_review(session, review_id))


def decide_edge(
    resources: Resources,
    actor: Actor,
    review_id: str,
    edge: str,
    request: EdgeDecisionRequest,
    if_match: str | None,
) -> ReviewEdge:
    """Accept or reject an edge, or change one's mind before anybody signs. Records: edge_decisions.made.

    Raises: NotFound, WrongState, DecisionsSigned, ContributorCannotSign, KeyCannotSign, PreconditionRequired,
    PreconditionFailed.
    """
    require(actor, "decide_edge")
    with resources.database.write() as session:
        review = _open_review(session, actor, review_id)
        listed = next((item for item in review.edges if item["edge"] == edge), None)
        if listed is None:
            raise NotFound("edge", edge)
        if reviews.signatures_of(session, review_id):
            raise DecisionsSigned
        earlier = reviews.find_decision(session, review_id, edge)
        revision = earlier.revision if earlier else 0
        if if_match is None:
            raise PreconditionRequired(_etag(revision))
        if if_match != _etag(revision):
            raise PreconditionFailed(_etag(revision))
        decision = tables.EdgeDecision(
            review_id=review_id,
            edge=edge,
            decision=request.decision,
            comment=request.comment,
            revision=revision + 1,
            decided_at=resources.clock(),
            decided_by=actor.id,
        )
        reviews.put_decision(session, decision)
        details = {"decision": request.decision, "revision": decision.revision}
        resources.record(session, actor, "edge_decisions.made", f"reviews/{review_id}/edges/{edge}", details)
        return _describe_edge(listed, decision, {actor.id: actor.printed_name})


def create_signature(resources: Resources, actor: Actor, review_id: str, request: SignatureRequest) -> Review:
    """Sign the verdict on a review; a quorum of approvals approves the version, one rejection rejects it.

    Records: signatures.created. Raises: NotFound, WrongState, WrongPassword, ContributorCannotSign,
    KeyCannotSign, StaleDigest, StaleDecisions, EdgesUndecided, EdgesRejected, AlreadySigned.
    """
    require(actor, "create_signature")
    with resources.database.read() as session:
        _open_review(session, actor, review_id, lock=False)
        user = users.get_user(session, actor.id)
    if not password_matches(user.password_hash, request.password.get_secret_value()):
        raise WrongPassword
    with resources.database.write() as session:
        review = _open_review(session, actor, review_id)
        signatures = reviews.signatures_of(session, review_id)
        require_signable(
            request,
            artifact_digest=review.artifact_digest,
            edges=[item["edge"] for item in review.edges],
            decisions=_decisions(session, review_id),
            signers=[signature.signer for signature in signatures],
            actor=actor,
        )
        signature = _sign(resources, actor, review, request)
        reviews.add_signature(session, signature)
        verdicts: list[Verdict] = [*(given.verdict for given in signatures), request.verdict]
        _close(resources, session, review, verdicts)
        details = {"signature": signature.digest, "verdict": request.verdict, "artifact": review.artifact_digest}
        resources.record(session, actor, "signatures.created", f"reviews/{review_id}", details)
        return _describe(session, actor, review)


_EDGE_FIELDS = {"edge", "source", "target", "form"}


def _open_review(session: Session, actor: Actor, review_id: str, *, lock: bool = True) -> tables.Review:
    review = reviews.get_review(session, review_id, lock=lock)
    version = models.get_version(session, review.model, review.version)
    require_independence(actor, contributors_of(session, version), review.model, review.version)
    if review.state != "open":
        raise WrongState("review", review.state, ("open",))
    return review


def _sign(resources: Resources, actor: Actor, review: tables.Review, request: SignatureRequest) -> tables.Signature:
    moment = resources.clock()
    meanings: dict[Verdict, Meaning] = {"approved": "approval", "rejected": "rejection"}
    content = SignedContent(
        review=review.id,
        model=review.model,
        version=review.version,
        artifact_digest=review.artifact_digest,
        decisions_digest=request.decisions_digest,
        verdict=request.verdict,
        meaning=meanings[request.verdict],
        statement=request.statement,
        signer=actor.id,
        printed_name=actor.printed_name,
        signed_at=timestamp(moment),
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


def _close(resources: Resources, session: Session, review: tables.Review, verdicts: list[Verdict]) -> None:
    tier = models.get_model(session, review.model).risk_tier
    state = outcome(verdicts, tier)
    if state == "open":
        return
    version = models.get_version(session, review.model, review.version, lock=True)
    models.set_version_state(session, version, move_version(version.state, state))
    review.state, review.closed_at = state, resources.clock()


def _decisions(session: Session, review_id: str) -> dict[str, tuple[Decision, str, str]]:
    return {row.edge: (row.decision, row.comment, row.decided_by) for row in reviews.decisions_of(session, review_id)}


def _etag(revision: int) -> str:
    return f'"r{revision}"'


def _describe(session: Session, actor: Actor, review: tables.Review) -> Review:
    decisions = {row.edge: row for row in reviews.decisions_of(session, review.id)}
    people = users.printed_names(session, {review.submitted_by, *(row.decided_by for row in decisions.values())})
    version = models.get_version(session, review.model, review.version)
    independent = actor.id not in contributors_of(session, version)
    return Review(
        id=review.id,
        model=review.model,
        version=review.version,
        state=review.state,
        summary=review.summary,
        artifact_digest=review.artifact_digest,
        decisions_digest=decisions_digest(_decisions(session, review.id)),
        quorum=QUORUM[models.get_model(session, review.model).risk_tier],
        edges=tuple(_describe_edge(item, decisions.get(item["edge"]), people) for item in review.edges),
        signatures=tuple(_describe_signature(row) for row in reviews.signatures_of(session, review.id)),
        may_decide=review.state == "open" and actor.is_person and actor.may("decide_edge") and independent,
        submitted_by=people[review.submitted_by],
        submitted_at=timestamp(review.submitted_at),
        closed_at=timestamp(review.closed_at) if review.closed_at else None,
    )


def _describe_edge(listed: dict[str, str], decision: tables.EdgeDecision | None, people: dict[str, str]) -> ReviewEdge:
    return ReviewEdge.model_validate(
        {
            **listed,
            "decision": decision.decision if decision else None,
            "comment": decision.comment if decision else "",
            "decided_by": people[decision.decided_by] if decision else None,
            "decided_at": timestamp(decision.decided_at) if decision else None,
            "etag": _etag(decision.revision if decision else 0),
        }
    )


def _describe_signature(row: tables.Signature) -> ShownSignature:
    content = SignedContent.model_validate_json(row.content)
    return ShownSignature(
        digest=row.digest,
        printed_name=content.printed_name,
        verdict=content.verdict,
        meaning=content.meaning,
        statement=content.statement,
        signed_at=content.signed_at,
    )
