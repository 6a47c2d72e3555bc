"""Reviews: a developer submits, auditors decide about every edge and sign."""

from typing import Annotated, Any, Literal

from pydantic import Field

from service.domain.canonical import digest_of_json, timestamp
from service.domain.changes import Change, changes_between
from service.domain.documents import Document, Slug, Text, from_stored
from service.domain.lifecycle import ReviewState, move_version
from service.domain.limits import Limits
from service.domain.networks import Form
from service.domain.pages import Page, PageRequest
from service.domain.permissions import Actor, require
from service.domain.policies import ReviewPolicy, policy_digest
from service.domain.reviews import (
    Bound,
    ClosingRequest,
    Decision,
    EdgeDecisionRequest,
    Meaning,
    SignedContent,
    Verdict,
    decisions_digest,
    require_independence,
    signature_fault,
)
from service.errors import (
    DecisionsSigned,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    WrongState,
)
from service.modelling.networks import describe_network
from service.operations.resources import Resources
from service.operations.review_policies import policy_of
from service.operations.versions import contributors_of, facts_of
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
    role: str | None
    verdict: Verdict
    meaning: Meaning
    statement: str
    limits: Limits
    signed_at: str
    shown_at: str | None = Field(description="The same moment by the signer's clock, with its distance from UTC.")
    fault: str | None = Field(description="Why the signature does not hold for this review; null where it holds.")


class Review(Document):
    """A review with all its edges and signatures; each submission of a version is one round."""

    id: str
    model: str
    version: int
    round: int
    state: ReviewState
    summary: str
    artifact_digest: str
    decisions_digest: str
    quorum: int
    policy: ReviewPolicy
    policy_digest: str
    compared_with: int | None = Field(description="The version that was approved last.")
    changes: tuple[Change, ...] = Field(description="What is not as it was in that version.")
    edges: tuple[ReviewEdge, ...]
    signatures: tuple[ShownSignature, ...]
    may_decide: bool
    submitted_by: str
    submitted_at: str
    closed_at: str | None
    closing_reason: str | None


def create_review(resources: Resources, actor: Actor, request: ReviewRequest) -> Review:
    """Submit a version for review. Records: reviews.created. Raises: NotFound, WrongState."""
    require(actor, "create_review")
    with resources.database.read() as session:
        digest = models.get_version(session, request.model, request.version).digest
    network = describe_network(resources.registry.get(digest))
    with resources.database.write() as session:
        version = models.get_version(session, request.model, request.version, lock=True)
        models.set_version_state(session, version, move_version(version.state, "in_review"))
        edges = [edge.model_dump(mode="json", include=_EDGE_FIELDS) for edge in network.edges]
        approved = reviews.find_newest_approved(session, version.model)
        changes = _changes(session, approved, version, edges) if approved else ()
        review = tables.Review(
            id=resources.new_id(),
            model=version.model,
            version=version.number,
            state="open",
            summary=request.summary,
            artifact_digest=version.digest,
            edges=edges,
            submitted_at=resources.clock(),
            submitted_by=actor.id,
            closed_at=None,
            round=reviews.count_rounds(session, version.model, version.number) + 1,
            policy=policy_of(models.get_model(session, version.model)).model_dump(mode="json"),
            compared_with=approved.version if approved else None,
            changes=[change.model_dump(mode="json") for change in changes],
            closing_reason=None,
        )
        reviews.add_review(session, review)
        policy = policy_digest(policy_of_review(session, review))
        details = {"model": version.model, "version": version.number, "digest": version.digest, "policy": policy}
        resources.record(session, actor, "reviews.created", f"reviews/{review.id}", details)
        return describe_review(session, actor, review)


def list_reviews(resources: Resources, actor: Actor, state: ReviewState | None, request: PageRequest) -> Page[Review]:
    """Reviews, newest first; in one state when it is named."""
    require(actor, "list_reviews")
    with resources.database.read() as session:
        page = reviews.page(session, state, request)
        return Page(
            items=tuple(describe_review(session, actor, row) for row in page.items), next_cursor=page.next_cursor
        )


def get_review(resources: Resources, actor: Actor, review_id: str) -> Review:
    """One review. Raises: NotFound."""
    require(actor, "get_review")
    with resources.database.read() as session:
        return describe_review(session, actor, reviews.get_review(session, review_id))


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
        review = open_review(session, actor, review_id)
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


def withdraw_review(resources: Resources, actor: Actor, review_id: str, request: ClosingRequest) -> Review:
    """Take a version back out of review; it is a candidate again. Records: reviews.withdrawn.

    Raises: NotFound, WrongState.
    """
    require(actor, "withdraw_review")
    with resources.database.write() as session:
        review = reviews.get_review(session, review_id, lock=True)
        if review.state != "open":
            raise WrongState("review", review.state, ("open",))
        return _end(resources, session, actor, review, "withdrawn", request.reason)


def request_changes(resources: Resources, actor: Actor, review_id: str, request: ClosingRequest) -> Review:
    """Send a version back for changes; it can be submitted again. Records: reviews.changes_requested.

    Raises: NotFound, WrongState, ContributorCannotSign, KeyCannotSign.
    """
    require(actor, "request_changes")
    with resources.database.write() as session:
        review = open_review(session, actor, review_id)
        return _end(resources, session, actor, review, "changes_requested", request.reason)


_EDGE_FIELDS = {"edge", "source", "target", "form"}


def open_review(session: Session, actor: Actor, review_id: str, *, lock: bool = True) -> tables.Review:
    """The open review, for somebody who may decide on it.

    Raises: NotFound, WrongState, ContributorCannotSign, KeyCannotSign.
    """
    review = reviews.get_review(session, review_id, lock=lock)
    version = models.get_version(session, review.model, review.version)
    require_independence(actor, contributors_of(session, version), review.model, review.version)
    if review.state != "open":
        raise WrongState("review", review.state, ("open",))
    return review


def policy_of_review(session: Session, review: tables.Review) -> ReviewPolicy:
    """The policy under which a review began; reviews of before follow the model's."""
    if review.policy is None:
        return policy_of(models.get_model(session, review.model))
    return from_stored(ReviewPolicy, review.policy)


def _end(
    resources: Resources,
    session: Session,
    actor: Actor,
    review: tables.Review,
    state: Literal["withdrawn", "changes_requested"],
    reason: str,
) -> Review:
    version = models.get_version(session, review.model, review.version, lock=True)
    models.set_version_state(session, version, move_version(version.state, "candidate"))
    review.state, review.closed_at, review.closing_reason = state, resources.clock(), reason
    details = {"round": review.round, "digest": review.artifact_digest, "reason_digest": digest_of_json(reason)}
    resources.record(session, actor, f"reviews.{state}", f"reviews/{review.id}", details)
    return describe_review(session, actor, review)


def _changes(
    session: Session, approved: tables.Review, version: tables.ModelVersion, edges: list[dict[str, Any]]
) -> tuple[Change, ...]:
    before = models.get_version(session, approved.model, approved.version)
    return changes_between(facts_of(before, approved.edges), facts_of(version, edges))


def decisions_on(session: Session, review_id: str) -> dict[str, tuple[Decision, str, str]]:
    """The decisions as their digest covers them."""
    return {row.edge: (row.decision, row.comment, row.decided_by) for row in reviews.decisions_of(session, review_id)}


def _etag(revision: int) -> str:
    return f'"r{revision}"'


def describe_review(session: Session, actor: Actor, review: tables.Review) -> Review:
    """The review as this person sees it."""
    decisions = {row.edge: row for row in reviews.decisions_of(session, review.id)}
    people = users.printed_names(session, {review.submitted_by, *(row.decided_by for row in decisions.values())})
    version = models.get_version(session, review.model, review.version)
    independent = actor.id not in contributors_of(session, version)
    policy = policy_of_review(session, review)
    decided = decisions_digest(decisions_on(session, review.id))
    return Review(
        id=review.id,
        model=review.model,
        version=review.version,
        state=review.state,
        summary=review.summary,
        artifact_digest=review.artifact_digest,
        decisions_digest=decided,
        round=review.round,
        quorum=policy.quorum,
        policy=policy,
        policy_digest=policy_digest(policy),
        compared_with=review.compared_with,
        changes=tuple(from_stored(Change, change) for change in review.changes or ()),
        closing_reason=review.closing_reason,
        edges=tuple(_describe_edge(item, decisions.get(item["edge"]), people) for item in review.edges),
        signatures=tuple(
            _describe_signature(row, bound_by(review, row.signer, decided, policy))
            for row in reviews.signatures_of(session, review.id)
        ),
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


def signed_content(row: tables.Signature) -> SignedContent:
    """What a stored signature says."""
    return SignedContent.model_validate_json(row.content)


def bound_by(review: tables.Review, signer: str, decided: str, policy: ReviewPolicy) -> Bound:
    """What a signature of this person on this review binds."""
    return Bound(
        review=review.id,
        signer=signer,
        artifact_digest=review.artifact_digest,
        decisions_digest=decided,
        policy_digest=policy_digest(policy),
    )


def _describe_signature(row: tables.Signature, bound: Bound) -> ShownSignature:
    content = signed_content(row)
    return ShownSignature(
        digest=row.digest,
        printed_name=content.printed_name,
        verdict=content.verdict,
        meaning=content.meaning,
        statement=content.statement,
        limits=content.limits,
        signed_at=content.signed_at,
        role=content.role,
        shown_at=content.shown_at,
        fault=signature_fault(row.content, row.digest, bound),
    )
