"""A review of a version that follows an approved one: each changed edge beside what was approved, and only those."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.people import settle, sign_in, sign_out
from tests.browser.service import DemoService

Axe = Callable[[Page], None]
MODEL = "breast-cancer"


def submitted_revision(page: Page, demo: DemoService) -> tuple[str, str]:
    """Takes one form back and submits the child for review; returns the review and the edge."""
    sign_in(page, demo, "developer")
    version = f"/api/v1/models/{MODEL}/versions/1"
    edges = page.request.get(f"{version}/network").json()["edges"]
    edge = next(str(one["edge"]) for one in edges if one["form"] == "symbolic")
    change = {"changes": [{"operation": "unsnap", "edge": edge}], "message": "Looked at closer."}
    job = page.request.post(f"{version}/revisions", data=change).json()["id"]
    page.goto(f"/training-jobs/{job}")
    page.get_by_role("link", name=re.compile(rf"^version \d+ of {MODEL}")).wait_for(timeout=90_000)
    number = page.request.get(f"/api/v1/training-jobs/{job}").json()["version"]
    review = {"model": MODEL, "version": number, "summary": "One form was taken back."}
    answer = page.request.post("/api/v1/reviews", data=review)
    assert answer.ok, answer.text()
    sign_out(page)
    return str(answer.json()["id"]), edge


def test_an_auditor_walks_only_what_changed_beside_what_was_approved(page: Page, demo: DemoService, axe: Axe) -> None:
    review, edge = submitted_revision(page, demo)
    sign_in(page, demo, "auditor")
    page.goto(f"/reviews/{review}?edge={edge}")
    before, after = (page.get_by_role("region", name=re.compile(f"in version {text}$")) for text in ("1", r"[^1]\d*"))
    expect(before.get_by_role("img")).to_be_visible()
    expect(before.locator(".badge")).to_have_text("symbolic")
    expect(after.locator(".badge")).to_have_text("spline")
    changed = page.get_by_role("table", name="What changed in this edge")
    expect(changed.get_by_role("row").filter(has_text=re.compile("^Form *symbolic"))).to_contain_text("spline")
    page.get_by_text("Numbers of these charts").click()
    expect(page.get_by_role("table", name=re.compile("in both versions")).locator("tbody tr")).to_have_count(101)

    page.get_by_role("button", name="Only what changed").click()
    expect(page).to_have_url(re.compile("walk=changed"))
    page.locator("h1").click()
    chips = page.get_by_role("list", name="Changed edges").get_by_role("button")
    expect(chips.first).to_be_visible()
    for _ in range(2):
        page.keyboard.press("n")
        expect(page.locator('.chips [aria-pressed="true"]')).to_have_count(1)
    page.keyboard.press("a")
    expect(page.locator('.chips [aria-pressed="true"]')).to_contain_text("accepted")
    settle(page)
    axe(page)
    page.emulate_media(color_scheme="dark")
    axe(page)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 390, "height": 900})
    page.reload()
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    axe(page)
    page.emulate_media(color_scheme="dark")
    axe(page)
    page.emulate_media(color_scheme="light")
