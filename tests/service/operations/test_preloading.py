"""Champions in memory before the first call; one that cannot be used keeps nobody from starting."""

import pytest
from structlog.testing import capture_logs

from service.domain.permissions import Actor
from service.domain.predictions import PredictionRequest
from service.operations import prediction_plans
from service.operations.predictions import create_predictions
from service.operations.preloading import load_champions
from service.operations.resources import Resources, open_resources
from tests.service.training import ROW


def test_the_first_caller_finds_the_champion_planned(
    resources: Resources, developer: Actor, champion: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_champions(resources) == 1
    monkeypatch.setattr(prediction_plans, "_made", lambda *_known: pytest.fail("a plan was made anew"))
    request = PredictionRequest.model_validate({"rows": [ROW]})
    assert create_predictions(resources, developer, "credit", request).version == champion


def test_a_damaged_champion_is_told_and_left_to_its_caller(resources: Resources, champion: int) -> None:
    for path in (resources.settings.data_dir / "artifacts").rglob("*"):
        if path.is_file():
            path.write_bytes(b"altered")
    begun = open_resources(resources.settings)
    with capture_logs() as logged:
        assert load_champions(begun) == 0
    begun.close()
    assert [(one["event"], one["model"], one["code"]) for one in logged] == [
        ("champion_not_loaded", "credit", "artifact_corrupted")
    ]


def test_where_there_is_no_champion_nothing_is_loaded(resources: Resources) -> None:
    assert load_champions(resources) == 0
