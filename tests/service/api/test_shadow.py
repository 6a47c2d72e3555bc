"""The challenger beside the champion."""

import json

import pytest
from starlette.testclient import TestClient

from tests.service.conftest import Clock, SignIn, Steps
from tests.service.training import QUICK, ROW

API = "/api/v1"
PLACE = f"{API}/models/credit/shadow"
PREDICTIONS = f"{API}/models/credit/predictions"
ROWS = [{**ROW, "age": age} for age in range(20, 60, 4)]


def test_the_challenger_is_measured_on_what_the_champion_was_asked(
    client: TestClient, sign_in: SignIn, steps: Steps, clock: Clock, champion: int
) -> None:
    sign_in("developer")
    alone = client.get(PLACE).json()
    assert (alone["champion"], alone["challenger"], alone["rows"]) == (1, None, 0)
    other = QUICK.model_copy(update={"inputs": ("age", "purpose"), "grid_size": 4})
    second = steps.train("credit", steps.dataset(), other)
    steps.approve("credit", second)
    answered = client.post(PREDICTIONS, json={"rows": ROWS}).json()["predictions"]
    steps.point("credit", second, "challenger")
    assert client.post(PREDICTIONS, json={"rows": ROWS[:1]}).json()["predictions"][0]["output"] == answered[0]["output"]
    found = client.get(PLACE).json()
    assert (found["champion"], found["challenger"], found["rows"], found["unanswered"]) == (1, second, 11, 0)
    shorter = [{"age": row["age"], "purpose": row["purpose"]} for row in [*ROWS, ROWS[0]]]
    place = f"{API}/models/credit/versions/{second}/predictions"
    theirs = [one["output"]["response"] for one in client.post(place, json={"rows": shorter}).json()["predictions"]]
    ours = [one["output"]["response"] for one in [*answered, answered[0]]]
    differences = [abs(a - b) for a, b in zip(ours, theirs, strict=True)]
    assert found["mean_absolute_difference"] == pytest.approx(sum(differences) / 11, rel=1e-12)
    flips = sum((a > 0.5) != (b > 0.5) for a, b in zip(ours, theirs, strict=True))
    assert found["differing_decisions_share"] == pytest.approx(flips / 11, rel=1e-12)
    assert max(differences) == abs(found["largest"][0]["champion"] - found["largest"][0]["challenger"])
    record = client.get(f"{API}/predictions/{found['largest'][0]['prediction_id']}").json()
    assert record["prediction"]["output"]["response"] == found["largest"][0]["champion"]
    text = client.get("/metrics").text
    labels = f'{{model="credit",champion="1",challenger="{second}"}}'
    assert f"edgewise_shadow_rows{labels} 11" in text
    assert json.dumps(ROW["purpose"]) not in text


def test_a_challenger_that_takes_other_features_leaves_rows_unanswered(
    client: TestClient, sign_in: SignIn, steps: Steps, candidate: int
) -> None:
    sign_in("developer")
    steps.approve("credit", candidate)
    other = QUICK.model_copy(update={"inputs": ("age", "purpose"), "grid_size": 4})
    second = steps.train("credit", steps.dataset(), other)
    steps.approve("credit", second)
    steps.point("credit", second)
    steps.point("credit", candidate, "challenger")
    client.post(PREDICTIONS, json={"rows": [{"age": 41, "purpose": "car"}]})
    found = client.get(PLACE).json()
    assert (found["rows"], found["unanswered"]) == (1, 1)
    assert (found["mean_absolute_difference"], found["largest"]) == (None, [])
    assert client.get(f"{API}/models/nothing/shadow").status_code == 404
