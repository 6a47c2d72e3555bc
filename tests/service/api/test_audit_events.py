"""The trail over HTTP: filters, pages, and an export that verifies."""

from starlette.testclient import TestClient

from service.domain.audit_files import Trusted, verify_trail
from tests.service.conftest import SignIn, Steps

API = "/api/v1/audit-events"


def test_filters_and_pages_go_together(client: TestClient, sign_in: SignIn, steps: Steps) -> None:
    steps.model("first")
    steps.model("second")
    sign_in("observer")
    query = {"action": "models", "limit": "1"}
    newest = client.get(API, params=query).json()
    oldest = client.get(API, params={**query, "cursor": newest["next_cursor"]}).json()
    assert [page["items"][0]["subject"] for page in (newest, oldest)] == ["models/second", "models/first"]
    assert oldest["next_cursor"] is None


def test_a_filter_that_says_nothing_is_refused(client: TestClient, sign_in: SignIn) -> None:
    sign_in("observer")
    for query, pointer in (({"since": "yesterday"}, "/since"), ({"action": ""}, "/action")):
        for path in (API, f"{API}/export"):
            answer = client.get(path, params=query)
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    backwards = {"since": "2026-11-24T00:00:00Z", "until": "2026-11-23T00:00:00+00:00"}
    answer = client.get(f"{API}/export", params=backwards)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/until")
    assert client.get(f"{API}/export", params={"actor": "nobody"}).status_code == 404


def test_an_export_is_a_file_that_verifies(client: TestClient, sign_in: SignIn, steps: Steps) -> None:
    steps.model()
    sign_in("observer")
    answer = client.get(f"{API}/export")
    assert answer.headers["content-type"].startswith("application/jsonl")
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.jsonl"'
    result = verify_trail(answer.text.splitlines(keepends=True), Trusted())
    assert (result.holds, result.events) == (True, client.get(f"{API}/verification").json()["events"])
