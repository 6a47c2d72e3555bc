"""The inventory: models, their versions and the aliases that point to them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from service.domain.lifecycle import VersionState
from service.domain.pages import PageRequest
from service.errors import NameTaken, NotFound
from service.storage import tables
from service.storage.database import Session
from service.storage.pages import Rows, select_page


def add_model(session: Session, model: tables.Model) -> None:
    """Store a new inventory entry; raises NameTaken when somebody was faster."""
    try:
        with session.begin_nested():
            session.add(model)
    except IntegrityError:
        if find_model(session, model.name) is None:
            raise
        raise NameTaken("model", model.name) from None


def find_model(session: Session, name: str) -> tables.Model | None:
    """The inventory entry, or None."""
    return session.get(tables.Model, name)


def get_model(session: Session, name: str, *, lock: bool = False) -> tables.Model:
    """The inventory entry; raises NotFound. `lock` holds it until the transaction ends."""
    model = session.get(tables.Model, name, with_for_update=lock)
    if model is None:
        raise NotFound("model", name)
    return model


def page_of_models(session: Session, request: PageRequest) -> Rows[tables.Model]:
    """Inventory entries in the order of their names."""
    return select_page(session, select(tables.Model), tables.Model.name, request, ascending=True)


def next_version_number(session: Session, model: str) -> int:
    """The number after the newest; call it while the model's row is locked, so that numbers have no gaps."""
    newest = session.scalar(select(func.max(tables.ModelVersion.number)).where(tables.ModelVersion.model == model))
    return (newest or 0) + 1


def add_version(session: Session, version: tables.ModelVersion) -> None:
    """Store a new version."""
    session.add(version)
    session.flush()


def get_version(session: Session, model: str, number: int, *, lock: bool = False) -> tables.ModelVersion:
    """The version; raises NotFound. `lock` holds it until the transaction ends."""
    get_model(session, model)
    version = session.get(tables.ModelVersion, (model, number), with_for_update=lock)
    if version is None:
        raise NotFound("version", f"{model} {number}")
    return version


def page_of_versions(session: Session, model: str, request: PageRequest) -> Rows[tables.ModelVersion]:
    """Versions of a model, newest first."""
    query = select(tables.ModelVersion).where(tables.ModelVersion.model == model)
    return select_page(session, query, tables.ModelVersion.number, request)


def versions_of(session: Session, model: str) -> Sequence[tables.ModelVersion]:
    """All versions of a model, oldest first."""
    query = select(tables.ModelVersion).where(tables.ModelVersion.model == model)
    return session.scalars(query.order_by(tables.ModelVersion.number)).all()


def set_version_state(session: Session, version: tables.ModelVersion, state: VersionState) -> None:
    """Move a version to a state that the lifecycle allows."""
    version.state = state
    session.flush()


def find_alias(session: Session, model: str, alias: str, *, lock: bool = False) -> tables.Alias | None:
    """Where the alias points, or None."""
    return session.get(tables.Alias, (model, alias), with_for_update=lock)


def aliases_of(session: Session, models: Collection[str]) -> Sequence[tables.Alias]:
    """All aliases of these models."""
    query = select(tables.Alias).where(tables.Alias.model.in_(set(models)))
    return session.scalars(query.order_by(tables.Alias.alias)).all()


def put_alias(session: Session, alias: tables.Alias, event: tables.AliasEvent) -> None:
    """Move the pointer and keep the move in its history."""
    session.merge(alias)
    session.add(event)
    session.flush()


def alias_history(session: Session, model: str, alias: str, at: datetime | None = None) -> Sequence[tables.AliasEvent]:
    """Moves of an alias, newest first; with `at`, only those up to that moment."""
    query = select(tables.AliasEvent).where(tables.AliasEvent.model == model, tables.AliasEvent.alias == alias)
    if at is not None:
        query = query.where(tables.AliasEvent.moved_at <= at)
    return session.scalars(query.order_by(tables.AliasEvent.revision.desc())).all()


def version_counts(session: Session, models: Collection[str]) -> dict[str, int]:
    """Newest version number by model; models without a version are absent."""
    rows = session.execute(
        select(tables.ModelVersion.model, func.max(tables.ModelVersion.number))
        .where(tables.ModelVersion.model.in_(set(models)))
        .group_by(tables.ModelVersion.model)
    )
    return dict(rows.all())
