"""What an auditor who is new here is asked to do, in one go, with every click counted."""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import settle, sign_in_by_form, sign_out
from tests.browser.service import DemoService

Axe = Callable[[Page], None]
Screenshot = Callable[[Page, str], Path]

#: Clicks for all tasks without the decisions about edges that nothing speaks against, which cost two keys each.
MOST_CLICKS = 12


@dataclass
class Hand:
    """Counts what the person does."""

    page: Page
    clicks: int = 0
    keys: int = 0

    def click(self, target: Locator) -> None:
        """One click."""
        target.click()
        self.clicks += 1

    def press(self, key: str) -> None:
        """One key, not while typing."""
        self.page.keyboard.press(key)
        self.keys += 1


@pytest.fixture
def review(page: Page, demo: DemoService) -> dict[str, Any]:
    """A review of a version that was trained without the directions that the dataset names."""
    sign_in_by_form(page, demo, "developer")
    api = "/api/v1"
    datasets = page.request.get(f"{api}/datasets").json()["items"]
    dataset = next(one["id"] for one in datasets if "credit" in one["name"].lower())
    settings: dict[str, Any] = {"monotone": {}, "maximum_edges": None, "tolerance": 0.0}
    request = {"model": "credit", "dataset_id": dataset, "configuration": settings, "message": "No directions"}
    job = page.request.post(f"{api}/training-jobs", data=request).json()["id"]
    page.goto(f"/training-jobs/{job}")
    page.get_by_role("link", name=re.compile(r"^version \d+ of credit")).wait_for(timeout=90_000)
    number = page.request.get(f"{api}/training-jobs/{job}").json()["version"]
    submitted = page.request.post(
        f"{api}/reviews", data={"model": "credit", "version": number, "summary": "Trained without directions."}
    )
    assert submitted.ok
    sign_out(page)
    found: dict[str, Any] = submitted.json()
    return found


def _contradiction(page: Page, review: dict[str, Any]) -> str:
    """The edge that goes against what is expected, as the certificates have it."""
    version = f"/api/v1/models/{review['model']}/versions/{review['version']}"
    facts = page.request.get(f"{version}/certificates").json()["certificates"]
    feature = next(one["feature"] for one in facts if one["fact"] == "monotone" and one["holds"] is False)
    edges = page.request.get(f"{version}/network").json()["edges"]
    return next(str(one["edge"]) for one in edges if one["source"] == feature)


def test_an_auditor_finds_decides_signs_and_exports(
    page: Page, demo: DemoService, review: dict[str, Any], axe: Axe, screenshot: Screenshot
) -> None:
    hand = Hand(page)
    sign_in_by_form(page, demo, "auditor")
    hand.click(page.get_by_role("link", name="Reviews", exact=True))
    hand.click(page.get_by_role("link", name=f"credit, version {review['version']}"))

    first_looks = page.get_by_role("list", name="Where to look first")
    strongest = first_looks.get_by_role("button").first
    hand.click(strongest)
    panel = page.get_by_role("complementary").get_by_role("heading", level=2)
    expect(panel).to_have_text(strongest.inner_text().split(",")[0])

    hand.click(first_looks.get_by_role("button", name=re.compile("should be")))
    contrary = _contradiction(page, review)
    expect(page.get_by_role("complementary", name=f"Edge {contrary}")).to_be_visible()
    expect(page.get_by_text(re.compile("contradicts: expected"))).to_be_visible()
    settle(page)
    axe(page)
    screenshot(page, "contradiction")

    page.get_by_label("Comment").fill("It falls where the schema says that it rises.")
    hand.click(page.get_by_role("button", name="Reject", exact=True))
    expect(page.locator(".decision-state")).to_contain_text("rejected by Aaron Auditor")
    _accept_the_rest(page, hand, review)
    expect(page.get_by_text("Every edge is decided.")).to_be_visible()

    _sign(page, hand, demo)
    axe(page)
    screenshot(page, "signed")
    _find_again_and_export(page, hand, review)
    assert hand.clicks <= MOST_CLICKS
    print(f"auditor's tasks: {hand.clicks} clicks, {hand.keys} keys beside typing")  # noqa: T201  # a figure of the note


def _accept_the_rest(page: Page, hand: Hand, review: dict[str, Any]) -> None:
    page.locator("h1").click()  # out of the comment, where keys are text
    for decided in range(1, len(review["edges"])):
        expect(page.locator(".review-progress")).to_contain_text(f"{decided} of")
        hand.press("n")
        expect(page.get_by_text("Not decided yet.")).to_be_visible()
        hand.press("a")
        expect(page.locator(".decision-state")).to_contain_text("accepted by Aaron Auditor")


def _sign(page: Page, hand: Hand, demo: DemoService) -> None:
    hand.click(page.get_by_role("button", name="Sign…"))
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Statement").fill("One edge contradicts the schema.")
    dialog.get_by_label("Password", exact=True).fill(demo.credentials["users"]["auditor"]["password"])
    hand.click(dialog.get_by_role("button", name="Sign the rejection"))
    expect(page.locator("h1 ~ .badge")).to_have_text(re.compile("rejected"))


def _find_again_and_export(page: Page, hand: Hand, review: dict[str, Any]) -> None:
    page.goto("/models")
    hand.click(page.get_by_role("link", name="Reviews", exact=True))
    hand.click(page.get_by_role("button", name="Rejected"))
    hand.click(page.get_by_role("link", name=f"credit, version {review['version']}"))
    expect(page.get_by_role("article").get_by_text("One edge contradicts the schema.")).to_be_visible()
    with page.expect_download() as download:
        hand.click(page.get_by_role("link", name="Evidence package"))
    package = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert package.namelist()


def test_a_review_on_paper_is_its_facts_decisions_and_signatures(
    page: Page, demo: DemoService, review: dict[str, Any]
) -> None:
    sign_in_by_form(page, demo, "auditor")
    page.goto(f"/reviews/{review['id']}")
    expect(page.locator(".network .edge").first).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".network")).not_to_be_visible()
    expect(page.get_by_role("button", name="Sign…")).not_to_be_visible()
    rows = page.get_by_role("table", name="Decisions").locator("tbody tr")
    expect(rows).to_have_count(len(review["edges"]))
    expect(page.get_by_role("heading", name="Signatures")).to_be_visible()
