"""Every page in light and dark, wide and narrow: complete, accessible, nothing wider than the screen."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PageProblems
from tests.browser.people import settle, sign_in
from tests.browser.service import DemoService

Axe = Callable[[Page], None]
Screenshot = Callable[[Page, str], Path]


@pytest.fixture
def get(page: Page) -> Callable[[str], Any]:
    """Asks the API with the session of `page`."""
    return lambda path: page.request.get(f"/api/v1{path}").json()


def _predict(page: Page) -> str:
    version = "/api/v1/models/breast-cancer/versions/1"
    row = page.request.get(f"{version}/inputs").json()["example"]
    answer = page.request.post(f"{version}/predictions", data={"rows": [row], "explain": "edges"})
    return str(answer.json()["predictions"][0]["id"])


def _addresses(page: Page) -> Iterator[tuple[str, str]]:
    def first(path: str) -> Any:
        return page.request.get(f"/api/v1{path}").json()["items"][0]

    edge = page.request.get("/api/v1/models/breast-cancer/versions/1/network").json()["edges"][0]["edge"]
    yield "inventory", "/models"
    yield "new-model", "/models/new"
    yield "model", "/models/breast-cancer"
    yield "review-policy", "/models/breast-cancer/review-policy"
    yield "train", "/models/breast-cancer/train"
    yield "new-sweep", "/models/breast-cancer/sweep"
    yield "sweeps", "/sweeps"
    yield "monitoring", "/models/breast-cancer/monitoring"
    yield "score", "/models/breast-cancer/score"
    yield "version", f"/models/breast-cancer/versions/1?edge={edge}"
    yield "comparison", "/models/breast-cancer/versions/1/compare/1"
    yield "glossary", "/glossary"
    yield "reason-dictionary", "/models/credit/reasons"
    yield "reason-dictionary-empty", "/models/breast-cancer/reasons"
    yield "version-list", "/models/breast-cancer/versions/1?view=list"
    yield "version-diagram", "/models/credit/versions/1?view=diagram"
    strongest = page.request.get("/api/v1/models/credit/versions/1/features").json()["items"][0]["feature"]
    yield "version-feature", f"/models/credit/versions/1?feature={strongest}"
    yield "prediction", f"/models/breast-cancer/versions/1/predict?record={_predict(page)}"
    yield "decisions", "/predictions"
    yield "decision", f"/predictions/{_predict(page)}"
    yield "reviews", "/reviews?state=all"
    yield "review", f"/reviews/{first('/reviews')['id']}?edge={first('/reviews')['edges'][0]['edge']}"
    yield "datasets", "/datasets"
    yield "dataset", f"/datasets/{first('/datasets')['id']}"
    yield "dataset-schema", f"/datasets/{first('/datasets')['id']}/schema"
    yield "training-jobs", "/training-jobs"
    yield "training-job", f"/training-jobs/{first('/training-jobs')['id']}"
    yield "audit", "/audit"
    yield "api-keys", "/api-keys"
    yield "account", "/account"


#: An administrator's page (test_roles.py) and those of what the demo does not have (test_sweeps.py, test_scoring.py,
#: test_predictions.py).
_ELSEWHERE = {"/people", "/sweeps/:id", "/scoring-jobs/:id", "/replay-jobs/:id"}
#: Whatever is drawn for people to read has a table beside it; a network has its list, a lineage its own names as links.
_CHARTS_WITHOUT_TABLE = """
() => [...document.querySelectorAll('figure.chart, main svg[role="img"]')]
    .filter(one => !one.querySelector(".chart-wait"))
    .filter(one => !one.closest("figure, .card, .pair-of-edges")?.querySelector("table"))
    .map(one => one.getAttribute("aria-label") ?? one.outerHTML.slice(0, 80))
"""
_OPEN_EVERYTHING = """
() => { for (const one of document.querySelectorAll("main details")) one.open = true; }
"""


def _patterns() -> set[str]:
    """The routes of the browser application."""
    source = (Path(__file__).parents[2] / "frontend/src/screens.tsx").read_text()
    return set(re.findall(r"""screen\(\s*"(/[^"]*)",""", source))


def _is_of(address: str, pattern: str) -> bool:
    expression = re.sub(r":\w+", "[^/]+", pattern)
    return re.fullmatch(expression, address.split("?")[0]) is not None


def test_every_route_of_the_browser_is_walked(page: Page, demo: DemoService) -> None:
    sign_in(page, demo, "developer")
    walked = {"/", *(address for _, address in _addresses(page))}
    patterns = _patterns()
    assert len(patterns) > 20
    missing = {pattern for pattern in patterns if not any(_is_of(address, pattern) for address in walked)}
    assert missing == _ELSEWHERE


def _check(page: Page, axe: Axe, name: str) -> None:
    settle(page)
    assert page.evaluate(_CHARTS_WITHOUT_TABLE) == [], f"a chart of {name} has no table"
    expect(page.locator("h1")).to_have_count(1)
    expect(page.get_by_role("alert")).to_have_count(0)
    excess = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert excess <= 0, f"{name} is {excess} px wider than the screen"
    axe(page)


def test_every_page_is_whole_and_accessible_in_every_appearance(
    page_in_every_appearance: Page, demo: DemoService, axe: Axe, screenshot: Screenshot, request: pytest.FixtureRequest
) -> None:
    page, appearance = page_in_every_appearance, request.node.callspec.id
    page.goto("/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    _check(page, axe, "sign-in")
    sign_in(page, demo, "developer")
    for name, address in _addresses(page):
        page.goto(address)
        _check(page, axe, name)
        if appearance in ("light-1280", "dark-390"):
            screenshot(page, name)


def test_every_chart_that_is_folded_away_has_its_table_too(page: Page, demo: DemoService) -> None:
    sign_in(page, demo, "auditor")
    drawn = 0
    for name, address in _addresses(page):
        if name not in ("model", "version", "comparison", "decision", "training-job", "dataset"):
            continue
        page.goto(address)
        settle(page)
        page.evaluate(_OPEN_EVERYTHING)
        settle(page)
        assert page.evaluate(_CHARTS_WITHOUT_TABLE) == [], f"a chart of {name} has no table"
        drawn += page.locator('figure.chart, main svg[role="img"]').count()
    assert drawn > 8


def test_prediction_form_explains_warns_and_keeps_the_record_in_the_address(
    page: Page, demo: DemoService, axe: Axe
) -> None:
    sign_in(page, demo, "auditor")
    page.goto("/models/breast-cancer/versions/1/predict")
    page.get_by_label(re.compile("^mean radius")).fill("99")
    page.get_by_role("button", name="Predict and explain").click()
    expect(page.get_by_label("Result")).to_contain_text("mean radius lies outside the values seen in training")
    expect(page.get_by_role("img", name=re.compile("feature by feature"))).to_be_visible()
    _check(page, axe, "prediction")
    page.reload()
    expect(page.get_by_label("Result")).to_contain_text("Probability of malignant")


def test_keyboard_walks_the_network_and_the_address_keeps_the_edge(page: Page, demo: DemoService) -> None:
    sign_in(page, demo, "auditor")
    page.goto("/models/breast-cancer/versions/1")
    tiles = page.locator(".network .edge")
    expect(tiles.nth(1)).to_be_visible()
    in_tab_order = page.locator('.network .edge[tabindex="0"]')
    expect(in_tab_order).to_have_count(1)
    in_tab_order.focus()
    first = in_tab_order.get_attribute("data-edge")

    page.keyboard.press("ArrowDown")
    second = in_tab_order.get_attribute("data-edge")
    page.keyboard.press("Enter")

    assert second != first
    expect(page.get_by_role("complementary", name=f"Edge {second}")).to_be_visible()
    page.reload()
    expect(page.locator(f'.edge[data-edge="{second}"]')).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("complementary", name=f"Edge {second}").locator("math")).to_be_visible()


def test_every_chart_has_its_numbers_and_no_way_to_a_vendor(page: Page, demo: DemoService) -> None:
    sign_in(page, demo, "auditor")
    page.goto("/models/breast-cancer/versions/1")
    page.locator(".network .edge").first.click()
    settle(page)
    panel = page.locator(".edge-panel")
    panel.get_by_text("Numbers of this chart").click()
    rows = panel.locator(".chart table").first.locator("tbody tr")
    assert rows.count() > 10
    expect(rows.first.locator("td").nth(1)).to_have_text(re.compile(r"^−?\d"))
    assert page.locator(".modebar-btn, a[href*='plot']").count() == 0


def test_an_edge_shows_what_its_candidates_miss_and_its_formula_is_copied(page: Page, demo: DemoService) -> None:
    sign_in(page, demo, "auditor")
    page.goto("/models/credit/versions/1?edge=0.0.0")
    panel = page.locator(".edge-panel")
    panel.get_by_role("button", name="Residuals of candidates").click()
    expect(panel.get_by_role("img", name=re.compile("differ by from its curve"))).to_be_visible()
    expect(page).to_have_url(re.compile("chart=residuals"))
    expect(panel.get_by_text("as expected: decreasing")).to_be_visible(timeout=30_000)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for language, part in (("LaTeX", r"\ln"), ("Python", "math.log"), ("SQL", '"income"')):
        panel.get_by_role("button", name=f"Copy the formula as {language}").click()
        expect(panel.get_by_text("Copied.").first).to_be_attached()
        assert part in page.evaluate("navigator.clipboard.readText()")


def test_chosen_theme_is_remembered(page: Page, demo: DemoService) -> None:
    page.goto("/")
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "light")
    page.get_by_role("button", name="Use dark colours").click()
    expect(root).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(root).to_have_attribute("data-theme", "dark")


def test_wrong_password_says_so_and_keeps_the_name(page: Page, demo: DemoService, problems: PageProblems) -> None:
    problems.expect("401")
    page.goto("/")
    page.get_by_label("Name").fill("auditor")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("sign_in_refused")
    expect(page.get_by_label("Name")).to_have_value("auditor")


def test_malformed_table_is_refused_at_its_field_and_nothing_is_stored(
    page: Page, demo: DemoService, problems: PageProblems, get: Callable[[str], Any]
) -> None:
    problems.expect("422")
    sign_in(page, demo, "developer")
    before = len(get("/datasets")["items"])
    page.goto("/datasets")
    page.get_by_label("Table as CSV").set_input_files(
        {"name": "broken.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n3\n"}
    )
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("alert")).to_contain_text("malformed_csv")
    assert len(get("/datasets")["items"]) == before


def test_unknown_model_shows_the_problem_and_its_code(page: Page, demo: DemoService, problems: PageProblems) -> None:
    problems.expect("404")
    sign_in(page, demo, "auditor")
    page.goto("/models/nothing")
    expect(page.get_by_role("alert").first).to_contain_text("not_found")


def test_auditor_is_offered_no_developer_action(page: Page, demo: DemoService) -> None:
    sign_in(page, demo, "auditor")
    expect(page.get_by_role("link", name="API keys")).to_have_count(0)
    expect(page.get_by_role("link", name="New model")).to_have_count(0)
    page.goto("/models/breast-cancer")
    settle(page)
    expect(page.get_by_role("link", name="Train a version")).to_have_count(0)
    expect(page.get_by_role("button", name="Move champion")).to_have_count(0)


def test_certificates_show_what_is_proved_and_the_rows_that_refute(page: Page, demo: DemoService, axe: Axe) -> None:
    sign_in(page, demo, "auditor")
    page.goto("/models/credit/versions/1")
    table = page.get_by_role("table", name="Certificates")
    expect(table.get_by_text("never leaves the bounds")).to_be_visible(timeout=30_000)
    expected = table.get_by_role("row").filter(has_text="Expected: decreasing")
    expect(expected.first.locator(".badge")).to_contain_text("proved")
    table.locator("details").first.locator("summary").click()
    expect(table.locator("details").first.get_by_text(re.compile("income"))).not_to_have_count(0)
    _check(page, axe, "certificates")


def test_a_decision_record_says_what_would_change_its_answer(page: Page, demo: DemoService, axe: Axe) -> None:
    sign_in(page, demo, "developer")
    address = f"/predictions/{_predict(page)}"
    page.goto(address)
    page.get_by_label("Threshold").fill("0.5")
    page.get_by_role("button", name="Find the smallest change").press("Enter")
    changes = page.get_by_role("table", name="Smallest change")
    expect(changes).to_be_visible()
    expect(page.get_by_text("scored again by the same version").first).to_be_visible()
    feature = changes.get_by_role("row").nth(1).get_by_role("cell").first.inner_text()
    _check(page, axe, "counterfactual")

    page.get_by_label(feature, exact=True).select_option("stays as it is")
    page.reload()
    expect(page.get_by_label(feature, exact=True)).to_have_value("stays")
    page.get_by_role("button", name="Find the smallest change").click()
    expect(page.get_by_role("status").get_by_role("table").first).to_be_visible()
    expect(page.get_by_role("status").get_by_role("cell", name=feature, exact=True)).to_have_count(0)


def test_where_no_change_reaches_the_goal_the_record_says_so(page: Page, demo: DemoService, axe: Axe) -> None:
    sign_in(page, demo, "developer")
    record = _predict(page)
    inputs = page.request.get("/api/v1/models/breast-cancer/versions/1/inputs").json()["features"]
    stays = "&".join(f"change.{feature['name'].replace(' ', '%20')}=stays" for feature in inputs)
    page.goto(f"/predictions/{record}?{stays}")
    page.get_by_role("button", name="Find the smallest change").click()
    expect(page.get_by_text("No such change.")).to_be_visible()
    _check(page, axe, "no-counterfactual")
