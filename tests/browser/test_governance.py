"""What people do about a version after its review: findings, suspension and resumption, rollback."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import PageProblems
from tests.browser.people import settle, sign_in, sign_out
from tests.browser.service import DemoService

Axe = Callable[[Page], None]
VERSION = "/models/breast-cancer/versions/1"


def open_version(page: Page, demo: DemoService, name: str) -> None:
    sign_in(page, demo, name)
    page.goto(VERSION)
    settle(page)


def test_a_finding_is_raised_put_right_and_closed(page: Page, demo: DemoService, axe: Axe) -> None:
    open_version(page, demo, "auditor")
    page.get_by_role("button", name="Raise a finding").click()
    dialog = page.get_by_role("dialog")
    for label, text in (("Title", "Units"), ("Owner", "developer"), ("Due", "2027-01-31")):
        dialog.get_by_label(label).fill(text)
    dialog.get_by_label("Description").fill("The unit of area is not named.")
    axe(page)
    dialog.get_by_role("button", name="Raise the finding").click()
    findings = page.get_by_role("table", name="Findings")
    expect(findings.get_by_text("Units")).to_be_visible()
    sign_out(page)
    open_version(page, demo, "developer")
    findings.get_by_role("button", name="Resolve").click()
    page.get_by_role("dialog").get_by_label("How it was put right").fill("Named in the schema.")
    page.get_by_role("dialog").get_by_role("button", name="Resolve").click()
    expect(findings.get_by_text("resolved")).to_be_visible()
    sign_out(page)
    open_version(page, demo, "auditor")
    findings.get_by_role("button", name="Close").click()
    page.get_by_role("dialog").get_by_label("What you have seen").fill("It is there.")
    page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).last.click()
    expect(findings.get_by_text("closed")).to_be_visible()
    axe(page)


def test_one_person_suspends_a_version_and_two_resume_it(page: Page, demo: DemoService, axe: Axe) -> None:
    open_version(page, demo, "administrator")
    page.get_by_role("button", name="Suspend this version").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("The feed drifts.")
    page.get_by_role("button", name="Suspend now").click()
    expect(page.get_by_text("The feed drifts.")).to_be_visible()
    expect(page.locator(".page-title .badge").first).to_contain_text("suspended")
    axe(page)
    page.get_by_role("button", name="Ask to resume").click()
    page.get_by_role("dialog").get_by_label("What has been put right").fill("The feed was repaired.")
    page.get_by_role("dialog").get_by_role("button", name="Ask to resume").click()
    expect(page.get_by_text("The feed was repaired.")).to_be_visible()
    sign_out(page)
    open_version(page, demo, "auditor")
    page.get_by_role("button", name="Confirm the resumption").click()
    expect(page.locator(".page-title .badge").first).to_contain_text("approved")


def test_a_version_shows_its_signatures_and_offers_its_evidence(page: Page, demo: DemoService) -> None:
    open_version(page, demo, "auditor")
    expect(page.get_by_text("approval", exact=True)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Evidence package").click()
    assert download.value.suggested_filename == "breast-cancer-1-evidence.zip"


def test_an_alias_without_an_earlier_version_says_so(page: Page, demo: DemoService, problems: PageProblems) -> None:
    problems.expect("409")
    sign_in(page, demo, "developer")
    page.goto("/models/breast-cancer")
    page.get_by_role("button", name="Roll champion back").click()
    expect(page.get_by_role("alert")).to_contain_text("nothing_to_roll_back_to")
