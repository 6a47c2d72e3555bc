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


def sign_out(page: Page) -> None:
    """Ends the session by the button."""
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def settle(page: Page) -> None:
    """Waits until nothing loads any more and every chart is drawn."""
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".placeholder")).to_have_count(0)
    expect(page.locator('.chart-area[data-drawn="false"]')).to_have_count(0)
