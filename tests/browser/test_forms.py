"""Forms: references, descriptions of columns, review policies, passwords, uploads, and what they refuse."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import PageProblems
from tests.browser.people import settle, sign_in, sign_out
from tests.browser.service import DemoService

Axe = Callable[[Page], None]


def test_a_reference_is_chosen_by_conditions_or_is_one_applicant(
    page: Page, demo: DemoService, axe: Axe, problems: PageProblems
) -> None:
    problems.expect("422")
    sign_in(page, demo, "developer")
    page.goto("/models/credit/versions/1")
    page.locator("summary", has_text="References").click()
    page.get_by_text("New reference").click()
    page.get_by_label("Name of the reference").fill("car-buyers")
    page.get_by_label("Who", exact=True).select_option("filter")
    page.get_by_label("Add a condition on").select_option("income")
    page.get_by_label("Lowest income").fill("1e9")
    page.get_by_role("button", name="Keep this reference").click()
    expect(page.get_by_role("alert")).to_contain_text("Widen it")
    page.get_by_label("Lowest income").fill("20000")
    page.get_by_label("Add a condition on").select_option("purpose")
    page.get_by_label("car", exact=True).check()
    axe(page)
    page.get_by_role("button", name="Keep this reference").click()
    rows = page.get_by_role("table", name="References").locator("tbody tr")
    expect(rows.filter(has_text="car-buyers").first).to_contain_text(
        "income at least 20,000; purpose car", timeout=20_000
    )
    page.get_by_label("Name of the reference").fill("applicant")
    page.get_by_label("Who", exact=True).select_option("single_applicant")
    page.get_by_role("spinbutton", name="debt_ratio").fill("0.25")
    page.get_by_role("button", name="Keep this reference").click()
    expect(rows.filter(has_text="applicant").first).to_contain_text("debt_ratio 0.25", timeout=20_000)


def test_columns_are_described_anew_as_a_new_snapshot(page: Page, demo: DemoService, axe: Axe) -> None:
    sign_in(page, demo, "developer")
    page.goto("/datasets")
    page.get_by_role("link", name="Synthetic credit applications").last.click()
    page.get_by_role("link", name="Describe the columns").click()
    save = page.get_by_role("button", name=re.compile("^Nothing|^Save"))
    expect(save).to_be_disabled()
    page.get_by_label("When dependants rises, the target").select_option("increasing")
    page.get_by_label("Unit of dependants").fill("people")
    page.get_by_label(re.compile("^purpose cannot be changed")).check()
    expect(save).to_have_text("Save 2 changes as a new snapshot")
    axe(page)
    save.click()
    row = page.get_by_role("table", name="Columns").get_by_role("row").filter(has_text="dependants")
    expect(row).to_contain_text("people")
    expect(row).to_contain_text("target rises with it")


def test_an_administrator_settles_a_review_policy_that_is_not_too_weak(
    page: Page, demo: DemoService, axe: Axe, problems: PageProblems
) -> None:
    problems.expect("422")
    sign_in(page, demo, "developer")
    words = {"title": "Policies", "purpose": "P", "owner": "O", "risk_tier": "medium", "approved_use": "A"}
    page.request.post("/api/v1/models", data={"name": "policies", **words})
    sign_out(page)
    sign_in(page, demo, "administrator")
    page.goto("/models/policies")
    page.get_by_role("link", name="Review policy").click()
    page.get_by_label(re.compile("^Fidelity")).uncheck()
    page.get_by_role("button", name="Settle this policy").click()
    expect(page.get_by_role("alert")).to_contain_text("policy_too_weak")
    page.get_by_label(re.compile("^Fidelity")).check()
    page.get_by_label(re.compile("^Certificates")).check()
    page.get_by_label(re.compile("^Distinct people")).fill("2")
    axe(page)
    page.get_by_role("button", name="Settle this policy").click()
    expect(page.get_by_text("settled by an administrator")).to_be_visible()
    expect(page.get_by_text("2 people")).to_be_visible()
    sign_out(page)
    sign_in(page, demo, "observer")
    page.goto("/models/policies/review-policy")
    expect(page.get_by_text("Findings, Fidelity, Certificates")).to_be_visible()
    expect(page.get_by_role("button", name="Settle this policy")).to_have_count(0)


def test_a_reset_password_is_shown_once_and_opens_nothing_but_its_change(
    page: Page, demo: DemoService, axe: Axe
) -> None:
    sign_in(page, demo, "administrator")
    page.get_by_role("link", name="People").click()
    settle(page)
    page.get_by_role("button", name="Reset the password of Olga Observer").click()
    page.get_by_role("button", name="Reset the password", exact=True).click()
    once = page.locator("[data-password]").inner_text()
    axe(page)
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("row", name=re.compile("Olga Observer"))).to_contain_text("one-time password")
    sign_out(page)
    page.get_by_label("Name").fill("observer")
    page.get_by_label("Password").fill(once)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Present password").fill(once)
    demo.credentials["users"]["observer"]["password"] = "a password of my own"
    page.get_by_label("New password").fill("a password of my own")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(page, demo, "observer")


def test_an_upload_is_stopped_before_anything_is_stored(page: Page, demo: DemoService, axe: Axe) -> None:
    sign_in(page, demo, "developer")
    page.goto("/datasets")
    page.get_by_label("Table as CSV").set_input_files(
        {"name": "slow.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"}
    )
    page.route("**/api/v1/datasets", lambda _: None)  # nobody answers
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("progressbar", name="Sent")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Stop the upload").click()
    expect(page.get_by_text("The upload was stopped. Nothing was stored.")).to_be_visible()
    expect(page.get_by_role("button", name="Upload")).to_be_enabled()


def test_a_version_in_use_is_not_retired(page: Page, demo: DemoService, problems: PageProblems) -> None:
    problems.expect("409")
    sign_in(page, demo, "administrator")
    page.goto("/models/breast-cancer/versions/1")
    page.get_by_role("button", name="Retire this version").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("Replaced.")
    page.get_by_role("button", name="Retire for good").click()
    expect(page.get_by_role("alert")).to_contain_text("version_in_use")
