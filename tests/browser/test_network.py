"""The network as a picture: moved, walked, searched, thinned, lit up by a decision; the address keeps all of it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import settle, sign_in
from tests.browser.service import DemoService
from tests.browser.wide_version import MODEL, add_wide_version

Axe = Callable[[Page], None]
VERSION = "/models/breast-cancer/versions/1"


@pytest.fixture(scope="module")
def wide_version(demo: DemoService) -> str:
    """The address of a version with more than 500 edges."""
    return f"/models/{MODEL}/versions/{add_wide_version(demo.data_dir)}"


def _open(page: Page, demo: DemoService, address: str) -> Locator:
    sign_in(page, demo, "auditor")
    page.goto(address)
    expect(page.locator(".network .edge").first).to_be_visible()
    return page.locator(".network-layer")


def _place(layer: Locator) -> tuple[float, ...]:
    numbers = re.findall(r"-?[\d.]+", layer.evaluate("element => element.style.transform"))
    return tuple(float(one) for one in numbers)


def test_the_picture_is_dragged_and_zoomed_and_the_address_shows_it_again(page: Page, demo: DemoService) -> None:
    layer = _open(page, demo, VERSION)
    frame = page.locator(".network-frame")
    box = frame.bounding_box()
    assert box
    before = _place(layer)
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 80, box["y"] + 50, steps=4)
    page.mouse.up()
    assert _place(layer) == pytest.approx((before[0] + 60, before[1] + 30, before[2]), abs=1)
    page.get_by_role("button", name="Larger (key +)").click()
    assert _place(layer)[2] > before[2]
    expect(page).to_have_url(re.compile(r"at=-?\d+%2C-?\d+%2C[\d.]+"))
    kept = _place(layer)
    page.reload()
    expect(page.locator(".network .edge").first).to_be_visible()
    assert _place(layer) == pytest.approx(kept, abs=2)
    frame.focus()
    page.keyboard.press("0")
    assert _place(layer)[2] < kept[2]


def test_the_keyboard_walks_over_edges_and_nodes_and_enter_opens_them(page: Page, demo: DemoService, axe: Axe) -> None:
    _open(page, demo, VERSION)
    page.locator('.network [tabindex="0"]').focus()
    edge = page.locator(".network .edge:focus").get_attribute("data-edge")
    page.keyboard.press("ArrowLeft")
    node = page.locator(".network .node:focus")
    assert edge is not None
    expect(node).to_have_attribute("data-node", f"0.{edge.split('.')[1]}")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("focus=0"))
    expect(page.get_by_role("button", name=re.compile("^Paths through"))).to_be_visible()
    assert page.locator(".network .edge:not(.faint)").count() == 1
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary", name=f"Edge {edge}")).to_be_visible()
    settle(page)
    axe(page)
    page.get_by_role("button", name=re.compile("^Paths through")).click()
    assert page.locator(".network .edge.faint").count() == 0


def test_a_search_and_a_limit_say_how_much_they_leave(page: Page, demo: DemoService) -> None:
    _open(page, demo, VERSION)
    page.get_by_label("Find").fill("area")
    expect(page.get_by_text("2 edges found.")).to_be_visible()
    expect(page).to_have_url(re.compile("find=area"))
    page.get_by_label("Hide weak edges").fill("40")
    expect(page.get_by_text(re.compile(r"below 40 % of the strongest hidden"))).to_be_visible()
    expect(page).to_have_url(re.compile("weak=40"))
    page.reload()
    expect(page.get_by_label("Find")).to_have_value("area")
    expect(page.get_by_text(re.compile(r"below 40 % of the strongest hidden"))).to_be_visible()


def test_a_decision_lights_up_the_network_of_the_version_that_made_it(
    page_in_every_appearance: Page, demo: DemoService, axe: Axe
) -> None:
    page = page_in_every_appearance
    sign_in(page, demo, "developer")
    page.goto(f"{VERSION}/predict")
    page.get_by_role("button", name="Predict and explain").click()
    page.wait_for_url(re.compile("record="))
    record = page.url.split("record=")[1]
    stored = page.request.get(f"/api/v1/predictions/{record}").json()["prediction"]
    page.goto(f"{VERSION}?view=diagram&flow={record}")
    expect(page.get_by_role("link", name="Open the record")).to_be_visible()
    for edge in stored["edges"]:
        kind = "raises" if edge["contribution"] > 0 else "lowers"
        expect(page.locator(f'[data-line="{edge["edge"]}"]')).to_have_class(re.compile(kind))
        expect(page.locator(f'[data-edge="{edge["edge"]}"]')).to_have_attribute("aria-label", re.compile("contributes"))
    settle(page)
    axe(page)
    page.goto(f"/models/credit/versions/1?flow={record}")
    expect(page.get_by_text(re.compile("made by breast-cancer, version 1, so its flow"))).to_be_visible()


def test_five_hundred_edges_are_drawn_and_reached(page: Page, demo: DemoService, wide_version: str, axe: Axe) -> None:
    layer = _open(page, demo, wide_version)
    assert page.locator(".network .edge").count() > 500
    last = page.locator(".network .edge").last.get_attribute("data-edge")
    page.goto(f"{wide_version}?edge={last}")
    expect(page.get_by_role("complementary", name=f"Edge {last}")).to_be_visible()
    page.locator('.network [tabindex="0"]').focus()
    for key in ("+", "+", "+", "+", "End", "ArrowLeft", "Home"):
        page.keyboard.press(key)
    assert _place(layer)[2] > 1
    # What has the focus is brought into sight.
    expect(page.locator(".network :focus")).to_be_in_viewport()
    settle(page)
    axe(page)
