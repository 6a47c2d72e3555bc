"""A service with one version in a known state, callers of every kind, and a good request for every operation.

Each request runs in one transaction that is rolled back afterwards, so that the next one finds the same state.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx2
from fastapi import FastAPI

from service.api.dependencies import SESSION_COOKIE
from service.app import create_app
from service.domain.lifecycle import VersionState
from service.domain.permissions import ROLES, Actor
from service.domain.policies import DEFAULT_POLICIES, policy_digest
from service.domain.predictions import PredictionRequest
from service.domain.references import AllApplicants, ReferenceRequest
from service.domain.reviews import ClosingRequest
from service.domain.sweeps import SweepGrid, SweepRequest
from service.operations import (
    api_keys,
    predictions,
    references,
    reviews,
    sessions,
    suspensions,
    sweeps,
    training_jobs,
    users,
)
from service.operations.api_keys import ApiKeyRequest
from service.operations.resources import Resources
from service.operations.reviews import Review
from service.operations.suspensions import ReasonRequest
from service.storage import audit, tables
from service.storage.database import Session
from tests.service.api.test_permissions import BODIES, QUERIES, Operation
from tests.service.conftest import HOST, PASSWORD, Person, Steps, signature_request
from tests.service.one_transaction import OneTransaction
from tests.service.training import QUICK, ROW

MODEL, NUMBER = "credit", 1
WHY = ReasonRequest(reason="Drift.")
#: People's names on the way through the states; none of them is a caller but the contributor.
MAKER, REVIEWER, GUARD = "contributor", "reviewer", "guard"


@dataclass(frozen=True)
class Caller:
    """Somebody who calls, and the header that says who it is."""

    name: str
    actor: Actor | None
    headers: Mapping[str, str]


@dataclass(frozen=True)
class World:
    """The service, its callers, and the places that paths name."""

    app: FastAPI
    client: httpx2.AsyncClient
    database: OneTransaction
    resources: Resources
    callers: tuple[Caller, ...]
    places: Mapping[str, str]
    review: Review

    async def ask(self, operation: Operation, caller: Caller) -> tuple[str, int]:
        """What a good request is answered, `ok` or a problem's code, and how many events it has written."""
        with self.database.rolled_back():
            before = self._events()
            answer = await self._request(operation, caller)
            code = "ok" if answer.is_success else f"{answer.json()['code']}"
            return code, self._events() - before

    def _events(self) -> int:
        with self.database.read() as session:
            return audit.read_head(session).seq

    async def _request(self, operation: Operation, caller: Caller) -> httpx2.Response:
        prepare = PREPARATIONS.get(operation.name)
        places = {**self.places, **COSTLY.get(operation.name, {})}
        if operation.name in ENDED_JOB:
            places["job_id"] = places["given_up"]
        body = dict(BODIES.get(operation.name, {}))
        if operation.name in REQUESTS:
            body |= REQUESTS[operation.name](self, caller)
        if prepare is not None and caller.actor is not None:
            with self.database.write() as session:
                prepare(self.resources, session, caller.actor)
        headers = {**body.pop("headers", {}), **caller.headers}
        path, query = operation.path.format(**places), {**QUERIES, **ASKED}.get(operation.name)
        return await self.client.request(operation.method, path, params=query, headers=headers, **body)


@contextmanager
def world(resources: Resources, steps: Steps, person: Person, state: VersionState) -> Iterator[World]:
    """The service with version 1 of `credit` in a state, as its own operations have brought it there."""
    maker = person("developer", "auditor", "administrator", name=MAKER)
    made = replace(steps, developer=maker, auditor=person("auditor", name=REVIEWER))
    dataset = made.dataset()
    made.train(made.model(), dataset)
    made.train(MODEL, dataset)
    population = ReferenceRequest(name="near", selection=AllApplicants(kind="all_applicants"))
    references.create_reference(resources, maker, MODEL, NUMBER, population)
    review = bring_to(made, person("administrator", name=GUARD), state)
    record = predictions.create_trial_predictions(
        resources, maker, MODEL, NUMBER, PredictionRequest.model_validate({"rows": [ROW]})
    )
    waiting, given_up = made.job(MODEL, dataset), made.job(MODEL, dataset)
    training_jobs.cancel_training_job(resources, maker, given_up)
    grid = SweepRequest(model=MODEL, dataset_id=dataset, configuration=QUICK, grid=SweepGrid(seed=(0, 1)))
    places = {
        "model": MODEL,
        "number": str(NUMBER),
        "version": str(NUMBER),
        "other": "2",
        "edge": review.edges[0].edge,
        "feature": "age",
        "format": "python",
        "alias": "champion",
        "name": "near",
        "dataset_id": dataset,
        "job_id": waiting,
        "given_up": given_up,
        "sweep_id": sweeps.create_sweep(resources, maker, grid).id,
        "prediction_id": record.predictions[0].id,
        "review_id": review.id,
        "finding_id": NOBODY,
        "user": GUARD,
        "key_id": NOBODY,
    }
    callers = callers_of(resources, person)
    database = OneTransaction(resources.database.url)
    app = create_app(resources.settings, replace(resources, database=database))
    client = httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app, raise_app_exceptions=False), base_url=f"https://{HOST}"
    )
    yield World(app, client, database, replace(resources, database=database), callers, places, review)
    database.dispose()


def bring_to(made: Steps, guard: Actor, state: VersionState) -> Review:
    """Move version 1 to a state; its newest review, whose edges are all accepted."""
    review = made.accept_edges(made.submit(MODEL, NUMBER))
    match state:
        case "in_review":
            return review
        case "candidate":
            return reviews.withdraw_review(made.resources, made.developer, review.id, ClosingRequest(reason="Not yet."))
        case "rejected":
            return made.sign(review, verdict="rejected")
    signed = made.sign(review)
    if state == "suspended":
        suspensions.create_suspension(made.resources, guard, MODEL, NUMBER, WHY)
        suspensions.request_resumption(made.resources, guard, MODEL, NUMBER, WHY)
    if state == "retired":
        suspensions.retire_version(made.resources, guard, MODEL, NUMBER, WHY)
    return signed


def callers_of(resources: Resources, person: Person) -> tuple[Caller, ...]:
    """Nobody, every role, who made the version, a service account, a key, and a password that is not one's own."""

    def signed_in(name: str, actor: Actor, password: str = PASSWORD) -> Caller:
        session = sessions.create_session(resources, actor.name, password)
        actor = replace(actor, must_change_password=session.me.must_change_password)
        return Caller(name, actor, {"Cookie": f"{SESSION_COOKIE}={session.token}"})

    developer = person("developer")
    roles = frozenset(role for role in ROLES if role in ("developer", "auditor"))
    service = users.create_user(resources, "robot", "Robot", roles, PASSWORD, is_service=True)
    newcomer = person("auditor", name="newcomer")
    one_time = users.reset_password(resources, person("administrator", name=GUARD), newcomer.name)
    key = api_keys.create_api_key(resources, developer, ApiKeyRequest(label="matrix", role="developer"))
    bearer = {"Authorization": f"Bearer {key.key}"}
    return (
        Caller("anonymous", None, {}),
        signed_in("developer", developer),
        signed_in("auditor", person("auditor")),
        signed_in("observer", person("observer")),
        signed_in("administrator", person("administrator")),
        signed_in("client", person("client")),
        signed_in("contributor", person(name=MAKER)),
        signed_in("service account", service),
        signed_in("newcomer", newcomer, one_time),
        Caller("key", replace(developer, api_key_id=key.id), bearer),
    )


NOBODY = "0" * 36

#: Drawings and comparisons take long, and other tests look at them: here they are asked of what is not there.
COSTLY = {
    "get_edge_chart": {"edge": "9.9.9"},
    "get_edge_picture": {"edge": "9.9.9"},
    "get_feature_chart": {"feature": "nothing"},
    "get_feature_picture": {"feature": "nothing"},
    "get_interaction_chart": {},
    "get_prediction_chart": {"prediction_id": NOBODY},
    "get_prediction_picture": {"prediction_id": NOBODY},
    "compare_versions": {"other": "9"},
}


def _signature(world: World, _caller: Caller) -> dict[str, Any]:
    request = signature_request(world.review)
    return {"json": {**request.model_dump(mode="json"), "password": PASSWORD}}


def _of_dataset(field: str = "dataset_id", **body: Any) -> Callable[[World, Caller], dict[str, Any]]:
    return lambda world, _caller: {"json": {"model": MODEL, field: world.places["dataset_id"], **body}}


#: They want a job that has ended: a stream of one that waits does not end.
ENDED_JOB = frozenset({"retry_training_job", "stream_training_job_events"})
ASKED = {"get_interaction_chart": {"first": "nothing", "second": "age"}}
#: What a request holds that only the world knows.
REQUESTS: dict[str, Callable[[World, Caller], dict[str, Any]]] = {
    "create_session": lambda _world, caller: {
        "json": {"name": caller.actor.name if caller.actor else REVIEWER, "password": PASSWORD}
    },
    "create_review": lambda _world, _caller: {"json": {"model": MODEL, "version": NUMBER, "summary": "s"}},
    "create_signature": _signature,
    "decide_edge": lambda world, _caller: {
        "json": {"decision": "rejected"},
        "headers": {"If-Match": world.review.edges[0].etag},
    },
    "create_training_job": _of_dataset(),
    "create_scoring_job": lambda world, _caller: {"data": {"dataset_id": world.places["dataset_id"]}},
    "create_sweep": _of_dataset(grid={"seed": [0, 1]}),
    "preview_revision": lambda _world, _caller: {"json": {"changes": [{"operation": "zero", "edge": "9.9.9"}]}},
    "edit_schema": lambda _world, _caller: {"json": {"target": None}},
    "create_finding": lambda _world, _caller: {
        "json": {"severity": "low", "title": "t", "description": "d", "owner": GUARD, "due_on": "2027-01-31"}
    },
    "put_review_policy": lambda _world, _caller: {
        "json": {"quorum": 1, "gates": ["findings", "fidelity"]},
        "headers": {"If-Match": f'"{policy_digest(DEFAULT_POLICIES["medium"])}"'},
    },
    "roll_back_alias": lambda _world, _caller: {"headers": {"If-Match": '"r2"'}},
    **dict.fromkeys(
        ("create_predictions", "create_version_predictions", "create_trial_predictions", "preview_predictions"),
        lambda _world, _caller: {"json": {"rows": [ROW]}},
    ),
    **dict.fromkeys(
        ("create_inference", "create_version_inference"),
        lambda _world, _caller: {
            "json": {
                "inputs": [
                    {"name": name, "shape": [1], "datatype": "BYTES" if name == "purpose" else "FP64", "data": [value]}
                    for name, value in ROW.items()
                ]
            }
        },
    ),
    **dict.fromkeys(
        ("create_invocation", "create_version_invocation"),
        lambda _world, _caller: {"json": {"dataframe_records": [ROW]}},
    ),
    **dict.fromkeys(
        ("create_counterfactuals", "create_version_counterfactuals"),
        lambda _world, _caller: {"json": {"row": ROW, "goal": {"at_most": 0.5}}},
    ),
}

Prepare = Callable[[Resources, Session, Actor], None]


def _pointing(version: int, revision: int) -> Prepare:
    """The champion points to a version, whatever its state is."""

    def prepare(resources: Resources, session: Session, actor: Actor) -> None:
        moved = {"model": MODEL, "alias": "champion", "moved_at": resources.clock(), "moved_by": actor.id}
        session.add(tables.Alias(version=version, revision=revision, **moved))
        for number in range(1, revision + 1):
            event = {"revision": number, "version": number, "previous_version": None, "rolled_back": False}
            session.add(tables.AliasEvent(**event, **moved))

    return prepare


def _finding(state: str) -> Prepare:
    """A finding that waits for the caller."""

    def prepare(resources: Resources, session: Session, actor: Actor) -> None:
        other = session.query(tables.User).filter_by(name=GUARD).one().id
        moment, is_open = resources.clock(), state == "open"
        session.add(
            tables.Finding(
                id=NOBODY,
                model=MODEL,
                version=NUMBER,
                severity="high",
                state=state,
                title="t",
                description="d",
                due_on="2027-01-31",
                owner=actor.id if is_open else other,
                raised_at=moment,
                raised_by=other if is_open else actor.id,
            )
        )

    return prepare


def _scoring_job(resources: Resources, session: Session, _actor: Actor) -> None:
    """The job that waits scores a table, and has a result already; it is the contributor's."""
    job = session.query(tables.TrainingJob).filter_by(state="queued", model=MODEL).order_by("id").first()
    assert job is not None
    digest = session.query(tables.Dataset).first()
    assert digest is not None
    session.add(
        tables.ScoringJob(
            job_id=job.id,
            model=MODEL,
            version=NUMBER,
            source_digest=digest.digest,
            explain="none",
            rows=1,
            refused=0,
            result_digest=digest.digest,
            result_bytes=1,
        )
    )


def _key(resources: Resources, session: Session, actor: Actor) -> None:
    moment = resources.clock()
    session.add(
        tables.ApiKey(
            id=NOBODY,
            user_id=actor.id,
            label="l",
            prefix="ew_",
            key_hash="0" * 64,
            roles=["client"],
            created_at=moment,
            expires_at=moment.replace(year=moment.year + 1),
        )
    )


#: What a request finds beside the version.
PREPARATIONS: dict[str, Prepare] = {
    **dict.fromkeys(
        (
            "create_predictions",
            "create_counterfactuals",
            "create_inference",
            "create_invocation",
            "create_scoring_job",
            "get_inference_model",
        ),
        _pointing(NUMBER, 1),
    ),
    **dict.fromkeys(("get_scoring_job", "get_scoring_result", "cancel_scoring_job"), _scoring_job),
    "roll_back_alias": _pointing(2, 2),
    "resolve_finding": _finding("open"),
    "verify_finding": _finding("resolved"),
    "delete_api_key": _key,
}
