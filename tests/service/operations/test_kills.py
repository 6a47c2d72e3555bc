"""A process that is killed before any of its commits: what is stored and what the trail says agree."""

import multiprocessing
import os
import signal
from collections import Counter
from dataclasses import replace

from sqlalchemy import Connection, event, func, select

from service.domain.permissions import Actor
from service.operations import audit_events, suspensions
from service.operations.health import ready_resources
from service.operations.resources import Resources
from service.operations.suspensions import ReasonRequest
from service.settings import Settings
from service.storage import tables
from service.storage.database import WRITES
from tests.service.conftest import Person, Steps, audit_payloads
from tests.service.operations.test_training_jobs import queued

#: What each table holds a row of for every event of these actions.
ROWS = {
    tables.User: ("users.created",),
    tables.Dataset: ("datasets.created",),
    tables.Model: ("models.created",),
    tables.TrainingJob: ("training_jobs.created",),
    tables.ModelVersion: ("model_versions.created",),
    tables.Review: ("reviews.created",),
    tables.EdgeDecision: ("edge_decisions.made",),
    tables.Signature: ("signatures.created",),
    tables.AliasEvent: ("aliases.moved",),
    tables.Suspension: ("suspensions.created",),
}


def test_a_kill_before_any_commit_leaves_state_and_trail_in_agreement(
    resources: Resources, steps: Steps, person: Person
) -> None:
    administrator = person("administrator")
    dataset = steps.dataset()
    steps.train(steps.model("remembered"), dataset)
    context = multiprocessing.get_context("fork")
    kills, ended = 0, -signal.SIGKILL
    while ended == -signal.SIGKILL:
        arguments = (resources.settings, steps, administrator, dataset, kills + 1)
        process = context.Process(target=live_until, args=arguments)
        process.start()
        process.join(120)
        ended = process.exitcode or 0
        agree(resources)
        kills += ended == -signal.SIGKILL
    assert ended == 0
    assert kills >= 12


def live_until(settings: Settings, steps: Steps, administrator: Actor, dataset: str, fatal: int) -> None:
    """Bring a version from its model to its suspension; the process dies before a commit."""
    written = 0

    def count(connection: Connection) -> None:
        nonlocal written
        written += bool(connection.get_execution_options().get(WRITES))
        if written == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    with ready_resources(settings) as resources:
        event.listen(resources.database.engine, "commit", count)
        mine, name = replace(steps, resources=resources), f"model-{fatal}"
        number = mine.train(mine.model(name, "low"), dataset)
        mine.approve(name, number)
        mine.point(name, number)
        why = ReasonRequest(reason="Drift.")
        suspensions.create_suspension(resources, administrator, name, number, why)


def agree(resources: Resources) -> None:
    said = Counter(payload["action"] for payload in audit_payloads(resources))
    with resources.database.read() as session:
        stored = {table: session.scalar(select(func.count()).select_from(table)) for table in ROWS}
        states = Counter(session.scalars(select(tables.ModelVersion.state)))
        jobs = session.scalars(select(tables.TrainingJob.id)).all()
    assert stored == {table: sum(said[action] for action in actions) for table, actions in ROWS.items()}
    assert states["suspended"] == said["suspensions.created"]
    assert states["suspended"] + states["approved"] == said["signatures.created"]
    assert sorted(jobs) == sorted(queued(resources))
    assert audit_events.verify_audit_trail(resources, None).holds
