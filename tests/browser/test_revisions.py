"""Revisions in the browser: a change is seen before it is made, made by a job, and compared with its parent."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import PageProblems
from tests.browser.people import settle, sign_in
from tests.browser.service import DemoService

Axe = Callable[[Page], None]
SIX_EDGES = "/models/credit/versions/1?view=list&edge=0.0.0"


def test_a_developer_changes_an_edge_and_compares_the_child(page: Page, demo: DemoService, axe: Axe) -> None:
    sign_in(page, demo, "developer")
    page.goto(SIX_EDGES)
    page.get_by_role("button", name=re.compile("^Snap to this form")).first.click()
    expect(page).to_have_url(re.compile("change=function&form="))
    expect(page.get_by_role("table", name="Before, changed, and after a short refit")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("before and after"))).to_be_visible()
    expect(page.get_by_text("Answers move by (RMS)")).to_be_visible()
    settle(page)
    axe(page)
    page.get_by_label("Message").fill("A simpler form.")
    page.get_by_role("button", name="Make the new version").click()
    expect(page).to_have_url(re.compile("/training-jobs/"))
    expect(page.get_by_text(re.compile("snap 0.0.0"))).to_be_visible()
    page.get_by_role("link", name=re.compile(r"^version \d+ of credit")).click(timeout=60_000)
    expect(page.get_by_text("A simpler form.")).to_be_visible()
    page.get_by_role("link", name="Compare", exact=True).click()
    expect(page).to_have_url(re.compile(r"/versions/1/compare/\d+"))
    expect(page.get_by_role("table", name="Measures with 95 % intervals")).to_be_visible()
    page.locator("summary").filter(has_text="changed").first.click()
    settle(page)
    axe(page)
    page.goto("/models/credit/versions/1")
    page.get_by_role("navigation", name="Changes").get_by_role(
        "link", name=re.compile("^.?.?Redo: version .*snap")
    ).click()
    page.get_by_role("link", name=re.compile("Undo: version 1$")).click()
    expect(page.get_by_role("heading", name="Version 1")).to_be_visible()
    page.goto("/models/credit")
    expect(page.get_by_role("group", name="Lineage of the versions")).to_contain_text("snap: A simpler form.")
    settle(page)
    axe(page)


def test_a_formula_that_cannot_be_read_is_refused_with_its_place(
    page: Page, demo: DemoService, problems: PageProblems
) -> None:
    problems.expect("422")
    sign_in(page, demo, "developer")
    page.goto(f"{SIX_EDGES}&change=formula&form=1%2B__import__")
    expect(page.get_by_text(re.compile("character 3"))).to_be_visible()


def test_a_version_is_refined_in_a_dialog_with_a_preview(page: Page, demo: DemoService, axe: Axe) -> None:
    sign_in(page, demo, "developer")
    page.goto("/models/credit/versions/1")
    page.get_by_role("button", name="Prune or refine").click()
    page.get_by_label("Tolerance").fill("0.05")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("table", name="Before, changed, and after a short refit")).to_be_visible()
    axe(page)


def test_pruning_shows_what_fewer_edges_cost(page: Page, demo: DemoService, axe: Axe) -> None:
    sign_in(page, demo, "developer")
    page.goto("/models/credit/versions/1")
    page.get_by_role("button", name="Prune or refine").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Measure what fewer edges cost").click()
    dialog.get_by_label("Most edges").fill("2")
    expect(dialog.get_by_text("At most 2 edges.")).to_be_visible()
    expect(dialog.get_by_text("Measuring:")).to_have_count(0, timeout=60_000)
    dialog.get_by_text("Numbers of this chart").click()
    points = dialog.get_by_role("table", name="Training loss by number of edges").locator("tbody tr")
    expect(points).not_to_have_count(0)
    expect(dialog.get_by_text(re.compile("About .* training loss with"))).to_be_visible()
    axe(page)


def test_an_edge_is_held_to_a_direction_with_a_preview(page: Page, demo: DemoService) -> None:
    sign_in(page, demo, "developer")
    page.goto(SIX_EDGES)
    page.get_by_text("Change this edge").click()
    page.get_by_label("What it becomes").select_option(label="train on so that the output falls with it")
    expect(page).to_have_url(re.compile("change=decreasing"))
    expect(page.get_by_role("table", name="Before, changed, and after a short refit")).to_be_visible()


def test_calibration_and_intervals_are_shown_in_every_appearance(
    page_in_every_appearance: Page, demo: DemoService, axe: Axe
) -> None:
    page = page_in_every_appearance
    sign_in(page, demo, "auditor")
    page.goto("/models/credit/versions/1")
    expect(page.get_by_text(re.compile("^95 %:")).first).to_be_visible()
    expect(page.get_by_role("button", name="Prune or refine")).to_have_count(0)
    page.get_by_text("Calibration", exact=True).click()
    expect(page.get_by_role("table", name="Calibration on held-out rows").locator("tbody tr")).to_have_count(10)
    settle(page)
    axe(page)
