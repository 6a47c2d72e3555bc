"""Other models on the page of a version: asked for, waited for, judged in a sentence."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.people import settle, sign_in
from tests.browser.service import DemoService


def test_a_version_is_compared_with_other_models(page: Page, demo: DemoService, axe: Callable[[Page], None]) -> None:
    sign_in(page, demo, "auditor")
    page.goto("/models/credit/versions/1")
    page.get_by_role("button", name="Compare with other models").click()
    rows = page.get_by_role("table", name="Challengers").locator("tbody tr")
    expect(rows).to_have_count(4, timeout=120_000)
    expect(page.get_by_text(re.compile("No challenger is better|wrong tool"))).to_be_visible()
    settle(page)
    axe(page)
