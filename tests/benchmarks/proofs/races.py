"""Races: many processes do the same thing to one version at the same moment, and exactly one may succeed.

The processes are forked from this one, open connections of their own and wait for each other at a barrier.
"""

import multiprocessing
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any

from service.api.problems import status_of
from service.domain.permissions import Actor
from service.domain.policies import ReviewPolicy
from service.errors import EdgewiseError
from service.operations import (
    aliases,
    audit_events,
    review_policies,
    signatures,
    suspensions,
    training_runs,
    users,
)
from service.operations.aliases import AliasRequest
from service.operations.health import ready_resources
from service.operations.resources import Resources
from service.operations.suspensions import ReasonRequest
from service.settings import Settings
from service.storage import models
from tests.service.conftest import PASSWORD, Steps, signature_request

ONE, TWO = "credit", "double"
LONGEST_WAIT_S = 300
Attempt = Callable[[Resources, Sequence[Actor], int, Any], object]


def _create_version(resources: Resources, _people: Sequence[Actor], _who: int, job: str) -> object:
    return training_runs.run_training_job(resources, job)


def _sign(resources: Resources, people: Sequence[Actor], who: int, review: Any) -> object:
    return signatures.create_signature(resources, people[who], review.id, signature_request(review))


def _sign_twice(resources: Resources, people: Sequence[Actor], _who: int, review: Any) -> object:
    return signatures.create_signature(resources, people[0], review.id, signature_request(review))


def _move_alias(resources: Resources, people: Sequence[Actor], who: int, aim: tuple[int, str]) -> object:
    return aliases.move_alias(resources, people[who], ONE, "champion", AliasRequest(version=aim[0]), aim[1])


def _suspend(resources: Resources, people: Sequence[Actor], who: int, number: int) -> object:
    return suspensions.create_suspension(resources, people[who], ONE, number, ReasonRequest(reason="Drift."))


RACES: Mapping[str, Attempt] = {
    "create version": _create_version,
    "approve": _sign,
    "sign": _sign_twice,
    "move alias": _move_alias,
    "suspend": _suspend,
}


@dataclass(frozen=True)
class _Runner:
    """One of the processes, as the starter sees it."""

    process: Any
    pipe: Connection


def run(resources: Resources, processes: int, rounds: int) -> str:
    """Run every race so often; raises AssertionError unless each had one winner and the chain is linear."""
    maker = users.create_user(resources, "maker", "Maker", frozenset({"developer"}), PASSWORD)
    people = [
        users.create_user(resources, f"p{n}", f"P {n}", frozenset({"auditor", "administrator", "developer"}), PASSWORD)
        for n in range(processes)
    ]
    steps = Steps(resources, maker, people[-1])
    dataset = steps.dataset()
    for name, quorum in ((ONE, 1), (TWO, 2)):
        steps.model(name, "low")
        etag = review_policies.get_review_policy(resources, people[0], name).etag
        policy = ReviewPolicy(quorum=quorum, gates=("findings",))
        review_policies.put_review_policy(resources, people[0], name, policy, etag)
    steps.train(TWO, dataset)  # from here on the training is remembered, in the processes too
    losses: Counter[str] = Counter()
    with ExitStack() as stack:
        runners = _start(stack, resources.settings, people, processes)
        for _ in range(rounds):
            for kind, codes in _round(steps, dataset, runners):
                losses.update(code for code in codes if code != "ok")
                winners = codes.count("ok")
                assert winners == 1, (kind, Counter(codes))
    checked = audit_events.verify_audit_trail(resources, None)
    assert checked.holds, checked
    return f"one winner each, refusals {dict(losses)}, a linear chain of {checked.events} events"


def _round(steps: Steps, dataset: str, runners: Sequence[_Runner]) -> list[tuple[str, list[str]]]:
    resources, found = steps.resources, []

    def race(kind: str, aim: object) -> None:
        found.append((kind, _race(runners, kind, aim)))

    before = _versions(resources)
    race("create version", steps.job(ONE, dataset))
    number = _versions(resources)
    # Attempts that were overtaken tell the state that the job has now; what counts is that there is one version more.
    found[0] = ("create version", ["ok"] * (number - before) + [code for code in found[0][1] if code != "ok"])
    race("approve", steps.accept_edges(steps.submit(ONE, number)))
    second = replace(steps, auditor=steps.auditor)
    race("sign", second.accept_edges(second.submit(TWO, second.train(TWO, dataset))))
    race("move alias", (number, aliases.get_alias(resources, steps.auditor, ONE, "champion").etag))
    race("suspend", number)
    return found


def _versions(resources: Resources) -> int:
    with resources.database.read() as session:
        return models.next_version_number(session, ONE) - 1


def _start(stack: ExitStack, settings: Settings, people: Sequence[Actor], count: int) -> list[_Runner]:
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(count, timeout=LONGEST_WAIT_S)
    runners = []
    for who in range(count):
        mine, theirs = context.Pipe()
        process = context.Process(target=_attempts, args=(settings, people, who, theirs, barrier))
        process.start()
        stack.callback(process.join, LONGEST_WAIT_S)
        stack.callback(mine.send, None)
        runners.append(_Runner(process, mine))
    return runners


def _race(runners: Sequence[_Runner], kind: str, aim: object) -> list[str]:
    for runner in runners:
        runner.pipe.send((kind, aim))
    codes = []
    for runner in runners:
        assert runner.pipe.poll(LONGEST_WAIT_S), f"{kind}: a process gave no answer"
        codes.append(runner.pipe.recv())
    broken = [code for code in codes if code.startswith("broken")]
    assert not broken, (kind, broken)
    return codes


def _attempts(settings: Settings, people: Sequence[Actor], who: int, pipe: Connection, barrier: Barrier) -> None:
    """What one process does until it is told to stop."""
    with ready_resources(settings) as resources:
        while (task := pipe.recv()) is not None:
            kind, aim = task
            barrier.wait()
            pipe.send(_code(RACES[kind], resources, people, who, aim))


def _code(attempt: Attempt, resources: Resources, people: Sequence[Actor], who: int, aim: object) -> str:
    try:
        attempt(resources, people, who, aim)
    except EdgewiseError as refused:
        return refused.code if status_of(type(refused)) < 500 else f"broken: {refused.message}"
    except Exception as broken:  # noqa: BLE001 - whatever breaks a process is the result of the race
        return f"broken: {broken!r}"
    return "ok"
