"""Reviews: submit, decide edge by edge, sign."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from service.api.dependencies import Caller, EdgeId, Identifier, IfMatch, Injected, RequestedPage
from service.domain.lifecycle import ReviewState
from service.domain.pages import Page
from service.domain.policies import GateResult
from service.domain.reviews import ClosingRequest, EdgeDecisionRequest, SignatureRequest
from service.operations import gates, reviews, signatures
from service.operations.reviews import Review, ReviewEdge, ReviewRequest

router = APIRouter(tags=["reviews"], prefix="/reviews")


@router.post("", status_code=201)
def create_review(resources: Injected, actor: Caller, request: ReviewRequest, response: Response) -> Review:
    """Submit a version for review."""
    review = reviews.create_review(resources, actor, request)
    response.headers["Location"] = f"/api/v1/reviews/{review.id}"
    return review


@router.get("")
def list_reviews(
    resources: Injected,
    actor: Caller,
    page: RequestedPage,
    state: Annotated[ReviewState | None, Query()] = None,
) -> Page[Review]:
    """Reviews, newest first."""
    return reviews.list_reviews(resources, actor, state, page)


@router.get("/{review_id}")
def get_review(resources: Injected, actor: Caller, review_id: Identifier) -> Review:
    """One review with all its edges and signatures."""
    return reviews.get_review(resources, actor, review_id)


@router.put("/{review_id}/edges/{edge}")
def decide_edge(
    resources: Injected,
    actor: Caller,
    review_id: Identifier,
    edge: EdgeId,
    request: EdgeDecisionRequest,
    response: Response,
    if_match: IfMatch = None,
) -> ReviewEdge:
    """Accept or reject an edge; If-Match names the decision that is replaced."""
    decided = reviews.decide_edge(resources, actor, review_id, edge, request, if_match)
    response.headers["ETag"] = decided.etag
    return decided


@router.post("/{review_id}/signatures", status_code=201)
def create_signature(resources: Injected, actor: Caller, review_id: Identifier, request: SignatureRequest) -> Review:
    """Sign the verdict with the password typed again."""
    return signatures.create_signature(resources, actor, review_id, request)


@router.get("/{review_id}/gates")
def list_review_gates(resources: Injected, actor: Caller, review_id: Identifier) -> Page[GateResult]:
    """The gates of a review, how they stand now, and why."""
    return Page[GateResult](items=gates.list_review_gates(resources, actor, review_id))


@router.post("/{review_id}/withdrawal")
def withdraw_review(resources: Injected, actor: Caller, review_id: Identifier, request: ClosingRequest) -> Review:
    """Take a version back out of review."""
    return reviews.withdraw_review(resources, actor, review_id, request)


@router.post("/{review_id}/change-request")
def request_changes(resources: Injected, actor: Caller, review_id: Identifier, request: ClosingRequest) -> Review:
    """Send a version back for changes; it can be submitted again."""
    return reviews.request_changes(resources, actor, review_id, request)
