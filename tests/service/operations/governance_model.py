"""Review, approval, aliases and suspension as a state machine that does what people may try, in any order.

After every step it looks at what is stored, and at the end it plays the audit trail back: what the rules promise must
hold whatever was tried. An attempt that is refused must have changed nothing.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Literal

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, update

from service.domain.audit import verify
from service.domain.limits import Limits
from service.domain.permissions import Actor, Role
from service.domain.policies import ReviewPolicy
from service.domain.reviews import ClosingRequest, EdgeDecisionRequest, Verdict
from service.errors import EdgewiseError
from service.operations import aliases, review_policies, reviews, signatures, suspensions, users
from service.operations.aliases import AliasName, AliasRequest
from service.operations.resources import Resources
from service.operations.reviews import ReviewRequest
from service.operations.suspensions import ReasonRequest
from service.storage import audit, tables
from tests.service.conftest import PASSWORD, Steps, signature_request
from tests.service.one_transaction import OneTransaction

MODEL, QUORUM = "credit", 2
PEOPLE: Mapping[str, tuple[Role, ...]] = {
    "maker": ("developer", "auditor", "administrator"),
    "developer": ("developer",),
    "first": ("auditor",),
    "second": ("auditor", "administrator"),
    "third": ("auditor", "developer"),
}
#: Who contributed to each version; the third one descends from the first.
CONTRIBUTORS: Mapping[int, frozenset[str]] = {
    1: frozenset({"maker"}),
    2: frozenset({"developer"}),
    3: frozenset({"developer", "maker"}),
}
WHY = ReasonRequest(reason="Because.")
persons, versions, edges = st.sampled_from(sorted(PEOPLE)), st.sampled_from(sorted(CONTRIBUTORS)), st.integers(0, 2)
pointers: st.SearchStrategy[AliasName] = st.sampled_from(("champion", "challenger"))


@dataclass(frozen=True)
class Stage:
    """Three trained candidates and five people, on a database whose writes are taken back."""

    resources: Resources
    database: OneTransaction
    people: Mapping[str, Actor]


def stage(resources: Resources) -> Stage:
    """Train the candidates; on each of them a machine can begin as often as one likes."""
    people = {
        name: users.create_user(resources, name, name.title(), frozenset(roles), PASSWORD)
        for name, roles in PEOPLE.items()
    }
    steps = Steps(resources, people["maker"], people["first"])
    steps.train(steps.model(), steps.dataset())
    other = replace(steps, developer=people["developer"])
    for name in ("b", "c"):
        other.train(MODEL, other.dataset(name=name))
    policy = ReviewPolicy(quorum=QUORUM, gates=("findings", "fidelity"))
    etag = review_policies.get_review_policy(resources, people["maker"], MODEL).etag
    review_policies.put_review_policy(resources, people["maker"], MODEL, policy, etag)
    with resources.database.write() as session:
        session.execute(update(tables.ModelVersion).where(tables.ModelVersion.number == 3).values(parent=1))
    database = OneTransaction(resources.database.url)
    return Stage(replace(resources, database=database), database, people)


class Governance(RuleBasedStateMachine):
    """What anybody may try about three versions of a model."""

    #: How many versions ended in which state, over all runs.
    reached: ClassVar[Counter[str]] = Counter()

    def __init__(self, on: Stage) -> None:
        super().__init__()
        self._on, self._resources = on, on.resources
        self._undo: AbstractContextManager[None] = on.database.rolled_back()
        self._undo.__enter__()
        self._rounds: dict[int, str] = {}
        self._begun_at = self._head()

    def teardown(self) -> None:
        try:
            with self._on.database.read() as session:
                self.reached.update(self._states(session).values())
            self._events_tell_what_is_stored()
        finally:
            self._undo.__exit__(None, None, None)

    @initialize(chosen=st.sets(versions, min_size=1))
    def begin(self, chosen: set[int]) -> None:
        for version in sorted(chosen):
            self.bring_to_review(version)

    @rule(version=versions)
    def bring_to_review(self, version: int) -> None:
        self.submit(version, "developer")
        self.accept_every_edge(version, "first")

    @rule(version=versions, signers=st.lists(persons, min_size=2, max_size=4, unique=True))
    def sign_together(self, version: int, signers: list[str]) -> None:
        for who in signers:
            self.sign(version, who, "approved")

    @rule(version=versions, who=persons)
    def submit(self, version: int, who: str) -> None:
        request = ReviewRequest(model=MODEL, version=version, summary="s")
        made = self._try(lambda actor: reviews.create_review(self._resources, actor, request), who)
        if made is not None:
            self._rounds[version] = made.id

    @precondition(lambda self: self._rounds)
    @rule(version=versions, who=persons)
    def accept_every_edge(self, version: int, who: str) -> None:
        for edge in range(3):
            self.decide(version, who, edge, "accepted")

    @precondition(lambda self: self._rounds)
    @rule(version=versions, who=persons, edge=edges)
    def reject_an_edge(self, version: int, who: str, edge: int) -> None:
        self.decide(version, who, edge, "rejected")

    def decide(self, version: int, who: str, edge: int, decision: Literal["accepted", "rejected"]) -> None:
        if version in self._rounds:
            found = self._review(version).edges[edge]
            request, place = EdgeDecisionRequest(decision=decision), self._rounds[version]
            self._try(
                lambda actor: reviews.decide_edge(self._resources, actor, place, found.edge, request, found.etag), who
            )

    @precondition(lambda self: self._rounds)
    @rule(version=versions, who=persons, verdict=st.sampled_from(("approved", "approved", "rejected")))
    def sign(self, version: int, who: str, verdict: Verdict) -> None:
        if version in self._rounds:
            request = signature_request(self._review(version), verdict, limits=Limits())
            place = self._rounds[version]
            self._try(lambda actor: signatures.create_signature(self._resources, actor, place, request), who)

    @precondition(lambda self: self._rounds)
    @rule(version=versions, who=persons, withdraws=st.booleans())
    def end(self, version: int, who: str, withdraws: bool) -> None:
        if version in self._rounds:
            close = reviews.withdraw_review if withdraws else reviews.request_changes
            request, place = ClosingRequest(reason="r"), self._rounds[version]
            self._try(lambda actor: close(self._resources, actor, place, request), who)

    @rule(version=versions, who=persons)
    def suspend(self, version: int, who: str) -> None:
        self._try(lambda actor: suspensions.create_suspension(self._resources, actor, MODEL, version, WHY), who)

    @rule(version=versions, who=persons)
    def ask_to_resume(self, version: int, who: str) -> None:
        self._try(lambda actor: suspensions.request_resumption(self._resources, actor, MODEL, version, WHY), who)

    @rule(version=versions, who=persons)
    def resume(self, version: int, who: str) -> None:
        self._try(lambda actor: suspensions.confirm_resumption(self._resources, actor, MODEL, version), who)

    @rule(version=versions, who=persons)
    def retire(self, version: int, who: str) -> None:
        def act(actor: Actor) -> bool:
            suspensions.retire_version(self._resources, actor, MODEL, version, WHY)
            return True

        self._try(act, who)

    @rule(version=versions, who=persons, alias=pointers)
    def point(self, version: int, who: str, alias: AliasName) -> None:
        etag = aliases.get_alias(self._resources, self._on.people["first"], MODEL, alias).etag
        request = AliasRequest(version=version)
        self._try(lambda actor: aliases.move_alias(self._resources, actor, MODEL, alias, request, etag), who)

    @rule(who=persons, alias=pointers)
    def roll_back(self, who: str, alias: AliasName) -> None:
        etag = aliases.get_alias(self._resources, self._on.people["first"], MODEL, alias).etag
        self._try(lambda actor: aliases.roll_back_alias(self._resources, actor, MODEL, alias, etag), who)

    @invariant()
    def nothing_is_approved_below_the_quorum_of_distinct_people_who_did_not_contribute(self) -> None:
        names = {actor.id: name for name, actor in self._on.people.items()}
        with self._on.database.read() as session:
            states = self._states(session)
            for number, state in states.items():
                if state not in ("approved", "suspended", "retired"):
                    continue
                query = select(tables.Review).where(tables.Review.version == number, tables.Review.state == "approved")
                (review,) = session.scalars(query)
                signers = [
                    names[one.signer]
                    for one in session.scalars(select(tables.Signature).where(tables.Signature.review_id == review.id))
                    if one.verdict == "approved"
                ]
                decided = session.scalars(
                    select(tables.EdgeDecision.decision).where(tables.EdgeDecision.review_id == review.id)
                ).all()
                assert len(set(signers)) == len(signers) >= QUORUM
                assert not CONTRIBUTORS[number] & set(signers)
                assert decided == ["accepted"] * 3

    @invariant()
    def there_is_one_champion_at_most_and_it_was_approved(self) -> None:
        with self._on.database.read() as session:
            states = self._states(session)
            pointing = session.scalars(select(tables.Alias)).all()
            assert len({row.alias for row in pointing}) == len(pointing)
            assert {states[row.version] for row in pointing} <= {"approved", "suspended"}

    def _events_tell_what_is_stored(self) -> None:
        with self._on.database.read() as session:
            links = list(audit.read_links(session))
            assert verify(links, audit.read_head(session)).holds
            states, owners = self._states(session), {one.id: one for one in session.scalars(select(tables.Review))}
        events = [json.loads(link.payload) for link in links[self._begun_at :]]
        assert replayed_states(events, owners) == states
        for alias, moves in replayed_moves(events).items():
            for moment, version in moves:
                found = aliases.list_alias_history(self._resources, self._on.people["first"], MODEL, alias, moment)
                assert found[0].version == version

    def _states(self, session: Any) -> dict[int, str]:
        return {row.number: row.state for row in session.scalars(select(tables.ModelVersion))}

    def _review(self, version: int) -> reviews.Review:
        return reviews.get_review(self._resources, self._on.people["first"], self._rounds[version])

    def _head(self) -> int:
        with self._on.database.read() as session:
            return audit.read_head(session).seq

    def _try(self, act: Callable[[Actor], Any], who: str) -> Any:
        """What an attempt made, None where it was refused; it wrote one event, or nothing."""
        before = self._head()
        try:
            made = act(self._on.people[who])
        except EdgewiseError:
            assert self._head() == before
            return None
        assert self._head() == before + 1
        return made


def prove(resources: Resources, runs: int, steps: int) -> Counter[str]:
    """Run the machine so often, from the same beginning: how many versions ended in which state.

    Raises AssertionError with the attempts that broke a rule.
    """
    on = stage(resources)

    class OnStage(Governance):
        reached: ClassVar[Counter[str]] = Counter()

        def __init__(self) -> None:
            super().__init__(on)

    run_state_machine_as_test(
        OnStage, settings=settings(max_examples=runs, stateful_step_count=steps, phases=[Phase.generate])
    )
    on.database.dispose()
    return OnStage.reached


def replayed_states(events: list[dict[str, Any]], owners: Mapping[str, tables.Review]) -> dict[int, str]:
    """The states of the versions that follow from the trail alone."""
    states = dict.fromkeys(CONTRIBUTORS, "candidate")
    signed: dict[str, int] = defaultdict(int)
    to = {
        "reviews.created": "in_review",
        "reviews.withdrawn": "candidate",
        "reviews.changes_requested": "candidate",
        "suspensions.created": "suspended",
        "resumptions.confirmed": "approved",
        "versions.retired": "retired",
    }
    for event in events:
        kind, place = event["subject"].split("/")[0], event["subject"].split("/")
        number = owners[place[1]].version if kind == "reviews" else int(place[3]) if place[2:3] == ["versions"] else 0
        if event["action"] in to:
            states[number] = to[event["action"]]
        if event["action"] == "signatures.created":
            signed[place[1]] += 1
            if event["details"]["verdict"] == "rejected":
                states[number] = "rejected"
            elif signed[place[1]] >= QUORUM:
                states[number] = "approved"
    return states


def replayed_moves(events: list[dict[str, Any]]) -> dict[AliasName, list[tuple[datetime, int]]]:
    """Where each alias pointed from when on, from the trail alone."""
    moves: dict[AliasName, list[tuple[datetime, int]]] = {"champion": [], "challenger": []}
    for event in events:
        if event["action"] in ("aliases.moved", "aliases.rolled_back"):
            alias: AliasName = "champion" if event["subject"].endswith("champion") else "challenger"
            moves[alias].append((datetime.fromisoformat(event["at"]), event["details"]["version"]))
    return moves
