"""The inventory of models."""

from collections.abc import Sequence

from pydantic import Field

from service.domain.canonical import timestamp
from service.domain.documents import Document, Line, Slug, Text
from service.domain.pages import Page, PageRequest
from service.domain.permissions import Actor, require
from service.domain.policies import RiskTier
from service.domain.predictions import AdverseOutcome
from service.errors import NameTaken
from service.operations.resources import Resources
from service.storage import models, reviews, tables, users
from service.storage.database import Session


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
    open_reviews: int
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
        return _describe(session, [row])[0]


def list_models(resources: Resources, actor: Actor, request: PageRequest) -> Page[Model]:
    """The inventory."""
    require(actor, "list_models")
    with resources.database.read() as session:
        page = models.page_of_models(session, request)
        return Page(items=tuple(_describe(session, page.items)), next_cursor=page.next_cursor)


def get_model(resources: Resources, actor: Actor, name: str) -> Model:
    """One inventory entry. Raises: NotFound."""
    require(actor, "get_model")
    with resources.database.read() as session:
        return _describe(session, [models.get_model(session, name)])[0]


def _describe(session: Session, rows: Sequence[tables.Model]) -> list[Model]:
    names = [row.name for row in rows]
    newest = models.version_counts(session, names)
    aliases = {(alias.model, alias.alias): alias.version for alias in models.aliases_of(session, names)}
    open_reviews = reviews.open_counts(session, names)
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
            open_reviews=open_reviews.get(row.name, 0),
            created_at=timestamp(row.created_at),
            created_by=people[row.created_by],
        )
        for row in rows
    ]
