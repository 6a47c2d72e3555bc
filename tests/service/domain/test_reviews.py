"""The rules of a review."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import errors
from service.domain.canonical import canonical_json, digest_of
from service.domain.permissions import Actor
from service.domain.reviews import (
    Bound,
    Decision,
    Meaning,
    SignatureRequest,
    SignedContent,
    Verdict,
    decisions_digest,
    meaning_of,
    outcome,
    require_independence,
    require_signable,
    signature_fault,
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


@pytest.mark.parametrize("quorum", [1, 2, 3])
def test_a_quorum_with_an_approval_approves(quorum: int) -> None:
    assert outcome(["approval"] * quorum, quorum) == "approved"
    assert outcome(["approval"] * (quorum - 1), quorum) == "open"
    reviewed: list[Meaning] = ["review"] * (quorum - 1)
    assert outcome([*reviewed, "approval"], quorum) == "approved"
    assert outcome(["review", "responsibility"] * quorum, quorum) == "open"


@given(st.lists(st.sampled_from(get_args(Meaning)), max_size=5), st.integers(1, 4))
def test_one_rejection_ends_a_review_whatever_else_was_signed(meanings: list[Meaning], quorum: int) -> None:
    assert outcome([*meanings, "rejection"], quorum) == "rejected"


def test_a_meaning_fits_the_verdict() -> None:
    assert (meaning_of(request()), meaning_of(request("rejected"))) == ("approval", "rejection")
    assert meaning_of(request(meaning="responsibility")) == "responsibility"
    for verdict, meaning in (("approved", "rejection"), ("rejected", "approval")):
        with pytest.raises(errors.MeaningRefused) as refused:
            meaning_of(request(verdict, meaning=meaning))  # type: ignore[arg-type]  # a loop over pairs of words
        assert refused.value.fields[0].pointer == "/meaning"


BOUND = Bound(review="r1", signer="auditor", artifact_digest=DIGEST, decisions_digest=DIGEST, policy_digest=DIGEST)


def signed(**changes: Any) -> tuple[str, str]:
    content = SignedContent(
        model="credit",
        version=1,
        verdict="approved",
        meaning="approval",
        statement="s",
        printed_name="Aud Itor",
        signed_at="2026-11-24T09:00:00.000000Z",
        **{**BOUND.model_dump(), **changes},
    )
    text = canonical_json(content.model_dump(mode="json"))
    return text, digest_of(text.encode())


def test_a_signature_holds_for_what_it_was_given_for_and_for_nothing_else() -> None:
    assert signature_fault(*signed(), BOUND) is None
    for name in Bound.model_fields:
        other = BOUND.model_copy(update={name: OTHER})
        assert signature_fault(*signed(), other) == f"it binds another {name.replace('_', ' ')}"


def test_a_signature_of_before_policies_binds_none() -> None:
    assert signature_fault(*signed(policy_digest=None), BOUND) is None


@given(st.data())
def test_one_changed_character_is_noticed(data: st.DataObject) -> None:
    text, digest = signed()
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(codec="ascii").filter(lambda drawn: drawn != text[place]))
    assert signature_fault(text[:place] + letter + text[place + 1 :], digest, BOUND) is not None


def test_a_statement_is_not_empty_and_the_password_is_not_shown() -> None:
    with pytest.raises(ValueError, match="statement"):
        request(statement="   ")
    assert "secret" not in repr(request())
