"""Calls on their way to committed records: which of them wait apart, so that nobody waits for them."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from service import errors
from service.domain.permissions import Actor
from service.domain.predictions import PredictionRequest
from service.modelling import prediction
from service.modelling.prediction import Question, Record
from service.modelling.registry import LoadedModel
from service.operations import prediction_works
from service.operations.batches import Batches
from service.operations.explanations import Asked
from service.operations.prediction_plans import Target, get_plan
from service.operations.predictions import create_predictions
from service.operations.resources import Resources
from tests.service.training import ROW


def request(explain: str, feature_method: str = "auto") -> PredictionRequest:
    content = {"rows": [ROW], "explain": explain, "feature_method": feature_method}
    return PredictionRequest.model_validate(content)


def test_what_must_be_sampled_waits_apart_and_holds_nobody_up(
    resources: Resources, developer: Actor, champion: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled, quick = request("features"), request("edges")
    entered, gate, together = threading.Event(), threading.Event(), prediction.predict_together

    def slowly(network: LoadedModel, questions: Sequence[Question]) -> Sequence[tuple[Record, ...]]:
        if questions[0].explain == "features":
            entered.set()
            assert gate.wait(20)
        return together(network, questions)

    monkeypatch.setattr(prediction, "shapley_method", lambda _games: "sampled")
    monkeypatch.setattr(prediction_works, "predict_together", slowly)
    narrow = replace(resources, slow_batches=Batches(most_rows=1, batch_rows=1))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(create_predictions, narrow, developer, "credit", sampled)
        assert entered.wait(20)
        assert create_predictions(narrow, developer, "credit", quick).predictions[0].id
        with pytest.raises(errors.ServiceBusy):
            create_predictions(narrow, developer, "credit", sampled)
        gate.set()
        assert first.result(20).predictions[0].method.startswith("shapley")
    narrow.slow_batches.close()


@pytest.mark.parametrize(
    ("feature_method", "explain", "expected"),
    [
        ("auto", "features", True),
        ("shapley", "edges", True),
        ("auto", "edges", False),
        ("edge_flow", "features", False),
        ("shapley", "none", False),
    ],
)
def test_only_values_that_are_wanted_are_sampled(
    resources: Resources,
    champion: int,
    monkeypatch: pytest.MonkeyPatch,
    feature_method: Any,
    explain: Any,
    expected: bool,
) -> None:
    asked = Asked.of(request(explain, feature_method))
    plan = get_plan(resources, Target("credit"), asked)
    assert not prediction.needs_sampling(plan.network, plan.basis, explain)
    monkeypatch.setattr(prediction, "shapley_method", lambda _games: "sampled")
    assert prediction.needs_sampling(plan.network, plan.basis, explain) is expected
