"""What people do on every page: sign in, sign out, wait until a page has come to rest."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.service import DemoService

#: Cookies of people who have signed in before, by address and name: a password takes a fifth of a second to check.
_kept: dict[tuple[str, str], list[Any]] = {}
#: Once for each tab, so that whoever signs out stays out.
_NOTE_SIGNED_IN = """
if (!sessionStorage.getItem("noted")) {
    sessionStorage.setItem("noted", "yes");
    localStorage.setItem("edgewise.signed-in", "yes");
}
"""


def sign_in(page: Page, demo: DemoService, name: str) -> None:
    """Goes on with an earlier session of the person where it still holds, else through the form."""
    kept = _kept.get((demo.url, name))
    if kept is None or page.url != "about:blank":
        sign_in_by_form(page, demo, name)
        return
    page.context.add_cookies(kept)
    if not page.request.get("/api/v1/me").ok:
        page.context.clear_cookies()
        sign_in_by_form(page, demo, name)
        return
    page.add_init_script(_NOTE_SIGNED_IN)
    page.goto("/models")
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()


def sign_in_by_form(page: Page, demo: DemoService, name: str) -> None:
    """Signs in through the form, as the person would; ends on the inventory."""
    page.goto("/models")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(demo.credentials["users"][name]["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    _kept[demo.url, name] = list(page.context.cookies())


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
    expect(page.locator(".placeholder")).to_have_count(0, timeout=60_000)  # a large network takes its time
    expect(page.locator('.chart-area[data-drawn="false"]')).to_have_count(0)
