"""The main job from end to end, by the people who do it: train, review edge by edge, sign, release, predict, replay."""

import re
from typing import Any

import httpx2
from playwright.sync_api import Page, expect

from tests.browser.conftest import PageProblems
from tests.browser.people import go_to, settle, sign_in_by_form, sign_out
from tests.browser.service import DemoService

_TABLE = "age,region,bought\n" + "\n".join(
    f"{20 + row % 41},{'north' if row % 3 else 'south'},{'yes' if row % 41 > 18 else 'no'}" for row in range(200)
)


def _open_waiting_review(page: Page) -> str:
    page.get_by_role("link", name="Reviews", exact=True).click()
    page.get_by_role("link", name="credit, version 1").click()
    expect(page.get_by_text(re.compile(r"\d+ of \d+ decided"))).to_be_visible()
    return page.url.rsplit("/", 1)[1].split("?")[0]


def _get(page: Page, path: str) -> Any:
    return page.request.get(f"/api/v1{path}").json()


def test_developer_uploads_trains_and_submits_a_version(page_wide_and_narrow: Page, demo: DemoService) -> None:
    page = page_wide_and_narrow
    width = page.viewport_size["width"] if page.viewport_size else 0
    name, title = f"purchases-{width}", f"Purchases at {width}"
    sign_in_by_form(page, demo, "developer")
    go_to(page, "Datasets")
    page.get_by_label("Table as CSV").set_input_files(
        {"name": f"{name}.csv", "mimeType": "text/csv", "buffer": _TABLE.encode()}
    )
    page.get_by_label("Target column").fill("bought")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.locator("tr", has_text=re.compile("^region *categorical"))).to_be_visible()

    page.goto("/models/new")
    for label, text in {
        "Name": name,
        "Title": title,
        "Purpose": "Who buys.",
        "Approved use": "This test.",
        "Owner": "Sales",
    }.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="Create the model").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()

    page.get_by_role("link", name="Train a version").click()
    page.get_by_label("Dataset").select_option(label=f"{name} (200 rows)")
    expect(page.get_by_label("Target")).to_have_value("bought")
    page.get_by_text("More settings").click()
    page.get_by_label("Most steps").fill("40")
    page.get_by_text("When the input rises, the prediction …").click()
    page.get_by_role("combobox", name="age").select_option(label="rises")
    expect(page.get_by_text("Directions: 1 of 1")).to_be_visible()
    page.get_by_label("Message").fill("First try")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_role("heading", name="First try")).to_be_visible()
    expect(page.get_by_text("age rises")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Refit")).to_contain_text("10 intervals", timeout=60_000)
    page.get_by_role("link", name=f"version 1 of {name}").click(timeout=60_000)
    page.get_by_text("How it was trained").click()
    expect(page.locator("tr", has_text=re.compile("^fit *Gauss–Newton"))).to_be_visible()

    page.get_by_role("button", name="Submit for review").click()
    page.get_by_label("Summary").fill("Two inputs; look at the step in age.")
    page.get_by_role("dialog").get_by_role("button", name="Submit for review").click()
    expect(page.get_by_role("heading", name=f"Review of {name}, version 1")).to_be_visible()
    expect(page.get_by_role("button", name="Sign…")).to_have_count(0)


def test_a_decision_made_meanwhile_is_shown_instead_of_overwritten(
    page: Page, demo: DemoService, problems: PageProblems
) -> None:
    problems.expect("412")
    sign_in_by_form(page, demo, "auditor")
    review_id = _open_waiting_review(page)
    edge = _get(page, f"/reviews/{review_id}")["edges"][0]
    page.goto(f"/reviews/{review_id}?edge={edge['edge']}")
    expect(page.get_by_text("Not decided yet.")).to_be_visible()

    elsewhere = page.request.put(
        f"/api/v1/reviews/{review_id}/edges/{edge['edge']}",
        headers={"If-Match": edge["etag"]},
        data={"decision": "rejected", "comment": "Seen elsewhere."},
    )
    assert elsewhere.ok
    page.get_by_role("button", name="Accept", exact=True).click()

    expect(page.get_by_text("Somebody decided about this edge meanwhile.")).to_be_visible()
    expect(page.get_by_label("Comment")).to_have_value("Seen elsewhere.")
    assert _get(page, f"/reviews/{review_id}")["edges"][0]["decision"] == "rejected"


def test_rejecting_an_edge_asks_for_the_reason(page: Page, demo: DemoService) -> None:
    sign_in_by_form(page, demo, "auditor")
    review_id = _open_waiting_review(page)
    edge = _get(page, f"/reviews/{review_id}")["edges"][-1]
    page.goto(f"/reviews/{review_id}?edge={edge['edge']}")
    expect(page.get_by_text("Not decided yet.")).to_be_visible()

    page.keyboard.press("r")

    expect(page.get_by_text("Say why the edge is rejected.")).to_be_visible()
    expect(page.get_by_label("Comment")).to_be_focused()
    assert _get(page, f"/reviews/{review_id}")["edges"][-1]["decision"] is None


def test_auditor_signs_developer_releases_client_predicts_and_the_record_replays(
    page: Page, demo: DemoService, problems: PageProblems
) -> None:
    problems.expect("401")
    sign_in_by_form(page, demo, "auditor")
    review_id = _open_waiting_review(page)
    _accept_every_edge(page, review_id)
    _sign(page, demo)
    sign_out(page)

    sign_in_by_form(page, demo, "developer")
    _move_champion(page)
    key = _make_api_key(page)
    record = _predict(demo, key)

    page.goto(f"/predictions/{record}")
    settle(page)
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("Identical bits.")).to_be_visible()


def _accept_every_edge(page: Page, review_id: str) -> None:
    names = [edge["edge"] for edge in _get(page, f"/reviews/{review_id}")["edges"]]
    assert names
    for edge in names:
        page.goto(f"/reviews/{review_id}?edge={edge}")
        page.get_by_label("Comment").fill("")
        expect(page.get_by_role("complementary", name=f"Edge {edge}")).to_be_visible()
        page.get_by_role("button", name="Accept", exact=True).click()
        expect(page.locator(".decision-state")).to_contain_text("accepted by Aaron Auditor")
    expect(page.get_by_text(f"{len(names)} of {len(names)} decided")).to_be_visible()


def _sign(page: Page, demo: DemoService) -> None:
    page.get_by_role("button", name="Sign…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Statement").fill("I have compared every edge with the documented formula.")
    dialog.get_by_label("Password").fill("not the password")
    dialog.get_by_role("button", name="Sign the approval").click()
    expect(dialog.get_by_text("nothing was done")).to_be_visible()

    dialog.get_by_label("Password").fill(demo.credentials["users"]["auditor"]["password"])
    dialog.get_by_role("button", name="Sign the approval").click()
    expect(page.get_by_role("article").get_by_text("Aaron Auditor")).to_be_visible()
    expect(page.locator("h1 ~ .badge")).to_have_text(re.compile("approved"))


def _move_champion(page: Page) -> None:
    page.goto("/models/credit")
    page.get_by_role("button", name="Move champion").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("New version")).to_contain_text("Version 1")
    dialog.get_by_role("button", name="Move champion").click()
    expect(page.get_by_role("row", name=re.compile("champion Version 1"))).to_be_visible()


def _make_api_key(page: Page) -> str:
    page.goto("/api-keys")
    page.get_by_label("Label").fill("Loan desk")
    page.get_by_role("button", name="Make a key").click()
    key = page.locator("[data-key]").text_content()
    assert key
    return key


def _predict(demo: DemoService, key: str) -> str:
    with httpx2.Client(base_url=f"{demo.url}/api/v1", headers={"Authorization": f"Bearer {key}"}) as client:
        row = {
            "income": 52000,
            "debt_ratio": 0.3,
            "months_since_delinquency": None,
            "years_employed": 4.5,
            "purpose": "car",
            "dependants": 1,
        }
        answer = client.post("/models/credit/predictions", json={"rows": [row]})
        assert answer.status_code == 200, answer.text
        document = answer.json()
        assert (document["version"], document["trial"]) == (1, False)
        prediction = document["predictions"][0]
        explained = sum(edge["contribution"] for edge in prediction["edges"])
        assert abs(explained - (prediction["output"]["link"] - prediction["base_value"])) < 1e-9
        assert client.get("/models").status_code == 403
    return str(prediction["id"])
