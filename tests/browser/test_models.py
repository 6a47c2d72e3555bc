"""Models in the browser: where they stood at a moment, how versions differ, what words mean."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.people import settle, sign_in
from tests.browser.service import DemoService

Axe = Callable[[Page], None]


def test_the_inventory_and_its_aliases_are_shown_as_of_a_moment(page: Page, demo: DemoService, axe: Axe) -> None:
    sign_in(page, demo, "auditor")
    page.goto("/models?day=2001-01-01")
    expect(page.get_by_text("There was no model yet.")).to_be_visible()
    page.get_by_role("button", name="Show today").click()
    expect(page.get_by_role("link", name="Breast mass diagnosis")).to_be_visible()
    page.goto("/models/breast-cancer?at=2001-01-01T00:00")
    expect(page.get_by_text("champion at 2001-01-01 00:00 UTC")).to_be_visible()
    page.get_by_label("Moment").fill("2099-01-01T00:00")
    expect(page.locator(".as-of-answer").get_by_role("link", name="Version 1")).to_be_visible()
    settle(page)
    axe(page)


def test_a_metric_is_chosen_by_the_address_and_has_its_numbers(page: Page, demo: DemoService) -> None:
    sign_in(page, demo, "auditor")
    page.goto("/models/credit?metric=log_loss")
    figure = page.locator("figure", has=page.locator(".trend"))
    figure.get_by_text("Numbers of this chart").click()
    expect(figure.get_by_role("table", name="Log loss by version").get_by_role("row")).not_to_have_count(1)
    page.get_by_role("button", name="AUC").click()
    expect(page).to_have_url(f"{demo.url}/models/credit")


def test_a_word_is_explained_by_keyboard_and_touch(page: Page, demo: DemoService) -> None:
    sign_in(page, demo, "observer")
    word = page.get_by_role("button", name="champion")
    meaning = page.get_by_role("tooltip")
    expect(meaning).to_be_hidden()
    word.click()
    expect(meaning).to_contain_text("The version that answers callers")
    expect(word).to_have_accessible_description("The version that answers callers: the one in use.")
    page.keyboard.press("Escape")
    page.mouse.move(0, 0)
    word.blur()
    expect(meaning).to_be_hidden()


def test_a_job_that_was_stopped_is_asked_for_again_and_workers_are_shown(
    page: Page, demo: DemoService, axe: Axe
) -> None:
    sign_in(page, demo, "developer")
    dataset = page.request.get("/api/v1/models/credit/versions/1").json()["dataset_id"]
    asked = {"model": "credit", "dataset_id": dataset, "message": "Stopped at once"}
    job = page.request.post("/api/v1/training-jobs", data=asked).json()["id"]
    page.goto(f"/training-jobs/{job}")
    page.get_by_role("button", name="Cancel the job").click()
    again = page.get_by_role("button", name="Try the same again")
    again.click(timeout=30_000)
    expect(page).not_to_have_url(f"{demo.url}/training-jobs/{job}")
    page.get_by_role("button", name="Cancel the job").click()
    expect(again).to_be_visible(timeout=30_000)
    page.goto("/training-jobs")
    expect(page.get_by_role("table", name="Workers").get_by_text("running").first).to_be_visible()
    settle(page)
    axe(page)
