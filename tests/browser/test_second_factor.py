"""A person sets up a second factor, signs in with it, and does without it again."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from service.domain.second_factors import code_at, step_at
from tests.browser.conftest import PageProblems
from tests.browser.people import settle, sign_in
from tests.browser.service import DemoService

Axe = Callable[[Page], None]


def test_a_second_factor_is_set_up_used_and_removed(
    page: Page, demo: DemoService, axe: Axe, problems: PageProblems
) -> None:
    problems.expect("401")  # the password alone is refused
    password = demo.credentials["users"]["administrator"]["password"]
    sign_in(page, demo, "administrator")
    page.goto("/account")
    settle(page)
    page.get_by_label("Your password").fill(password)
    page.get_by_role("button", name="Set up a second factor").click()
    secret = base64.b32decode(page.locator("form code").inner_text().replace(" ", ""))
    axe(page)
    page.get_by_label("Code").fill(code_at(secret, step_at(datetime.now(UTC))))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("10 recovery codes left")).to_be_visible()
    codes = page.locator(".note li code").all_inner_texts()
    axe(page)
    page.get_by_role("button", name="Sign out", exact=True).click()

    page.get_by_label("Name").fill("administrator")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Code").fill(codes[0])
    axe(page)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Your password").fill(password)
    page.get_by_label("Code").fill(codes[1])
    page.get_by_role("button", name="Remove the second factor").click()
    expect(page.get_by_role("button", name="Set up a second factor")).to_be_visible()


def test_an_administrator_takes_a_lost_second_factor(page: Page, demo: DemoService, axe: Axe) -> None:
    sign_in(page, demo, "administrator")
    page.goto("/people")
    page.get_by_role("button", name="Access of Olga Observer").click()
    axe(page)
    page.emulate_media(color_scheme="dark")
    axe(page)
    page.emulate_media(color_scheme="light")
    page.get_by_role("dialog").get_by_role("button", name="Reset the second factor").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.goto("/audit?action=second_factors.reset")
    expect(page.locator("tr", has_text="Ada Administrator")).to_have_count(1)
