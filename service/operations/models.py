"""The inventory of models."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from pydantic import Field

from service.domain.canonical import timestamp
from service.domain.documents import Document, Line, Slug, Text
from service.domain.lifecycle import VersionState
from service.domain.pages import Page, PageRequest
from service.domain.permissions import Actor, require
from service.domain.policies import RiskTier
from service.domain.predictions import AdverseOutcome
from service.errors import FieldError, InvalidRequest, NameTaken
from service.operations.resources import Resources
from service.storage import findings, models, reviews, suspensions, tables, users
from service.storage.database import Session

#: All that has happened; clocks of several hosts differ, so that one's present may be another one's future.
PRESENT = datetime.max.replace(tzinfo=UTC)


class ModelRequest(Document):
    """A new inventory entry; `name` is the short name in addresses."""

    name: Slug
    title: Line
    purpose: Text
    owner: Line
    risk_tier: RiskTier
    approved_use: Text
    adverse_action: bool = Field(
        False,
        description="Whether decisions can go against a person who is owed the reasons: then a version whose scored "
        "features are not all in the reason dictionary cannot become champion.",
    )
    adverse_outcome: AdverseOutcome | None = Field(
        None,
        description="Which direction of the response hurts the person; without it, what raises the explained outcome.",
    )


class Model(Document):
    """An inventory entry and where it stands."""

    name: str
    title: str
    purpose: str
    owner: str
    risk_tier: RiskTier
    approved_use: str
    adverse_action: bool
    adverse_outcome: AdverseOutcome | None
    latest_version: int | None
    champion: int | None
    challenger: int | None
    champion_state: VersionState | None = Field(description="`approved` or `suspended`; null without a champion.")
    next_review: str | None = Field(description="When the approval of the champion ends; null where it does not.")
    open_reviews: int
    open_findings: int = Field(description="Findings about any version that are not closed.")
    open_high_findings: int
    created_at: str
    created_by: str


def create_model(resources: Resources, actor: Actor, request: ModelRequest) -> Model:
    """Add a model to the inventory. Records: models.created. Raises: NameTaken."""
    require(actor, "create_model")
    with resources.database.write() as session:
        if models.find_model(session, request.name) is not None:
            raise NameTaken("model", request.name)
        row = tables.Model(
            **request.model_dump(), review_policy=None, created_at=resources.clock(), created_by=actor.id
        )
        models.add_model(session, row)
        details = {"risk_tier": request.risk_tier, "adverse_action": request.adverse_action}
        resources.record(session, actor, "models.created", f"models/{row.name}", details)
        return _describe(session, [row], PRESENT)[0]


def list_models(resources: Resources, actor: Actor, request: PageRequest, as_of: datetime | None = None) -> Page[Model]:
    """The inventory now, or as it was at a moment. Raises: InvalidRequest for a moment to come."""
    require(actor, "list_models")
    if as_of is not None and as_of > resources.clock():
        raise InvalidRequest(FieldError("/as_of", "'as_of' lies in the future; what will be is not known."))
    at = as_of or PRESENT
    with resources.database.read() as session:
        page = models.page_of_models(session, request, at)
        return Page(items=tuple(_describe(session, page.items, at)), next_cursor=page.next_cursor)


def get_model(resources: Resources, actor: Actor, name: str) -> Model:
    """One inventory entry. Raises: NotFound."""
    require(actor, "get_model")
    with resources.database.read() as session:
        return _describe(session, [models.get_model(session, name)], PRESENT)[0]


def _describe(session: Session, rows: Sequence[tables.Model], at: datetime) -> list[Model]:
    names = [row.name for row in rows]
    newest = models.version_counts(session, names, at)
    aliases = models.aliases_at(session, names, at)
    open_reviews = reviews.open_counts(session, names, at)
    unclosed = findings.unclosed_counts(session, names, at)
    champions = _champions(session, names, aliases, at)
    people = users.printed_names(session, [row.created_by for row in rows])
    return [
        Model(
            name=row.name,
            title=row.title,
            purpose=row.purpose,
            owner=row.owner,
            risk_tier=row.risk_tier,
            approved_use=row.approved_use,
            adverse_action=row.adverse_action,
            adverse_outcome=row.adverse_outcome,
            latest_version=newest.get(row.name),
            champion=aliases.get((row.name, "champion")),
            challenger=aliases.get((row.name, "challenger")),
            champion_state=champions[row.name].state,
            next_review=champions[row.name].next_review,
            open_reviews=open_reviews.get(row.name, 0),
            open_findings=unclosed.get(row.name, Counter()).total(),
            open_high_findings=unclosed.get(row.name, Counter())["high"],
            created_at=timestamp(row.created_at),
            created_by=people[row.created_by],
        )
        for row in rows
    ]


class _Champion(NamedTuple):
    state: VersionState | None
    next_review: str | None


def _champions(
    session: Session, names: Sequence[str], aliases: Mapping[tuple[str, str], int], at: datetime
) -> dict[str, _Champion]:
    """How the champions stood: only an approved version becomes one, and none is retired as long as it is one."""
    numbers = {name: aliases[name, "champion"] for name in names if (name, "champion") in aliases}
    expiries = models.expiries_of(session, list(numbers.items()))
    suspended = suspensions.suspended_at(session, names, at)
    found = dict.fromkeys(names, _Champion(None, None))
    for name, number in numbers.items():
        ends = expiries[name, number]
        state: VersionState = "suspended" if (name, number) in suspended else "approved"
        found[name] = _Champion(state, timestamp(ends) if ends else None)
    return found
