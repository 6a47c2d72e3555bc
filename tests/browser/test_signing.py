"""How signers show who they are: with a code of their authenticator, and by the word of an identity provider."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pydantic import SecretStr

from service.app import create_app
from service.domain.policies import ReviewPolicy
from service.domain.second_factors import CodeProof, PasswordProof, code_at, step_at
from service.operations import review_policies, second_factors, users
from service.operations.resources import open_resources, utc_now
from service.settings import Settings
from tests.browser.conftest import PageProblems, open_page
from tests.browser.people import settle
from tests.database import free_port
from tests.service.conftest import PASSWORD, Steps
from tests.service.identity_provider import Provider, configured, serving
from tests.service.serving import served

Axe = Callable[[Page], None]


@dataclass(frozen=True)
class Bank:
    """A service with a provider beside it, and a review that wants two signatures with second factors."""

    url: str
    review: str
    recovery_codes: tuple[str, ...]


@pytest.fixture
def bank(database_url: str, tmp_path: Path) -> Iterator[Bank]:
    port = free_port()
    plain = Settings(data_dir=tmp_path, database_url=SecretStr(database_url))
    with serving(Provider(utc_now)) as provider:
        provider.people["sub-1"]["amr"] = ["pwd", "mfa"]
        url = f"http://127.0.0.1:{port}"
        settings = configured(plain, provider, public_url=url)
        resources = open_resources(settings)
        aaron = users.create_user(resources, "aaron", "Aaron", frozenset({"auditor"}), PASSWORD)
        dora = users.create_user(resources, "dora", "Dora", frozenset({"developer", "administrator"}), PASSWORD)
        steps = Steps(resources, dora, aaron)
        steps.train(steps.model(), steps.dataset())
        strict = ReviewPolicy(quorum=2, gates=("findings", "fidelity"), second_factor=True)
        etag = review_policies.get_review_policy(resources, dora, "credit").etag
        review_policies.put_review_policy(resources, dora, "credit", strict, etag)
        review = steps.accept_edges(steps.submit("credit", 1))
        begun = second_factors.begin_second_factor(resources, aaron, PasswordProof(password=SecretStr(PASSWORD)))
        code = code_at(base64.b32decode(begun.secret), step_at(datetime.now(UTC)))
        held = second_factors.confirm_second_factor(resources, aaron, CodeProof(code=SecretStr(code)))
        with served(create_app(settings, resources), port):
            yield Bank(url, f"/reviews/{review.id}", held.recovery_codes)
        resources.close()


def test_one_signs_with_a_code_and_one_by_the_word_of_the_provider(
    chromium: Browser, problems: PageProblems, bank: Bank, axe: Axe, screenshot: Callable[[Page, str], Path]
) -> None:
    problems.expect("401")  # passwords alone are refused
    with open_page(chromium, problems, bank.url) as page:
        page.goto(bank.review)
        page.get_by_label("Name").fill("aaron")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_label("Code").fill(bank.recovery_codes[0])
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("button", name="Sign…").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Statement").fill("Every edge is as it should be.")
        dialog.get_by_label("Password", exact=True).fill(PASSWORD)
        dialog.get_by_role("button", name="Sign the approval").click()
        expect(dialog.get_by_label("Code")).to_be_visible()
        dialog.get_by_label("Code").fill("000000")
        dialog.get_by_role("button", name="Sign the approval").click()
        expect(dialog.get_by_text("used already").first).to_be_visible()
        axe(page)
        dialog.get_by_label("Code").fill(bank.recovery_codes[1])
        dialog.get_by_role("button", name="Sign the approval").click()
        expect(page.get_by_role("article").get_by_text("Every edge is as it should be.")).to_be_visible()
    with open_page(chromium, problems, bank.url) as page:
        page.goto(bank.review)
        settle(page)
        axe(page)
        screenshot(page, "sign-in")
        page.get_by_role("button", name="Sign in with Bank sign-on").click()
        page.get_by_role("button", name="Sign…").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("button", name="Sign the approval")).to_be_disabled()
        axe(page)
        page.wait_for_timeout(1000)  # the provider tells whole seconds, and a proof is later than the sign-in
        dialog.get_by_role("button", name="Confirm who I am").click()
        page.get_by_role("button", name="Sign…").click()
        dialog.get_by_label("Statement").fill("I have seen it too.")
        screenshot(page, "confirmed")
        dialog.get_by_role("button", name="Sign the approval").click()
        expect(page.locator("h1 ~ .badge")).to_contain_text("approved")
        page.goto("/account")
        expect(page.get_by_text("You sign in at the identity provider")).to_be_visible()
        axe(page)


def test_what_the_provider_refuses_is_said(chromium: Browser, problems: PageProblems, bank: Bank, axe: Axe) -> None:
    with open_page(chromium, problems, bank.url) as page:
        page.goto("/signed-in?error=access_denied&state=s")
        expect(page.get_by_text("access_denied")).to_be_visible()
        axe(page)
        page.get_by_role("link", name="To Edgewise").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_an_administrator_looks_after_the_access_of_others(
    chromium: Browser, problems: PageProblems, bank: Bank, axe: Axe
) -> None:
    with open_page(chromium, problems, bank.url) as page:
        page.goto("/people")
        page.get_by_label("Name").fill("dora")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        row = page.get_by_role("row", name="Aaron")
        for action, state in (
            ("Reset the second factor", "active"),
            ("Disable the account", "disabled"),
            ("Enable the account", "active"),
        ):
            row.get_by_role("button", name="Access of Aaron").click()
            axe(page)
            page.get_by_role("dialog").get_by_role("button", name=action).click()
            expect(page.get_by_role("dialog")).to_have_count(0)
            expect(row).to_contain_text(state)
