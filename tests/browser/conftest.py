"""A real Chromium on the real service; every page must stay free of errors, CSP violations and axe findings.

`page` is a fresh 1280-pixel light page; `page_in_every_appearance` runs a test in light and dark, wide and
narrow.
A test that provokes an error on purpose says so with `problems.expect(part of the message)`.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright

from tests.browser.service import DemoService, demo_service
from tests.provision import find_chromium

_AXE = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"
_SCREENSHOTS = Path(__file__).parents[2] / ".make/screenshots"
# The first two make a container's root able to start it; the rest keeps it from talking to its maker.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", event => console.error(
    `CSP violation: ${event.effectiveDirective} refused ${event.blockedURI} ${event.sample}`));
"""
_FIND_SERIOUS = """
async () => {
  const moving = document.getAnimations().filter(one => one.effect.getComputedTiming().endTime !== Infinity);
  await Promise.allSettled(moving.map(one => one.finished));
  return (await axe.run()).violations
    .filter(rule => ["serious", "critical"].includes(rule.impact))
    .map(rule => `${rule.id} (${rule.help}): ${rule.nodes.map(node => node.target.join(" ")).join(", ")}`);
}
"""


@dataclass
class PageProblems:
    """What went wrong on a page, and which of it the test provoked on purpose."""

    found: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def add_message(self, message: ConsoleMessage) -> None:
        """Takes down an error that the console shows, with where it came from."""
        if message.type == "error":
            self.found.append(f"{message.text} ({message.location['url']})")

    def add_error(self, error: Error) -> None:
        """Takes down an exception that no script caught."""
        self.found.append(str(error))

    def expect(self, part: str) -> None:
        """Allows, and demands, problems whose message has this part."""
        self.expected.append(part)

    def check(self) -> None:
        """Fails on every problem that was not expected, and on every expectation that did not come true."""
        surprises = [problem for problem in self.found if not any(part in problem for part in self.expected)]
        assert not surprises, "problems on the page:\n" + "\n".join(surprises)
        missing = [part for part in self.expected if not any(part in problem for problem in self.found)]
        assert not missing, f"expected on the page, but never seen: {missing}"


@dataclass(frozen=True)
class Appearance:
    """How a page is looked at."""

    width: int
    colour_scheme: Literal["light", "dark"]

    def __str__(self) -> str:
        return f"{self.colour_scheme}-{self.width}"


_APPEARANCES = [Appearance(width, scheme) for width in (1280, 390) for scheme in ("light", "dark")]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[DemoService]:
    """The service with its demo, started once; stopping it must leave nothing behind."""
    with ExitStack() as stack:
        url = None  # as a user starts it
        if os.environ.get("EDGEWISE_TEST_DATABASE") == "postgresql":
            url = stack.enter_context(request.getfixturevalue("databases")())
        yield stack.enter_context(demo_service(tmp_path_factory.mktemp("demo"), url))


# Not for the session: Playwright keeps an event loop running in this thread for as long as it lives.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser."""
    program = find_chromium()
    assert program is not None, "Chromium is not on this machine; 'make test' installs it."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def problems() -> Iterator[PageProblems]:
    """Collects console errors, page errors and CSP violations of every page of the test."""
    collected = PageProblems()
    yield collected
    collected.check()


@pytest.fixture
def page(chromium: Browser, problems: PageProblems, demo: DemoService) -> Iterator[Page]:
    """A fresh page; addresses such as `page.goto("/models")` are the service's."""
    with open_page(chromium, problems, demo.url) as opened:
        yield opened


@pytest.fixture(params=_APPEARANCES, ids=str)
def page_in_every_appearance(
    chromium: Browser, problems: PageProblems, demo: DemoService, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """A fresh page, in light and dark, wide and narrow."""
    with open_page(chromium, problems, demo.url, request.param) as opened:
        yield opened


@pytest.fixture(params=[_APPEARANCES[0], _APPEARANCES[-1]], ids=str)
def page_wide_and_narrow(
    chromium: Browser, problems: PageProblems, demo: DemoService, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """A fresh page: wide and light, narrow and dark."""
    with open_page(chromium, problems, demo.url, request.param) as opened:
        yield opened


@pytest.fixture
def axe() -> Callable[[Page], None]:
    """Fails on serious and critical accessibility findings of the page as it stands."""

    def check(page: Page) -> None:
        page.evaluate(_AXE.read_text())
        findings = page.evaluate(_FIND_SERIOUS)
        assert not findings, "axe found:\n" + "\n".join(findings)

    return check


@pytest.fixture
def screenshot(request: pytest.FixtureRequest) -> Callable[[Page, str], Path]:
    """Keeps a picture of the whole page under the test's name, for people to look at."""

    def take(page: Page, name: str) -> Path:
        path = _SCREENSHOTS / f"{request.node.name}-{name}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return take


@contextmanager
def open_page(
    browser: Browser, problems: PageProblems, url: str, appearance: Appearance = _APPEARANCES[0]
) -> Iterator[Page]:
    """A fresh page of a service."""
    context = browser.new_context(
        base_url=url,
        color_scheme=appearance.colour_scheme,
        viewport={"width": appearance.width, "height": 900},
    )
    context.add_init_script(_REPORT_VIOLATIONS)
    page = context.new_page()
    page.on("console", problems.add_message)
    page.on("pageerror", problems.add_error)
    page.set_default_timeout(15_000)
    yield page
    context.close()
