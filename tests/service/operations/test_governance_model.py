"""Whatever people try in whatever order: approvals have their quorum, champions are single, the trail tells it all."""

import pytest

from service.operations import reviews
from service.operations.resources import Resources
from tests.service.operations.governance_model import prove


def test_no_order_of_attempts_breaks_the_rules(resources: Resources) -> None:
    reached = prove(resources, runs=20, steps=15)
    assert {"in_review", "approved", "rejected"} <= set(reached)


def test_a_rule_that_is_not_kept_is_found(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviews, "require_independence", lambda *_arguments: None)
    with pytest.raises(AssertionError):
        prove(resources, runs=20, steps=15)
