"""What a version has learned, over HTTP."""

import pytest
from starlette.testclient import TestClient

from tests.service.conftest import SignIn

API = "/api/v1"


def test_features_and_their_charts_are_read(client: TestClient, sign_in: SignIn, champion: int) -> None:
    sign_in("observer")
    version = f"{API}/models/credit/versions/{champion}"
    found = client.get(f"{version}/features").json()
    assert sorted(one["feature"] for one in found["items"]) == ["age", "income", "purpose"]
    assert found["is_additive"]
    figure = client.get(f"{version}/features/age/chart?individual=2").json()
    assert {"90 % band", "shape function", "single rows"} <= {trace.get("name") for trace in figure["data"]}
    assert client.get(f"{version}/interactions").json()["items"] == []
    surface = client.get(f"{version}/interactions/chart?first=age&second=purpose")
    assert surface.status_code == 200, surface.text
    for path, media in (("features/age", "image/svg+xml"), ("edges/0.0.0", "image/png")):
        kind = "svg" if "svg" in media else "png"
        answer = client.get(f"{version}/{path}/picture?format={kind}")
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == media
        assert answer.headers["Content-Disposition"].startswith("attachment; ")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("features/height/chart", 404, "not_found"),
        ("features/age/chart?output=1", 422, "invalid_request"),
        ("features/age/chart?individual=101", 422, "invalid_request"),
        ("features/age/picture?format=gif", 422, "invalid_request"),
        ("interactions/chart?first=age&second=age", 422, "invalid_request"),
        ("interactions/chart?first=age", 422, "invalid_request"),
        ("edges/9.9.9/picture?format=svg", 404, "not_found"),
    ],
)
def test_what_is_not_there_is_refused_with_a_reason(
    client: TestClient, sign_in: SignIn, champion: int, path: str, status: int, code: str
) -> None:
    sign_in("observer")
    answer = client.get(f"{API}/models/credit/versions/{champion}/{path}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
