"""How a version stands: everything in the database that an answer of it depends on, read at once."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, and_, bindparam, func, select

from service.domain.lifecycle import VersionState
from service.storage import tables
from service.storage.database import Session


@dataclass(frozen=True)
class Standing:
    """Equal standings give equal answers; `dictionary` and `reference` are the newest revisions, None without any."""

    version: int
    digest: str
    state: VersionState
    expires_at: datetime | None
    maximum_rows: int | None
    default_reference: str | None
    default_reference_revision: int | None
    adverse_outcome: str | None
    dictionary: int | None
    reference: int | None


def find_standing(
    session: Session, model: str, number: int | None, reference: str | None, *, lock: bool = False
) -> Standing | None:
    """The standing of a version, of the champion where no number is given; None where there is none.

    `lock` keeps others from changing the version until the transaction ends; whoever predicts shares it.
    """
    query = _QUERIES[number is None, lock]
    row = session.connection().execute(query, {"model": model, "number": number, "reference": reference}).one_or_none()
    return Standing(*row) if row is not None else None


def get_standing(session: Session, model: str, number: int | None, reference: str | None) -> Standing:
    """The standing of a version that is there."""
    query = _QUERIES[number is None, False]
    return Standing(
        *session.connection().execute(query, {"model": model, "number": number, "reference": reference}).one()
    )


def _query(*, of_champion: bool, lock: bool) -> Select[Any]:
    version, model = tables.ModelVersion.__table__, tables.Model.__table__.c
    dictionary, population = tables.ReasonDictionary.__table__.c, tables.ReferencePopulation.__table__.c
    newest = select(func.max(dictionary.revision)).where(dictionary.model == version.c.model).scalar_subquery()
    named = select(func.max(population.revision)).where(
        population.model == version.c.model,
        population.version == version.c.number,
        population.name == bindparam("reference", type_=String),
    )
    read = (field.name for field in fields(Standing)[:7])
    query = (
        select(*(version.c["number" if name == "version" else name] for name in read), model.adverse_outcome)
        .add_columns(newest, named.scalar_subquery())
        .join(model.name.table, model.name == version.c.model)
        .where(version.c.model == bindparam("model"))
    )
    if of_champion:
        alias = tables.Alias.__table__.c
        points = and_(alias.model == version.c.model, alias.alias == "champion", alias.version == version.c.number)
        query = query.join(alias.model.table, points)
    else:
        query = query.where(version.c.number == bindparam("number"))
    return query.with_for_update(read=True, of=version) if lock else query


#: Made once: to make one takes several times as long as to run it.
_QUERIES = {
    (of_champion, lock): _query(of_champion=of_champion, lock=lock)
    for of_champion in (False, True)
    for lock in (False, True)
}
