"""What people do on every page: sign in, sign out, wait until a page has come to rest."""

from playwright.sync_api import Page, expect

from tests.browser.service import DemoService


def sign_in(page: Page, demo: DemoService, name: str) -> None:
    """Signs in through the form, as the person would; ends on the inventory."""
    page.goto("/models")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(demo.credentials["users"][name]["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()


def go_to(page: Page, place: str) -> None:
    """Follows a link of the bar on top, which is behind a button on a narrow screen."""
    _open_menu(page)
    page.get_by_role("navigation", name="Main").get_by_role("link", name=place, exact=True).click()


def _open_menu(page: Page) -> None:
    menu = page.get_by_role("button", name="Menu")
    if menu.is_visible() and menu.get_attribute("aria-expanded") == "false":
        menu.click()


def sign_out(page: Page) -> None:
    """Ends the session by the button."""
    _open_menu(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def settle(page: Page) -> None:
    """Waits until nothing loads any more and every chart is drawn."""
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".placeholder")).to_have_count(0, timeout=30_000)  # a large network takes its time
    expect(page.locator('.chart-area[data-drawn="false"]')).to_have_count(0)
