"""The rules of a review: who may decide, when it can be signed, what the signature covers."""

from collections.abc import Collection, Mapping
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from service.domain.canonical import digest_of_json
from service.domain.documents import Digest, Document, Line, Text
from service.domain.permissions import Actor
from service.errors import (
    AlreadySigned,
    ContributorCannotSign,
    EdgesRejected,
    EdgesUndecided,
    KeyCannotSign,
    StaleDecisions,
    StaleDigest,
)

Decision = Literal["accepted", "rejected"]
Verdict = Literal["approved", "rejected"]
Meaning = Literal["review", "approval", "rejection"]
RiskTier = Literal["low", "medium", "high"]

#: How many distinct people must sign an approval; a rejection needs one.
QUORUM: Mapping[RiskTier, int] = {"low": 1, "medium": 1, "high": 2}


class EdgeDecisionRequest(Document):
    """An auditor's decision about one edge."""

    decision: Decision
    comment: Text = ""


class SignatureRequest(Document):
    """What the person who signs sends: the verdict, what was seen, and the password again."""

    verdict: Verdict
    statement: Annotated[Text, Field(min_length=1, description="In the signer's own words: what was done.")]
    artifact_digest: Digest
    decisions_digest: Digest
    password: SecretStr


class SignedContent(Document):
    """What a signature binds together; its digest is the signature's digest."""

    review: str
    model: str
    version: int
    artifact_digest: Digest
    decisions_digest: Digest
    verdict: Verdict
    meaning: Meaning
    statement: str
    signer: str
    printed_name: Line
    signed_at: str


def require_independence(actor: Actor, contributors: Collection[str], model: str, number: int) -> None:
    """Raise unless the actor is a person who contributed to neither the version nor an ancestor."""
    if not actor.is_person:
        raise KeyCannotSign
    if actor.id in contributors:
        raise ContributorCannotSign(model, number)


def decisions_digest(decisions: Mapping[str, tuple[Decision, str, str]]) -> str:
    """The digest of all edge decisions: edge → (decision, comment, who)."""
    return digest_of_json({edge: list(decision) for edge, decision in decisions.items()})


def require_signable(
    request: SignatureRequest,
    *,
    artifact_digest: str,
    edges: Collection[str],
    decisions: Mapping[str, tuple[Decision, str, str]],
    signers: Collection[str],
    actor: Actor,
) -> None:
    """Raise unless this signature may be given: right bytes, right decisions, every edge decided, signed once."""
    if request.artifact_digest != artifact_digest:
        raise StaleDigest(request.artifact_digest, artifact_digest)
    current = decisions_digest(decisions)
    if request.decisions_digest != current:
        raise StaleDecisions(request.decisions_digest, current)
    if actor.id in signers:
        raise AlreadySigned
    if request.verdict == "rejected":
        return
    undecided = tuple(sorted(set(edges) - set(decisions)))
    if undecided:
        raise EdgesUndecided(undecided)
    rejected = tuple(sorted(edge for edge, (decision, _, _) in decisions.items() if decision == "rejected"))
    if rejected:
        raise EdgesRejected(rejected)


def outcome(verdicts: Collection[Verdict], tier: RiskTier) -> Literal["open", "approved", "rejected"]:
    """The state of a review after these signatures: one rejection ends it, a quorum of approvals approves."""
    if "rejected" in verdicts:
        return "rejected"
    return "approved" if len(verdicts) >= QUORUM[tier] else "open"
