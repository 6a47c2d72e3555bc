"""References and reasons in the browser: chosen, written, refused at the field, read as a person reads them."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import PageProblems
from tests.browser.people import settle, sign_in, sign_out
from tests.browser.service import DemoService

Axe = Callable[[Page], None]


def test_reasons_are_shown_in_the_words_of_the_dictionary_against_the_chosen_reference(
    page: Page, demo: DemoService, axe: Axe
) -> None:
    sign_in(page, demo, "auditor")
    page.goto("/models/credit/versions/1/predict")
    page.get_by_label(re.compile("^income")).fill("9000")
    page.get_by_label(re.compile("^debt_ratio")).fill("0.8")
    page.get_by_role("button", name="Predict and explain").click()
    reasons = page.locator(".reasons")
    expect(reasons).to_contain_text("Monthly debt payments take a large share of monthly income.")
    expect(page.get_by_label("Result")).to_contain_text("average over the near-cutoff reference, revision 1")
    page.get_by_label("Measured against").select_option("training")
    page.get_by_label("Reasons are ranked").select_option("points_below_maximum")
    page.get_by_role("button", name="Predict and explain").click()
    expect(page.get_by_label("Result")).to_contain_text("average over the training reference")
    page.get_by_text("What stands behind them").click()
    expect(page.get_by_text("Ranked by the distance from the best points")).to_be_visible()
    settle(page)
    axe(page)


def test_a_developer_writes_reasons_and_is_told_at_the_field_what_is_refused(
    page: Page, demo: DemoService, axe: Axe, problems: PageProblems
) -> None:
    problems.expect("422")
    sign_in(page, demo, "developer")
    page.goto("/models/breast-cancer/reasons")
    page.get_by_role("button", name=re.compile("^Add words for")).first.click()
    code = page.get_by_label("Code")
    code.fill("NUCLEI")
    text = page.get_by_label("Text (en)")
    text.fill("Failed to achieve a qualifying score")
    page.get_by_role("button", name="Save as a new revision").click()
    expect(page.get_by_role("alert")).to_contain_text("reason_text_insufficient")
    expect(text).to_have_attribute("aria-invalid", "true")
    axe(page)
    text.fill("The nuclei are larger than usual.")
    page.get_by_role("button", name="Save as a new revision").click()
    expect(page.get_by_text(re.compile("Revision 1, .* by Dana Developer"))).to_be_visible()
    sign_out(page)
    sign_in(page, demo, "auditor")
    page.goto("/models/breast-cancer/reasons")
    expect(page.get_by_role("cell", name="NUCLEI", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Save as a new revision")).to_have_count(0)
    settle(page)
    axe(page)


def test_a_developer_keeps_a_reference_and_sees_which_one_is_the_default(
    page: Page, demo: DemoService, axe: Axe
) -> None:
    sign_in(page, demo, "developer")
    page.goto("/models/credit/versions/1")
    page.locator("summary", has_text="References").click()
    rows = page.get_by_role("table", name="References").locator("tbody tr")
    expect(rows.filter(has_text="near-cutoff")).to_contain_text("default")
    page.get_by_text("New reference").click()
    page.get_by_label("Name of the reference").fill("everybody")
    page.get_by_label("Who").select_option("all_applicants")
    page.get_by_role("button", name="Keep this reference").click()
    expect(rows.filter(has_text="everybody")).to_contain_text("2000 of 3000")
    settle(page)
    axe(page)
