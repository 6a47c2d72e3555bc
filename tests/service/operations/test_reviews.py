"""Who may review and sign, and what a signature does."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import update

from service import errors
from service.domain.canonical import digest_of
from service.domain.pages import PageRequest
from service.domain.permissions import Actor
from service.domain.reviews import EdgeDecisionRequest
from service.operations import reviews, signatures, users, versions
from service.operations.resources import Resources
from service.operations.reviews import Review, ReviewRequest
from service.storage import tables
from service.storage.reviews import signatures_of
from tests.service.conftest import Person, Steps, audit_payloads, everything_stored, signature_request

ACCEPT = EdgeDecisionRequest(decision="accepted", comment="plausible")
REJECT = EdgeDecisionRequest(decision="rejected", comment="not monotone")


@pytest.fixture
def review(steps: Steps, candidate: int) -> Review:
    return steps.submit("credit", candidate)


@pytest.fixture
def decided(steps: Steps, review: Review) -> Review:
    return steps.accept_edges(review)


def state_of(resources: Resources, actor: Actor, number: int = 1) -> str:
    return versions.get_version(resources, actor, "credit", number).state


def test_a_submitted_version_is_in_review_with_all_its_edges_undecided(
    resources: Resources, developer: Actor, review: Review
) -> None:
    version = versions.get_version(resources, developer, "credit", 1)
    assert (version.state, version.review_id) == ("in_review", review.id)
    assert (review.state, review.artifact_digest, review.quorum) == ("open", version.digest, 1)
    assert len(review.edges) == version.active_edges
    assert all(edge.decision is None for edge in review.edges)


def test_a_version_is_submitted_once(steps: Steps, review: Review) -> None:
    with pytest.raises(errors.WrongState, match="in_review"):
        steps.submit("credit", review.version)


def test_a_version_that_does_not_exist_cannot_be_submitted(
    resources: Resources, developer: Actor, steps: Steps
) -> None:
    steps.model()
    with pytest.raises(errors.NotFound, match="version"):
        reviews.create_review(resources, developer, ReviewRequest(model="credit", version=9, summary="s"))


def test_a_signed_approval_approves_the_version_and_shows_who_signed_what(
    resources: Resources, auditor: Actor, steps: Steps, decided: Review
) -> None:
    signed = steps.sign(decided)
    assert (signed.state, state_of(resources, auditor)) == ("approved", "approved")
    (signature,) = signed.signatures
    assert (signature.printed_name, signature.verdict, signature.meaning) == ("Printed Auditor", "approved", "approval")
    assert signature.statement == "I looked at every edge."
    assert signed.closed_at is not None
    assert not signed.may_decide
    with resources.database.read() as session:
        (row,) = signatures_of(session, signed.id)
    assert row.digest == digest_of(row.content.encode()) == signature.digest
    for part in (decided.artifact_digest, decided.decisions_digest, auditor.id, signature.signed_at):
        assert part in row.content


def test_one_rejection_rejects_the_version_although_edges_are_undecided(
    resources: Resources, auditor: Actor, steps: Steps, review: Review
) -> None:
    assert steps.sign(review, verdict="rejected").state == "rejected"
    assert state_of(resources, auditor) == "rejected"


def test_the_author_cannot_decide_or_sign(resources: Resources, steps: Steps, person: Person) -> None:
    both = person("developer", "auditor")
    own = Steps(resources, both, steps.auditor)
    number = own.train(own.model(), own.dataset())
    review = own.submit("credit", number)
    assert not reviews.get_review(resources, both, review.id).may_decide
    with pytest.raises(errors.ContributorCannotSign):
        own.accept_edges(review, both)
    before = everything_stored(resources)
    with pytest.raises(errors.ContributorCannotSign):
        own.sign(steps.accept_edges(review), both)
    assert everything_stored(resources)["signatures"] == before["signatures"] == 0


def test_who_contributed_to_an_ancestor_cannot_decide_or_sign(
    resources: Resources, steps: Steps, person: Person
) -> None:
    both = person("developer", "auditor")
    first = Steps(resources, both, steps.auditor)
    model, dataset = first.model(), first.dataset()
    numbers = [first.train(model, dataset), steps.train(model, dataset), steps.train(model, dataset)]
    assert numbers == [1, 2, 3]
    with resources.database.write() as session:
        for number in (2, 3):
            row = tables.ModelVersion
            session.execute(update(row).where(row.model == model, row.number == number).values(parent=number - 1))
    review = steps.submit(model, 3)
    with pytest.raises(errors.ContributorCannotSign):
        steps.accept_edges(review, both)
    with pytest.raises(errors.ContributorCannotSign):
        steps.sign(steps.accept_edges(review), both)


@pytest.mark.parametrize("role", ["administrator", "observer", "client", "developer"])
def test_only_an_auditor_decides_and_signs(
    resources: Resources, steps: Steps, decided: Review, person: Person, role: str
) -> None:
    other = person(role, name=f"other-{role}")
    edge = decided.edges[0]
    with pytest.raises(errors.ActionNotAllowed, match="auditor"):
        reviews.decide_edge(resources, other, decided.id, edge.edge, REJECT, edge.etag)
    with pytest.raises(errors.ActionNotAllowed, match="auditor"):
        steps.sign(decided, other)


def test_a_key_cannot_decide_or_sign_even_with_the_role_of_an_auditor(
    resources: Resources, auditor: Actor, steps: Steps, decided: Review
) -> None:
    key = replace(auditor, api_key_id="key")
    edge = decided.edges[0]
    with pytest.raises(errors.KeyCannotSign):
        reviews.decide_edge(resources, key, decided.id, edge.edge, REJECT, edge.etag)
    with pytest.raises(errors.KeyCannotSign):
        steps.sign(decided, key)
    assert not reviews.get_review(resources, key, decided.id).may_decide


def test_a_wrong_password_signs_nothing(resources: Resources, auditor: Actor, decided: Review) -> None:
    before, trail = everything_stored(resources), audit_payloads(resources)
    with pytest.raises(errors.WrongPassword) as refused:
        signatures.create_signature(resources, auditor, decided.id, signature_request(decided, password="wrong"))
    assert refused.value.fields[0].pointer == "/password"
    assert everything_stored(resources) == before
    assert audit_payloads(resources) == trail
    assert reviews.get_review(resources, auditor, decided.id) == decided


def test_the_password_of_somebody_else_signs_nothing(
    resources: Resources, auditor: Actor, decided: Review, developer: Actor
) -> None:
    users.set_password(resources, developer.name, "the developer's own password")
    request = signature_request(decided, password="the developer's own password")
    with pytest.raises(errors.WrongPassword):
        signatures.create_signature(resources, auditor, decided.id, request)


def test_a_stale_digest_is_not_signed(resources: Resources, auditor: Actor, decided: Review) -> None:
    request = signature_request(decided, artifact_digest="sha256:" + "f" * 64)
    with pytest.raises(errors.StaleDigest):
        signatures.create_signature(resources, auditor, decided.id, request)
    assert reviews.get_review(resources, auditor, decided.id).signatures == ()


def test_decisions_that_changed_meanwhile_are_not_signed(
    resources: Resources, auditor: Actor, steps: Steps, decided: Review
) -> None:
    edge = decided.edges[0]
    reviews.decide_edge(resources, auditor, decided.id, edge.edge, REJECT, edge.etag)
    with pytest.raises(errors.StaleDecisions):
        steps.sign(decided)


def test_an_undecided_edge_prevents_an_approval(
    resources: Resources, auditor: Actor, steps: Steps, review: Review
) -> None:
    first, *others = review.edges
    for edge in others:
        reviews.decide_edge(resources, auditor, review.id, edge.edge, ACCEPT, edge.etag)
    with pytest.raises(errors.EdgesUndecided, match=first.edge):
        steps.sign(reviews.get_review(resources, auditor, review.id))
    assert state_of(resources, auditor) == "in_review"


def test_a_rejected_edge_prevents_an_approval(
    resources: Resources, auditor: Actor, steps: Steps, decided: Review
) -> None:
    edge = decided.edges[0]
    reviews.decide_edge(resources, auditor, decided.id, edge.edge, REJECT, edge.etag)
    with pytest.raises(errors.EdgesRejected, match=edge.edge):
        steps.sign(reviews.get_review(resources, auditor, decided.id))
    assert state_of(resources, auditor) == "in_review"


def test_a_high_tier_needs_two_different_people(
    resources: Resources, auditor: Actor, steps: Steps, person: Person
) -> None:
    number = steps.train(steps.model(risk_tier="high"), steps.dataset())
    decided = steps.accept_edges(steps.submit("credit", number))
    assert decided.quorum == 2
    once = steps.sign(decided)
    assert (once.state, state_of(resources, auditor)) == ("open", "in_review")
    with pytest.raises(errors.AlreadySigned):
        steps.sign(once)
    twice = steps.sign(once, person("auditor", name="second-auditor"))
    assert (twice.state, state_of(resources, auditor)) == ("approved", "approved")
    assert [signature.printed_name for signature in twice.signatures] == ["Printed Auditor", "Printed Second-Auditor"]


def test_decisions_stand_once_somebody_has_signed_them(resources: Resources, steps: Steps, person: Person) -> None:
    number = steps.train(steps.model(risk_tier="high"), steps.dataset())
    once = steps.sign(steps.accept_edges(steps.submit("credit", number)))
    second, edge = person("auditor", name="second-auditor"), once.edges[0]
    changed = EdgeDecisionRequest(decision="accepted", comment="for another reason")
    with pytest.raises(errors.DecisionsSigned):
        reviews.decide_edge(resources, second, once.id, edge.edge, changed, edge.etag)
    assert steps.sign(once, second, "rejected").state == "rejected"


def test_a_closed_review_takes_no_decisions_and_no_signatures(
    resources: Resources, auditor: Actor, steps: Steps, decided: Review, person: Person
) -> None:
    closed = steps.sign(decided)
    edge, second = closed.edges[0], person("auditor", name="second-auditor")
    with pytest.raises(errors.WrongState, match="approved"):
        reviews.decide_edge(resources, auditor, closed.id, edge.edge, REJECT, edge.etag)
    with pytest.raises(errors.WrongState, match="approved"):
        steps.sign(closed, second, "rejected")
    assert state_of(resources, auditor) == "approved"


def test_a_change_of_mind_names_the_decision_that_it_replaces(
    resources: Resources, auditor: Actor, person: Person, review: Review
) -> None:
    edge = review.edges[0]
    with pytest.raises(errors.PreconditionRequired):
        reviews.decide_edge(resources, auditor, review.id, edge.edge, ACCEPT, None)
    decided = reviews.decide_edge(resources, auditor, review.id, edge.edge, ACCEPT, edge.etag)
    assert (decided.decision, decided.comment, decided.decided_by) == ("accepted", "plausible", "Printed Auditor")
    second = person("auditor", name="second-auditor")
    with pytest.raises(errors.PreconditionFailed, match=decided.etag):
        reviews.decide_edge(resources, second, review.id, edge.edge, REJECT, edge.etag)
    changed = reviews.decide_edge(resources, second, review.id, edge.edge, REJECT, decided.etag)
    assert (changed.decision, changed.decided_by) == ("rejected", "Printed Second-Auditor")
    assert len({edge.etag, decided.etag, changed.etag}) == 3


def test_an_edge_that_the_version_does_not_have_cannot_be_decided(
    resources: Resources, auditor: Actor, review: Review
) -> None:
    with pytest.raises(errors.NotFound, match="edge"):
        reviews.decide_edge(resources, auditor, review.id, "0.99.0", ACCEPT, '"r0"')


def test_of_two_people_who_sign_at_once_one_closes_the_review(
    resources: Resources, steps: Steps, decided: Review, person: Person
) -> None:
    people, barrier = [steps.auditor, person("auditor", name="second-auditor")], threading.Barrier(2, timeout=60)

    def sign(who: Actor) -> str:
        barrier.wait()
        try:
            return steps.sign(decided, who).state
        except errors.WrongState as refused:
            return refused.code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(sign, people)) == ["approved", "wrong_state"]
    assert everything_stored(resources)["signatures"] == 1


def test_of_two_people_who_decide_an_edge_at_once_one_is_told(
    resources: Resources, steps: Steps, review: Review, person: Person
) -> None:
    people, barrier = [steps.auditor, person("auditor", name="second-auditor")], threading.Barrier(2, timeout=60)
    edge = review.edges[0]

    def decide(who: Actor) -> str:
        barrier.wait()
        try:
            return reviews.decide_edge(resources, who, review.id, edge.edge, ACCEPT, edge.etag).etag
        except errors.PreconditionFailed as refused:
            return refused.code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decide, people)) == ['"r1"', "precondition_failed"]


def test_reviews_are_listed_by_state(resources: Resources, auditor: Actor, steps: Steps, decided: Review) -> None:
    page = PageRequest()
    assert [item.id for item in reviews.list_reviews(resources, auditor, "open", page).items] == [decided.id]
    steps.sign(decided)
    assert reviews.list_reviews(resources, auditor, "open", page).items == ()
    assert [item.id for item in reviews.list_reviews(resources, auditor, None, page).items] == [decided.id]
