"""How a version stands: everything in the database that an answer of it depends on, read at once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, select

from service.domain.lifecycle import VersionState
from service.storage import tables
from service.storage.database import Session

_Version = tables.ModelVersion


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
    query = _query(model, number, reference)
    if lock:
        query = query.with_for_update(read=True, of=_Version)
    row = session.execute(query).one_or_none()
    return Standing(*row) if row is not None else None


def get_standing(session: Session, model: str, number: int | None, reference: str | None) -> Standing:
    """The standing of a version that is there."""
    return Standing(*session.execute(_query(model, number, reference)).one())


def _query(model: str, number: int | None, reference: str | None) -> Select[Any]:
    dictionary, population = tables.ReasonDictionary, tables.ReferencePopulation
    newest = select(func.max(dictionary.revision)).where(dictionary.model == _Version.model).scalar_subquery()
    named = select(func.max(population.revision)).where(
        population.model == _Version.model, population.version == _Version.number, population.name == (reference or "")
    )
    query = (
        select(
            _Version.number,
            _Version.digest,
            _Version.state,
            _Version.expires_at,
            _Version.maximum_rows,
            _Version.default_reference,
            _Version.default_reference_revision,
            tables.Model.adverse_outcome,
            newest,
            named.scalar_subquery(),
        )
        .join(tables.Model, tables.Model.name == _Version.model)
        .where(_Version.model == model)
    )
    if number is not None:
        return query.where(_Version.number == number)
    alias = tables.Alias
    points = and_(alias.model == _Version.model, alias.alias == "champion", alias.version == _Version.number)
    return query.join(alias, points)
