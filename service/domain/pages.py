"""Pages of a list: which one is wanted, and what is given."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from service.domain.documents import Document

Item = TypeVar("Item")


@dataclass(frozen=True)
class PageRequest:
    """Which page is wanted: at most `limit` items, after those that the cursor stands for."""

    limit: int = 50
    cursor: str | None = None


class Page(Document, Generic[Item]):
    """Some items and the cursor of the next page; null on the last."""

    items: tuple[Item, ...]
    next_cursor: str | None = None
