"""Pages of a list, continued by an opaque cursor."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

from service.domain.pages import PageRequest
from service.errors import InvalidCursor
from service.storage.database import Session

Item = TypeVar("Item")


@dataclass(frozen=True)
class Rows(Generic[Item]):
    """Some rows and where to go on; `next_cursor` is None on the last page."""

    items: Sequence[Item]
    next_cursor: str | None


def select_page(
    session: Session,
    query: Select[Item],
    key: InstrumentedAttribute[Any],
    request: PageRequest,
    *,
    ascending: bool = False,
) -> Rows[Item]:
    """The requested page of `query`, ordered by the unique column `key`: newest first, or `ascending`."""
    if request.cursor is not None:
        value = _typed(key, _decode(request.cursor))
        query = query.where(key > value if ascending else key < value)
    ordered = query.order_by(key.asc() if ascending else key.desc())
    rows = session.scalars(ordered.limit(request.limit + 1)).all()
    items = rows[: request.limit]
    more = len(rows) > request.limit
    return Rows(items, _encode(str(getattr(items[-1], key.key))) if more else None)


def _typed(key: InstrumentedAttribute[Any], value: str) -> int | str:
    if key.type.python_type is not int:
        return value
    if not value.isdecimal() or len(value) > 18:
        raise InvalidCursor
    return int(value)


def _encode(value: str) -> str:
    return base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")


def _decode(cursor: str) -> str:
    try:
        value = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise InvalidCursor from None
    if not value.isprintable() or len(value) > 100:
        raise InvalidCursor
    return value
