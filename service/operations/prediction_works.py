"""One call for predictions on its way from rows to committed records, together with others (`operations.batches`).

Calls for the same explanation of the same version are computed as one table. All that are computed are stored in one
transaction, which also checks that the versions still stand as they did; whoever called is answered after its commit.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any, Self

from service.domain.permissions import Actor
from service.domain.predictions import PredictionRequest, Predictions
from service.errors import EdgewiseError, TooManyRows
from service.modelling.prediction import Question, Record, link_of, needs_sampling, predict_together
from service.operations import idempotency
from service.operations.batches import BatchedWork, Batches
from service.operations.decision_records import keep_templates, opened_record, sealed, sealing
from service.operations.explanations import Asked
from service.operations.prediction_plans import Plan, Target, find_plan, get_plan, holds
from service.operations.rate_limits import spend_rows
from service.operations.resources import Resources
from service.storage import predictions
from service.storage.database import Session
from service.storage.encryption import RecordCipher
from service.storage.standings import find_standing


@dataclass(frozen=True)
class Answer:
    """What is sent: the stored records, word for word, also at a repetition after the champion has moved."""

    model: str
    version: int
    digest: str
    link: str
    trial: bool
    records: tuple[bytes, ...]

    @property
    def content(self) -> bytes:
        """The canonical JSON of the answer."""
        head = f'{{"digest":"{self.digest}","link":"{self.link}","model":"{self.model}","predictions":['
        tail = f'],"trial":{str(self.trial).lower()},"version":{self.version}}}'
        return b"".join((head.encode(), b",".join(self.records), tail.encode()))

    def document(self) -> Predictions:
        """The answer as a document."""
        return Predictions.model_validate_json(self.content)


class PredictionWork(BatchedWork):
    """One call: what is asked by whom, and as far as it has come the plan, the records and the rows of the table."""

    def __init__(
        self, resources: Resources, actor: Actor, target: Target, request: PredictionRequest, key: str | None
    ) -> None:
        super().__init__(len(request.rows))
        self.resources, self.actor, self.target, self.request, self.key = resources, actor, target, request, key
        self.started = time.perf_counter()
        self.asked = Asked.of(request)
        self.ids = [resources.new_id() for _ in request.rows]
        self.plan = find_plan(resources, target, self.asked)
        self.records: tuple[Record, ...] = ()
        self.stored: list[dict[str, Any]] = []
        self.is_spent = False

    @property
    def exclusive(self) -> object | None:
        """Calls with one idempotency key follow each other, so that the second finds what the first has stored."""
        return None if self.key is None else (self.actor.id, self.key)

    def prepare(self) -> None:
        """Make the plan, unless it is there. Raises: what get_plan raises."""
        if self.plan is None:
            self.plan = get_plan(self.resources, self.target, self.asked)

    @property
    def lane(self) -> Batches:
        """Where the work waits, once it is prepared: what takes a thousand times as long stands in nobody's way."""
        is_slow = needs_sampling(self.ready.network, self.ready.basis, self.request.explain)
        return self.resources.slow_batches if is_slow else self.resources.batches

    @classmethod
    def compute(cls, works: Sequence[Self]) -> Sequence[Self]:
        """Compute the records of all, those of one version, reference and explanation as one table."""
        tables_of: dict[object, list[tuple[Self, Question]]] = {}
        for work in works:
            try:
                question = work.question()
            except EdgewiseError as error:
                work.done.set_exception(error)
                continue
            tables_of.setdefault(work.table, []).append((work, question))
        ciphers: dict[tuple[str, date], RecordCipher] = {}
        for members in tables_of.values():
            members[0][0].resources.meters.batch_rows.observe(sum(work.rows for work, _ in members))
            found = predict_together(members[0][0].ready.network, [question for _, question in members])
            for (work, _), records in zip(members, found, strict=True):
                work.finish(records, ciphers)
        return [work for work in works if not work.done.done()]

    @property
    def ready(self) -> Plan:
        """The plan, which is there once the work is computed."""
        if self.plan is None:
            raise RuntimeError("a prediction was computed before its plan was made")
        return self.plan

    @property
    def table(self) -> object:
        """What works have in common that are computed together."""
        return self.ready.network.digest, id(self.ready.basis.reference), self.request.explain

    def question(self) -> Question:
        """What is to be computed. Raises: what get_plan raises, TooManyRows, QuotaSpent, a leaf of InvalidRow."""
        self.prepare()
        plan, rows = self.ready, self.request.rows
        if len(rows) > plan.most_rows:
            raise TooManyRows(len(rows), plan.most_rows)
        if not self.is_spent:
            spend_rows(self.resources, self.actor, len(rows))
            self.is_spent = True
        return Question(rows, plan.network.reader.read(rows), self.request.explain, self.ids, plan.basis)

    def finish(self, records: tuple[Record, ...], ciphers: dict[tuple[str, date], RecordCipher]) -> None:
        """Keep the records, and make the rows that are stored of them; `ciphers` are those that the batch has used."""
        plan, resources = self.ready, self.resources
        latency = round((time.perf_counter() - self.started) * 1000, 3)
        moment = resources.clock()
        same = {
            "model": plan.model,
            "version": plan.standing.version,
            "digest": plan.network.digest,
            "link": link_of(plan.network),
            "trial": self.target.trial,
            "explain": self.request.explain,
            "created_at": moment,
            "created_by": self.actor.id,
            "api_key_id": self.actor.api_key_id,
            "alias": self.target.alias,
            "latency_ms": latency,
        }
        self.records, template = records, plan.network.writer.template.digest
        place = plan.model, moment.astimezone(UTC).date()
        cipher = ciphers.get(place) or ciphers.setdefault(place, sealing(resources, plan.model, moment))
        self.stored = [same | sealed(cipher, record, template) for record in records]

    @classmethod
    def store(cls, works: Sequence[Self]) -> Sequence[Self]:
        """Store all; returns those whose plan no longer holds, with none, to be computed anew."""
        resources = works[0].resources
        answers: dict[int, Answer] = {}
        with resources.database.write() as session:
            held = _held(session, works)
            stale = [work for work in works if not held[id(work.ready)]]
            fresh = [work for work in works if held[id(work.ready)]]
            new = [work for work in sorted(fresh, key=_by_key) if not _is_settled(session, work, answers)]
            keep_templates(resources, session, (work.ready.network.writer for work in new))
            predictions.insert_predictions(session, [row for work in new for row in work.stored])
            for group in _by_caller(new):
                _record_event(session, group)
        for work in new:
            writer = work.ready.network.writer
            resources.templates.keep(writer.template.digest, writer)
            answers[id(work)] = _answer(work.stored, [record.content for record in work.records])
        for work in fresh:
            if id(work) in answers:
                work.done.set_result(answers[id(work)])
        for work in stale:
            work.plan = None
        return stale


def _by_key(work: PredictionWork) -> tuple[str, str]:
    """An order in which all processes take keys, so that none waits for another that waits for it."""
    return work.actor.id, work.key or ""


def _held(session: Session, works: Sequence[PredictionWork]) -> dict[int, bool]:
    """Whether each plan is still what the database says; one that is not is forgotten."""
    held: dict[int, bool] = {}
    for work in sorted(works, key=lambda one: (one.target.model, one.ready.standing.version)):
        plan, target = work.ready, work.target
        if id(plan) not in held:
            now = find_standing(session, target.model, target.number, work.asked.reference, lock=not target.trial)
            held[id(plan)] = holds(work.resources, target, plan, now)
            if not held[id(plan)]:
                work.resources.plans.forget((target, work.asked))
    return held


def _is_settled(session: Session, work: PredictionWork, answers: dict[int, Answer]) -> bool:
    """Whether there is nothing to store: the key has its records already, or stands for another request."""
    try:
        claim = idempotency.claim(work.resources, session, work.actor, work.key, work.target.operation, work.request)
    except EdgewiseError as error:
        work.done.set_exception(error)
        return True
    if not claim.earlier:
        claim.settle(work.ids)
        return False
    earlier = predictions.get_predictions(session, claim.earlier)
    first = earlier[0]
    texts = tuple(opened_record(work.resources, row).encode() for row in earlier)
    answers[id(work)] = Answer(first.model, first.version, first.digest, first.link, first.trial, texts)
    return True


def _answer(rows: Sequence[dict[str, Any]], texts: Iterable[bytes]) -> Answer:
    first = rows[0]
    return Answer(first["model"], first["version"], first["digest"], first["link"], first["trial"], tuple(texts))


def _by_caller(works: Sequence[PredictionWork]) -> Iterable[list[PredictionWork]]:
    """Works of one caller with one version, which are one event of the trail."""
    groups: dict[object, list[PredictionWork]] = {}
    for work in works:
        caller = work.actor.id, work.actor.api_key_id, work.target.model, work.ready.standing.version
        groups.setdefault(caller, []).append(work)
    return groups.values()


def _record_event(session: Session, works: Sequence[PredictionWork]) -> None:
    first = works[0]
    subject = f"models/{first.target.model}/versions/{first.ready.standing.version}"
    digests = {record.id: record.digest for work in works for record in work.records}
    first.resources.record(session, first.actor, "predictions.created", subject, {"records": digests})
