"""Predictions in the browser: values that one tries leave no record, records are found and compared."""

import json
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import PageProblems
from tests.browser.people import settle, sign_in
from tests.browser.service import DemoService

Axe = Callable[[Page], None]
VERSION = "/models/credit/versions/1"


def records(page: Page) -> list[str]:
    items = page.request.get("/api/v1/predictions?model=credit&limit=200").json()["items"]
    return [item["id"] for item in items]


def record(page: Page, **changes: object) -> str:
    row = page.request.get(f"/api/v1{VERSION}/inputs").json()["example"] | changes
    answer = page.request.post(f"/api/v1{VERSION}/trial-predictions", data={"rows": [row]})
    return str(answer.json()["predictions"][0]["id"])


def test_the_answer_follows_a_slider_and_leaves_no_record(page: Page, demo: DemoService, axe: Axe) -> None:
    sign_in(page, demo, "developer")
    before = records(page)
    page.goto(f"{VERSION}/predict")
    answer = page.locator(".live-value")
    first = answer.inner_text()
    page.get_by_label("Slide income").focus()
    page.keyboard.press("End")
    expect(answer).not_to_have_text(first)
    expect(page.get_by_label(re.compile("^income"))).to_have_value("250000")
    moved = answer.inner_text()
    page.get_by_role("button", name="the example").click()
    bars = page.get_by_role("table", name="Contributions to the difference from the example")
    expect(bars.get_by_role("rowheader", name=re.compile("income.*→ 250,000"))).to_be_visible()
    axe(page)
    expect(page).to_have_url(re.compile(r"against=start#income=250000$"))
    page.reload()
    expect(page.locator(".live-value")).to_have_text(moved)
    assert records(page) == before


def test_a_gap_and_an_empty_field_are_told_apart(page: Page, demo: DemoService) -> None:
    sign_in(page, demo, "observer")
    page.goto(f"{VERSION}/predict")
    expect(page.locator(".live-value")).to_have_text(re.compile("%"))
    expect(page.get_by_role("button", name="Predict and explain")).to_have_count(0)
    page.get_by_label(re.compile("^debt_ratio")).fill("")
    expect(page.get_by_text("A field is empty or no number")).to_be_visible()
    page.get_by_label(re.compile("^debt_ratio")).fill("3")
    expect(page.get_by_text("Outside the trained range")).to_be_visible()
    expect(page.locator(".live .badge")).to_have_text("outside")
    page.get_by_label("months_since_delinquency is missing").uncheck()
    expect(page.get_by_label(re.compile("^months_since_delinquency months"))).to_be_enabled()
    expect(page.get_by_text("A field is empty or no number")).to_have_count(0)


def test_two_records_are_compared_feature_by_feature_and_tried_further(page: Page, demo: DemoService, axe: Axe) -> None:
    sign_in(page, demo, "auditor")
    poorer, richer = record(page), record(page, income=90_000)
    page.goto(f"/predictions/{poorer}?with={richer}")
    bars = page.get_by_role("table", name="Contributions to the difference of the two records")
    expect(bars.get_by_role("rowheader", name=re.compile("income 90,000 → 33,700"))).to_be_visible()
    settle(page)
    axe(page)
    page.get_by_role("link", name="Try other values").click()
    expect(page.locator(".live-head")).to_contain_text("the same as the record")


def test_decisions_are_listed_by_model_and_opened_by_their_identifier(
    page: Page, demo: DemoService, problems: PageProblems
) -> None:
    problems.expect("404")
    sign_in(page, demo, "observer")
    page.goto("/predictions?model=credit")
    expect(page.get_by_label("Model", exact=True)).to_have_value("credit")
    settle(page)
    expect(page.get_by_role("cell", name="breast-cancer")).to_have_count(0)
    search = page.get_by_role("search", name="Find decisions")
    search.get_by_label("Asked by").fill("auditor")
    search.get_by_label("Version").fill("1")
    search.get_by_label("Outcome").fill("yes")
    expect(page).to_have_url(re.compile("caller=auditor&version=1&outcome=yes"))
    settle(page)
    assert set(page.get_by_role("row").locator("td:nth-child(6)").all_inner_texts()) <= {"Aaron Auditor"}
    search.get_by_label("To", exact=True).fill("2020-01-01")
    expect(page.get_by_text("No record matches.")).to_be_visible()
    page.get_by_label("Identifier of a record").fill("0" * 36)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert").first).to_contain_text("not_found")


def test_what_was_found_is_exported_and_replayed_together(page: Page, demo: DemoService, axe: Axe) -> None:
    sign_in(page, demo, "developer")
    record(page)
    page.goto("/predictions")
    expect(page.get_by_role("button", name="Replay them all")).to_have_count(0)
    page.get_by_label("Model", exact=True).select_option("credit")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as JSON lines").click()
    exported = [json.loads(line) for line in Path(download.value.path()).read_text().splitlines()]
    assert {one["model"] for one in exported} == {"credit"}
    page.get_by_role("button", name="Replay them all").click()
    expect(page.get_by_role("heading", name="Replay job")).to_be_visible()
    expect(page.get_by_text("records came out with the same bits")).to_be_visible(timeout=90_000)
    settle(page)
    axe(page)
    page.emulate_media(color_scheme="dark")
    axe(page)
    page.emulate_media(color_scheme="light")
    page.goto("/training-jobs")
    page.get_by_role("link", name="Comparison of bits").first.click()
    expect(page.get_by_role("heading", name="Replay job")).to_be_visible()
