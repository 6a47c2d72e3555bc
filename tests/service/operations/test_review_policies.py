"""Policies of models, the gates that they close, and rounds of review."""

from typing import Any

import pytest
from sqlalchemy import insert, select

from service import errors
from service.domain.canonical import digest_of
from service.domain.findings import FindingRequest, ResolutionRequest, VerificationRequest
from service.domain.permissions import Actor
from service.domain.policies import ReviewPolicy
from service.domain.reviews import ClosingRequest
from service.operations import findings, gates, review_policies, reviews, versions
from service.operations.resources import Resources
from service.operations.reviews import Review
from service.storage import tables
from tests.service.conftest import Person, Steps, audit_payloads, everything_stored, signature_request
from tests.service.training import QUICK

WHY = ClosingRequest(reason="the cap on income is missing")


def settle(resources: Resources, person: Person, **changes: Any) -> None:
    administrator = person("administrator")
    current = review_policies.get_review_policy(resources, administrator, "credit")
    policy = ReviewPolicy.model_validate({**current.policy.model_dump(), **changes})
    review_policies.put_review_policy(resources, administrator, "credit", policy, current.etag)


def test_a_policy_is_the_default_of_the_tier_until_an_administrator_settles_another(
    resources: Resources, developer: Actor, person: Person, steps: Steps
) -> None:
    steps.model()
    default = review_policies.get_review_policy(resources, developer, "credit")
    assert (default.is_default, default.policy.quorum) == (True, 1)
    settle(resources, person, quorum=3)
    settled = review_policies.get_review_policy(resources, developer, "credit")
    assert (settled.is_default, settled.policy.quorum) == (False, 3)
    assert audit_payloads(resources)[-1]["action"] == "review_policies.put"


def test_a_policy_is_not_weakened_and_not_overwritten_unseen(
    resources: Resources, person: Person, steps: Steps
) -> None:
    steps.model(risk_tier="high")
    with pytest.raises(errors.PolicyTooWeak):
        settle(resources, person, quorum=1)
    policy = ReviewPolicy(quorum=2, gates=("findings", "fidelity", "certificates", "reasons"))
    for etag, refusal in ((None, errors.PreconditionRequired), ('"old"', errors.PreconditionFailed)):
        with pytest.raises(refusal):
            review_policies.put_review_policy(resources, person("administrator"), "credit", policy, etag)


def test_an_open_review_keeps_the_policy_under_which_it_began(
    resources: Resources, auditor: Actor, person: Person, steps: Steps, candidate: int
) -> None:
    review = steps.submit("credit", candidate)
    settle(resources, person, quorum=3, signers=("nobody",))
    kept = reviews.get_review(resources, auditor, review.id)
    assert (kept.quorum, kept.policy_digest) == (1, review.policy_digest)
    assert steps.sign(steps.accept_edges(review)).state == "approved"


def test_only_those_whom_the_policy_names_sign(
    resources: Resources, person: Person, steps: Steps, candidate: int
) -> None:
    chosen = person("auditor", name="chosen")
    settle(resources, person, signers=("chosen",))
    review = steps.accept_edges(steps.submit("credit", candidate))
    with pytest.raises(errors.NotAmongSigners):
        steps.sign(review)
    assert steps.sign(review, chosen).state == "approved"


def test_two_who_reviewed_do_not_make_an_approval(person: Person, steps: Steps) -> None:
    number = steps.train(steps.model(risk_tier="high"), steps.dataset())
    review = steps.accept_edges(steps.submit("credit", number))
    for name in ("auditor", "second"):
        signed = steps.sign_request(review, signature_request(review, meaning="review"), person("auditor", name=name))
    assert signed.state == "open"
    assert steps.sign(review, person("auditor", name="third")).state == "approved"


def test_an_open_finding_of_high_severity_prevents_an_approval_until_it_is_closed(
    resources: Resources, developer: Actor, auditor: Actor, steps: Steps, candidate: int
) -> None:
    review = steps.accept_edges(steps.submit("credit", candidate))
    request = FindingRequest.model_validate(
        {"severity": "high", "title": "Proxy", "description": "d", "owner": "developer", "due_on": "2027-01-31"}
    )
    finding = findings.create_finding(resources, auditor, "credit", candidate, request)
    shown = {gate.gate: gate for gate in gates.list_review_gates(resources, auditor, review.id)}
    assert (shown["findings"].is_passed, shown["fidelity"].is_passed) == (False, True)
    before = everything_stored(resources)
    with pytest.raises(errors.GatesFailed, match="Proxy"):
        steps.sign(review)
    assert everything_stored(resources) == before
    findings.resolve_finding(resources, developer, finding.id, ResolutionRequest(resolution="dropped"))
    with pytest.raises(errors.GatesFailed, match="Proxy"):
        steps.sign(review)
    seen = VerificationRequest(is_resolved=True, comment="gone")
    findings.verify_finding(resources, auditor, finding.id, seen)
    assert steps.sign(review).state == "approved"


def test_every_gate_of_a_strict_policy_is_asked(
    resources: Resources, auditor: Actor, person: Person, steps: Steps, candidate: int
) -> None:
    every = ("findings", "fidelity", "certificates", "reasons", "challenger")
    settle(resources, person, gates=every)
    review = steps.accept_edges(steps.submit("credit", candidate))
    shown = gates.list_review_gates(resources, auditor, review.id)
    assert tuple(gate.gate for gate in shown) == every
    assert all(gate.is_passed and gate.reason for gate in shown)
    assert steps.sign(review).state == "approved"


def test_a_version_is_submitted_again_after_changes_were_requested_or_it_was_withdrawn(
    resources: Resources, developer: Actor, auditor: Actor, person: Person, candidate: int, steps: Steps
) -> None:
    first = steps.submit("credit", candidate)
    asked = reviews.request_changes(resources, auditor, first.id, WHY)
    assert (asked.state, asked.closing_reason) == ("changes_requested", WHY.reason)
    second = steps.accept_edges(steps.submit("credit", candidate))
    withdrawn = reviews.withdraw_review(resources, developer, second.id, WHY)
    assert (withdrawn.state, withdrawn.round) == ("withdrawn", 2)
    third = steps.submit("credit", candidate)
    assert (third.round, third.signatures) == (3, ())
    assert all(edge.decision is None for edge in third.edges)
    assert versions.get_version(resources, auditor, "credit", candidate).review_id == third.id
    for ended in (first, second):
        with pytest.raises(errors.WrongState):
            steps.sign(ended)
        with pytest.raises(errors.WrongState):
            reviews.withdraw_review(resources, developer, ended.id, WHY)
    assert steps.sign(steps.accept_edges(third)).state == "approved"


def test_who_contributed_requests_no_changes(resources: Resources, steps: Steps, person: Person) -> None:
    both = person("developer", "auditor")
    own = Steps(resources, both, steps.auditor)
    review = own.submit("credit", own.train(own.model(), own.dataset()))
    with pytest.raises(errors.ContributorCannotSign):
        reviews.request_changes(resources, both, review.id, WHY)


def test_a_submission_says_what_changed_since_the_last_approval(steps: Steps) -> None:
    model, dataset = steps.model(), steps.dataset()
    first = steps.train(model, dataset)
    assert steps.submit(model, first).compared_with is None
    steps.sign(steps.accept_edges(reviews_of(steps, model, first)))
    second = steps.train(model, dataset, QUICK.model_copy(update={"grid_size": 4}))
    review = steps.submit(model, second)
    assert review.compared_with == first
    grid = next(change for change in review.changes if change.what == "setting grid_size")
    assert (grid.before, grid.after) == ("3", "4")
    assert not any(change.what in ("dataset", "inputs") for change in review.changes)


def reviews_of(steps: Steps, model: str, number: int) -> Review:
    review_id = versions.get_version(steps.resources, steps.auditor, model, number).review_id
    return reviews.get_review(steps.resources, steps.auditor, review_id or "")


def test_a_signature_tells_role_meaning_and_time_and_fails_when_it_is_copied(
    resources: Resources, auditor: Actor, steps: Steps
) -> None:
    model, dataset = steps.model(), steps.dataset()
    first, second = (steps.train(model, dataset) for _ in range(2))
    review = steps.accept_edges(steps.submit(model, first))
    signed = steps.sign_request(review, signature_request(review, utc_offset_minutes=60))
    (signature,) = signed.signatures
    assert (signature.role, signature.meaning, signature.fault) == ("auditor", "approval", None)
    assert signature.signed_at.startswith("2026-11-23T09:00:0")
    assert signature.shown_at is not None
    assert signature.shown_at.startswith("2026-11-23T10:00:0")
    assert signature.shown_at.endswith("+01:00")
    other = steps.submit(model, second)
    table = tables.Signature
    with resources.database.write() as session:
        row = session.scalars(select(table)).one()
        text = row.content.replace("I looked", "I hardly looked")
        stolen = {"review_id": other.id, "signer": row.signer, "verdict": row.verdict, "signed_at": row.signed_at}
        session.execute(insert(table).values(digest=digest_of(text.encode()), content=text, **stolen))
    (copied,) = reviews.get_review(resources, auditor, other.id).signatures
    assert copied.fault == "it binds another review"
