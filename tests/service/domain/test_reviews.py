"""The rules of a review."""

from typing import Any, get_args

import pytest

from service import errors
from service.domain.permissions import Actor
from service.domain.reviews import (
    QUORUM,
    Decision,
    RiskTier,
    SignatureRequest,
    Verdict,
    decisions_digest,
    outcome,
    require_independence,
    require_signable,
)

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
AUDITOR = Actor(id="auditor", name="auditor", printed_name="Aud Itor", roles=frozenset({"auditor"}))
ACCEPTED: dict[str, tuple[Decision, str, str]] = {
    "0.0.0": ("accepted", "", "auditor"),
    "0.1.0": ("accepted", "plausible", "auditor"),
}


def request(verdict: Verdict = "approved", **changes: Any) -> SignatureRequest:
    standard = {
        "verdict": verdict,
        "statement": "I looked at every edge.",
        "artifact_digest": DIGEST,
        "decisions_digest": decisions_digest(ACCEPTED),
        "password": "secret",
    }
    return SignatureRequest.model_validate({**standard, **changes})


def check(
    asked: SignatureRequest,
    decisions: dict[str, tuple[Decision, str, str]] | None = None,
    edges: tuple[str, ...] = ("0.0.0", "0.1.0"),
    signers: tuple[str, ...] = (),
) -> None:
    require_signable(
        asked,
        artifact_digest=DIGEST,
        edges=edges,
        decisions=ACCEPTED if decisions is None else decisions,
        signers=signers,
        actor=AUDITOR,
    )


def test_a_complete_review_can_be_signed() -> None:
    check(request())
    check(request("rejected"))


def test_a_stale_artifact_digest_is_refused_by_name() -> None:
    with pytest.raises(errors.StaleDigest) as refused:
        check(request(artifact_digest=OTHER))
    assert refused.value.fields[0].pointer == "/artifact_digest"


def test_stale_decisions_are_refused_by_name() -> None:
    with pytest.raises(errors.StaleDecisions) as refused:
        check(request(decisions_digest=OTHER))
    assert refused.value.fields[0].pointer == "/decisions_digest"


def test_an_approval_needs_a_decision_about_every_edge() -> None:
    with pytest.raises(errors.EdgesUndecided, match=r"0\.2\.0"):
        check(request(), edges=("0.0.0", "0.1.0", "0.2.0"))


def test_a_rejected_edge_forbids_an_approval_but_not_a_rejection() -> None:
    decisions: dict[str, tuple[Decision, str, str]] = {**ACCEPTED, "0.1.0": ("rejected", "not monotone", "auditor")}
    digest = decisions_digest(decisions)
    with pytest.raises(errors.EdgesRejected, match=r"0\.1\.0"):
        check(request(decisions_digest=digest), decisions)
    check(request("rejected", decisions_digest=digest), decisions)


def test_a_rejection_needs_no_decisions() -> None:
    check(request("rejected", decisions_digest=decisions_digest({})), {})


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_nobody_signs_twice(verdict: Verdict) -> None:
    with pytest.raises(errors.AlreadySigned):
        check(request(verdict), signers=("somebody", "auditor"))


def test_a_contributor_is_not_independent() -> None:
    require_independence(AUDITOR, {"developer"}, "credit", 1)
    with pytest.raises(errors.ContributorCannotSign, match="version 1 of 'credit'"):
        require_independence(AUDITOR, {"developer", "auditor"}, "credit", 1)


def test_a_key_is_no_reviewer_whoever_owns_it() -> None:
    key = Actor(id="auditor", name="a", printed_name="A", roles=frozenset({"auditor"}), api_key_id="key")
    with pytest.raises(errors.KeyCannotSign):
        require_independence(key, set(), "credit", 1)


def test_the_digest_of_the_decisions_covers_verdict_comment_and_person_but_not_the_order() -> None:
    digests = {
        decisions_digest(ACCEPTED),
        decisions_digest({}),
        decisions_digest({**ACCEPTED, "0.1.0": ("rejected", "plausible", "auditor")}),
        decisions_digest({**ACCEPTED, "0.1.0": ("accepted", "other", "auditor")}),
        decisions_digest({**ACCEPTED, "0.1.0": ("accepted", "plausible", "other")}),
    }
    assert len(digests) == 5
    assert decisions_digest(dict(reversed(ACCEPTED.items()))) == decisions_digest(ACCEPTED)


@pytest.mark.parametrize("tier", get_args(RiskTier))
def test_a_quorum_of_approvals_approves(tier: RiskTier) -> None:
    quorum = QUORUM[tier]
    assert outcome(["approved"] * quorum, tier) == "approved"
    assert outcome(["approved"] * (quorum - 1), tier) == "open"


def test_a_high_tier_needs_two_people() -> None:
    assert (QUORUM["low"], QUORUM["medium"], QUORUM["high"]) == (1, 1, 2)


@pytest.mark.parametrize("tier", get_args(RiskTier))
def test_one_rejection_ends_a_review(tier: RiskTier) -> None:
    assert outcome(["rejected"], tier) == "rejected"
    assert outcome(["approved", "rejected"], tier) == "rejected"


def test_a_statement_is_not_empty_and_the_password_is_not_shown() -> None:
    with pytest.raises(ValueError, match="statement"):
        request(statement="   ")
    assert "secret" not in repr(request())
