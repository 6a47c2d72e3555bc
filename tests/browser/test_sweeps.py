"""A sweep from its form to the versions that no other one beats."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import PageProblems
from tests.browser.people import settle, sign_in
from tests.browser.service import DemoService


def test_a_sweep_is_started_followed_and_compared(page: Page, demo: DemoService, axe: Callable[[Page], None]) -> None:
    sign_in(page, demo, "developer")
    page.goto("/models/breast-cancer/sweep")
    page.get_by_label("Most edges").fill("none, 4")
    page.get_by_label("Losses for formulas").fill("0.01")
    page.get_by_label("Message").fill("How few edges?")
    page.get_by_role("button", name="Start 2 trainings").click()
    expect(page.get_by_role("heading", name="How few edges?")).to_be_visible()
    rows = page.get_by_role("table", name="Candidates").locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(page.get_by_text("succeeded: 2")).to_be_visible(timeout=120_000)
    expect(rows.filter(has_text="not beaten")).not_to_have_count(0)
    page.get_by_role("button", name="Complexity of the formula").click()
    expect(page.get_by_role("img", name=re.compile("Held-out loss"))).to_have_attribute("data-drawn", "true")
    page.reload()
    expect(page.get_by_role("button", name="Complexity of the formula")).to_have_attribute("aria-pressed", "true")
    settle(page)
    axe(page)
    rows.last.get_by_role("link", name=re.compile("^Version")).click()
    expect(page.get_by_role("heading", name=re.compile("^Version"), level=1)).to_be_visible()


def test_a_repeated_value_is_refused_at_its_list(page: Page, demo: DemoService, problems: PageProblems) -> None:
    problems.expect("422")
    sign_in(page, demo, "developer")
    page.goto("/models/breast-cancer/sweep")
    page.get_by_label("Seeds").fill("1, 1")
    page.get_by_role("button", name="Start 2 trainings").click()
    expect(page.get_by_role("alert")).to_contain_text("sweep_value_repeated")
    expect(page.get_by_label("Seeds")).to_have_attribute("aria-invalid", "true")
