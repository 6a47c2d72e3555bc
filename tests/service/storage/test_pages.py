"""Pages: every row once, newest first, whatever is added meanwhile."""

import pytest
from sqlalchemy import select

from service.domain.pages import PageRequest
from service.errors import InvalidCursor
from service.storage import models, tables
from service.storage.database import Database
from service.storage.pages import Rows, select_page
from tests.service.storage.conftest import MOMENT
from tests.service.storage.test_database import add_model

NAMES = [f"model-{letter}" for letter in "abcdefg"]


@pytest.mark.parametrize("ascending", [False, True], ids=["newest first", "in order"])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
def test_the_pages_hold_every_row_once_in_their_order(
    database: Database, user_id: str, limit: int, ascending: bool
) -> None:
    for name in NAMES:
        add_model(database, user_id, name)
    seen: list[str] = []
    cursor, pages = None, 0
    while True:
        page = models_page(database, PageRequest(limit, cursor), ascending=ascending)
        assert len(page.items) <= limit
        seen += [model.name for model in page.items]
        pages += 1
        if (cursor := page.next_cursor) is None:
            break
    assert seen == (NAMES if ascending else NAMES[::-1])
    assert pages == -(-len(NAMES) // limit)


def test_what_is_added_meanwhile_moves_no_row_to_another_page(database: Database, user_id: str) -> None:
    for name in NAMES:
        add_model(database, user_id, name)
    first = models_page(database, PageRequest(limit=3))
    add_model(database, user_id, "model-z")
    second = models_page(database, PageRequest(limit=3, cursor=first.next_cursor))
    assert [model.name for model in second.items] == NAMES[3::-1][:3]


def models_page(database: Database, request: PageRequest, *, ascending: bool = False) -> Rows[tables.Model]:
    with database.read() as session:
        return select_page(session, select(tables.Model), tables.Model.name, request, ascending=ascending)


def test_models_are_in_the_order_of_their_names(database: Database, user_id: str) -> None:
    for name in reversed(NAMES):
        add_model(database, user_id, name)
    with database.read() as session:
        assert [model.name for model in models.page_of_models(session, PageRequest(), MOMENT).items] == NAMES


def test_an_empty_list_is_one_empty_page(database: Database) -> None:
    with database.read() as session:
        page = models.page_of_models(session, PageRequest(), MOMENT)
    assert (list(page.items), page.next_cursor) == ([], None)


@pytest.mark.parametrize("cursor", ["!", "é", "AA", "_____w", "a" * 199])
def test_a_cursor_that_was_not_given_out_is_refused(database: Database, cursor: str) -> None:
    with database.read() as session, pytest.raises(InvalidCursor):
        models.page_of_models(session, PageRequest(cursor=cursor), MOMENT)


@pytest.mark.parametrize("cursor", ["LTE", "MS41", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "YWJj", "wrI"])
def test_a_cursor_into_numbers_is_a_number(database: Database, cursor: str) -> None:
    query = select(tables.AuditEvent)
    with database.read() as session, pytest.raises(InvalidCursor):
        select_page(session, query, tables.AuditEvent.seq, PageRequest(cursor=cursor))
