"""The rules of a review: who may decide, when it can be signed, what the signature covers."""

from collections.abc import Collection, Mapping
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from service.domain.canonical import digest_of, digest_of_json
from service.domain.documents import Digest, Document, Line, Text
from service.domain.limits import Limits
from service.domain.permissions import Actor
from service.errors import (
    AlreadySigned,
    ContributorCannotSign,
    EdgesRejected,
    EdgesUndecided,
    KeyCannotSign,
    MeaningRefused,
    StaleDecisions,
    StaleDigest,
)

Decision = Literal["accepted", "rejected"]
Verdict = Literal["approved", "rejected"]
Meaning = Literal["review", "approval", "responsibility", "rejection"]
#: How the signer has shown who it is, at the moment of the signature.
ShownBy = Literal["password", "password and second factor", "identity provider"]
#: What a signature can mean; of several people who approve, one at least means the approval itself.
MEANINGS: Mapping[Verdict, tuple[Meaning, ...]] = {
    "approved": ("approval", "review", "responsibility"),
    "rejected": ("rejection",),
}


class EdgeDecisionRequest(Document):
    """An auditor's decision about one edge."""

    decision: Decision
    comment: Text = ""


class SignatureRequest(Document):
    """What the person who signs sends: the verdict, what was seen, and once more the proof of who it is."""

    verdict: Verdict
    statement: Annotated[Text, Field(min_length=1, description="In the signer's own words: what was done.")]
    artifact_digest: Digest
    decisions_digest: Digest
    password: SecretStr | None = Field(None, max_length=1000, description="Again, of whoever has one here.")
    proof: SecretStr | None = Field(
        None, max_length=200, description="Of a fresh confirmation at the identity provider, instead of a password."
    )
    code: SecretStr | None = Field(None, max_length=50, description="Of the second factor, where there is one.")
    meaning: Meaning | None = Field(None, description="By default `approval` or `rejection`, as the verdict is.")
    utc_offset_minutes: int = Field(0, ge=-1080, le=1080, description="The signer's clock, for the time as shown.")
    limits: Limits = Field(Limits(), description="What the approval allows; the narrowest limits of all signers count.")


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
    limits: Limits = Limits()
    signer: str
    printed_name: Line
    signed_at: str
    role: str | None = None
    shown_at: str | None = None
    policy_digest: str | None = None
    shown_by: ShownBy | None = None


class Bound(Document):
    """What a signature must bind to be the signature of this review; the digests as they are now."""

    review: str
    signer: str
    artifact_digest: str
    decisions_digest: str
    policy_digest: str


class ClosingRequest(Document):
    """Why a review ends without a verdict."""

    reason: Annotated[Text, Field(min_length=1)]


def meaning_of(request: SignatureRequest) -> Meaning:
    """What the signature means. Raises MeaningRefused where that contradicts the verdict."""
    allowed = MEANINGS[request.verdict]
    if request.meaning is not None and request.meaning not in allowed:
        raise MeaningRefused(request.verdict, allowed)
    return request.meaning or allowed[0]


def signature_fault(content: str, digest: str, bound: Bound) -> str | None:
    """Why a stored signature does not hold for this review, or None; signatures of before bind no policy."""
    if digest_of(content.encode()) != digest:
        return "the text does not match its digest"
    signed = SignedContent.model_validate_json(content)
    for name, value in bound:
        if getattr(signed, name) not in (value, None):
            return f"it binds another {name.replace('_', ' ')}"
    return None


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


def outcome(meanings: Collection[Meaning], quorum: int) -> Literal["open", "approved", "rejected"]:
    """The state of a review after these signatures: one rejection ends it, a quorum with an approval approves."""
    if "rejection" in meanings:
        return "rejected"
    return "approved" if len(meanings) >= quorum and "approval" in meanings else "open"
