"""What an observer and an administrator come for, from signing in to the result, on a wide and on a narrow screen.

The developer's and the auditor's ways are in `test_journey.py`.
"""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.people import go_to, settle, sign_in_by_form
from tests.browser.service import DemoService

Axe = Callable[[Page], None]
VERSION = "/models/breast-cancer/versions/1"


def test_an_observer_reads_tries_replays_and_finds_the_event(
    page_wide_and_narrow: Page, demo: DemoService, axe: Axe
) -> None:
    page = page_wide_and_narrow
    sign_in_by_form(page, demo, "developer")
    row = page.request.get(f"/api/v1{VERSION}/inputs").json()["example"]
    made = page.request.post(f"/api/v1{VERSION}/predictions", data={"rows": [row]}).json()["predictions"][0]["id"]
    page.context.clear_cookies()
    page.evaluate("localStorage.clear()")

    sign_in_by_form(page, demo, "observer")
    page.get_by_role("button", name="champion").hover()
    expect(page.get_by_role("tooltip").first).to_be_visible()
    settle(page)
    axe(page)
    page.get_by_role("link", name="Breast mass diagnosis").click()
    expect(page.get_by_role("img", name=re.compile("AUC by version"))).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Version 1, approved"))).to_be_visible()
    settle(page)
    axe(page)
    go_to(page, "Decisions")
    page.get_by_role("link", name=made).click()
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("Identical bits.")).to_be_visible()
    page.get_by_role("link", name="Try other values").click()
    expect(page.locator(".live-head")).to_contain_text("the same as the record")
    expect(page.get_by_role("button", name="Predict and explain")).to_have_count(0)
    axe(page)
    go_to(page, "Audit trail")
    page.get_by_label("What").fill("predictions.replayed")
    page.get_by_label("Subject").fill(f"predictions/{made}")
    expect(page.locator("tr", has_text="Olga Observer")).to_have_count(1)
    settle(page)
    axe(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Export these events").click()
    assert made in download.value.path().read_text()


def test_an_administrator_looks_after_people_keys_and_policies(
    page_wide_and_narrow: Page, demo: DemoService, axe: Axe
) -> None:
    page = page_wide_and_narrow
    sign_in_by_form(page, demo, "administrator")
    go_to(page, "People")
    expect(page.locator("tr", has_text="Ada Administrator")).to_contain_text("Your account")
    settle(page)
    axe(page)
    _let_a_person_in(page, axe)
    go_to(page, "API keys")
    page.get_by_label("Label").fill("Scoring")
    page.get_by_role("button", name="Make a key").click()
    expect(page.locator("[data-key]")).to_be_visible()
    axe(page)
    page.locator("tr", has_text="Scoring").get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.locator("tr", has_text="Scoring")).to_have_count(0)
    page.goto("/models/credit/review-policy")
    expect(page.get_by_role("button", name="Settle this policy")).to_be_visible()
    axe(page)
    page.goto("/audit?actor=administrator&action=api_keys")
    expect(page.locator("tr", has_text="api_keys.deleted").first).to_be_visible()
    settle(page)
    axe(page)


def _let_a_person_in(page: Page, axe: Axe) -> None:
    width = page.viewport_size["width"] if page.viewport_size else 0
    page.get_by_role("button", name="Let a person in").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name to sign in with").fill(f"nora-{width}")
    dialog.get_by_label("Printed name").fill(f"Nora New {width}")
    expect(dialog.get_by_role("button", name="Let them in")).to_be_disabled()
    dialog.get_by_role("checkbox", name=re.compile("^auditor")).check()
    axe(page)
    dialog.get_by_role("button", name="Let them in").click()
    expect(dialog.locator("[data-password]")).to_be_visible()
    dialog.get_by_role("button", name="Done").click()
    expect(page.locator("tr", has_text=f"Nora New {width}")).to_contain_text("one-time password")
