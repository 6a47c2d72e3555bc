"""A whole table in the browser: asked for, followed while it runs, fetched as a file."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
from playwright.sync_api import Page, expect

from tests.browser.people import settle, sign_in
from tests.browser.service import DemoService

Axe = Callable[[Page], None]
MODEL = "breast-cancer"


def test_a_table_is_scored_followed_and_fetched(page: Page, demo: DemoService, axe: Axe) -> None:
    sign_in(page, demo, "developer")
    page.goto(f"/models/{MODEL}")
    page.get_by_role("link", name="Score a table").click()
    send = page.get_by_role("button", name="Score the table")
    expect(send).to_be_disabled()
    table = page.get_by_label("A dataset that is here")
    table.select_option(index=table.locator("option").all_inner_texts().index(_dataset(page)))
    send.click()
    expect(page.get_by_role("heading", name="Scoring job")).to_be_visible()
    fetch = page.get_by_role("link", name="Download as Parquet")
    expect(fetch).to_be_visible(timeout=90_000)
    settle(page)
    axe(page)
    page.emulate_media(color_scheme="dark")
    axe(page)
    page.emulate_media(color_scheme="light")
    with page.expect_download() as download:
        fetch.click()
    assert "contribution.worst area" in pl.read_parquet_schema(Path(download.value.path()))
    page.goto("/training-jobs")
    page.get_by_role("link", name="Scores of version 1").first.click()
    expect(page.get_by_role("heading", name="Scoring job")).to_be_visible()


def _dataset(page: Page) -> str:
    """The text of the dataset that the model was trained on, in the list."""
    found = page.request.get(f"/api/v1/models/{MODEL}/versions/1").json()["dataset_id"]
    dataset = page.request.get(f"/api/v1/datasets/{found}").json()
    return f"{dataset['name']} ({dataset['rows']:,} rows)"
