"""The inventory: models, their versions and the aliases that point to them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select, tuple_
from sqlalchemy.exc import IntegrityError

from service.domain.lifecycle import VersionState
from service.domain.pages import PageRequest
from service.errors import NameTaken, NoChampion, NotFound
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


def page_of_models(session: Session, request: PageRequest, at: datetime) -> Rows[tables.Model]:
    """Inventory entries that were there at a moment, in the order of their names."""
    query = select(tables.Model).where(tables.Model.created_at <= at)
    return select_page(session, query, tables.Model.name, request, ascending=True)


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


def get_champion(session: Session, model: str) -> tables.ModelVersion:
    """The version to which the champion of a model points; raises NotFound, NoChampion."""
    get_model(session, model)
    alias = find_alias(session, model, "champion")
    if alias is None:
        raise NoChampion(model)
    return get_version(session, model, alias.version)


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


def aliases_at(session: Session, models: Collection[str], at: datetime) -> dict[tuple[str, str], int]:
    """Where the aliases of these models pointed at a moment, by model and alias."""
    query = select(tables.AliasEvent).where(tables.AliasEvent.model.in_(set(models)), tables.AliasEvent.moved_at <= at)
    moves = session.scalars(query.order_by(tables.AliasEvent.revision))
    return {(move.model, move.alias): move.version for move in moves}


def expiries_of(session: Session, versions: Collection[tuple[str, int]]) -> dict[tuple[str, int], datetime | None]:
    """When the approvals of these versions end."""
    key = tuple_(tables.ModelVersion.model, tables.ModelVersion.number)
    rows = session.execute(
        select(tables.ModelVersion.model, tables.ModelVersion.number, tables.ModelVersion.expires_at).where(
            key.in_(list(versions))
        )
    )
    return {(model, number): expires_at for model, number, expires_at in rows}


def version_counts(session: Session, models: Collection[str], at: datetime) -> dict[str, int]:
    """Newest version number by model at a moment; models without a version are absent."""
    rows = session.execute(
        select(tables.ModelVersion.model, func.max(tables.ModelVersion.number))
        .where(tables.ModelVersion.model.in_(set(models)), tables.ModelVersion.created_at <= at)
        .group_by(tables.ModelVersion.model)
    )
    return dict(rows.all())


def all_aliases(session: Session, limit: int) -> Sequence[tables.Alias]:
    """Aliases of all models by name, at most `limit` of them."""
    query = select(tables.Alias).order_by(tables.Alias.model, tables.Alias.alias)
    return session.scalars(query.limit(limit)).all()
