"""How strong a policy must be, and what passes a gate."""

from typing import Any, get_args

import pytest

from service import errors
from service.domain.certificates import Certificate, Certificates
from service.domain.networks import FormulaAgreement
from service.domain.permissions import Actor
from service.domain.policies import (
    DEFAULT_POLICIES,
    Measured,
    ReviewPolicy,
    RiskTier,
    certificates_gate,
    challenger_gate,
    fidelity_gate,
    findings_gate,
    policy_digest,
    reasons_gate,
    require_gates,
    require_signer,
    require_strong_enough,
)
from service.domain.training_configuration import Metric

POLICY = ReviewPolicy(quorum=2, gates=("findings", "fidelity"), largest_flipped=0.01)


def changed(policy: ReviewPolicy, **changes: Any) -> ReviewPolicy:
    return ReviewPolicy.model_validate({**policy.model_dump(), **changes})


@pytest.mark.parametrize("tier", get_args(RiskTier))
def test_a_policy_may_ask_for_more_than_its_tier_and_never_for_less(tier: RiskTier) -> None:
    least = DEFAULT_POLICIES[tier]
    require_strong_enough(least, tier)
    require_strong_enough(changed(least, quorum=least.quorum + 1), tier)
    with pytest.raises(errors.PolicyTooWeak, match=least.gates[0]):
        require_strong_enough(changed(least, gates=least.gates[1:]), tier)


def test_a_high_tier_needs_two_people() -> None:
    assert [DEFAULT_POLICIES[tier].quorum for tier in ("low", "medium", "high")] == [1, 1, 2]
    with pytest.raises(errors.PolicyTooWeak, match="at least 2"):
        require_strong_enough(changed(DEFAULT_POLICIES["high"], quorum=1), "high")


def test_a_policy_can_name_who_signs() -> None:
    ada = Actor(id="1", name="ada", printed_name="Ada", roles=frozenset({"auditor"}))
    require_signer(POLICY, ada)
    require_signer(changed(POLICY, signers=("ada",)), ada)
    with pytest.raises(errors.NotAmongSigners):
        require_signer(changed(POLICY, signers=("bob",)), ada)


def test_any_change_of_a_policy_changes_its_digest() -> None:
    others: list[dict[str, Any]] = [{"quorum": 3}, {"signers": ("ada",)}, {"gates": ()}, {"largest_flipped": 0.02}]
    assert len({policy_digest(POLICY), *(policy_digest(changed(POLICY, **other)) for other in others)}) == 5


@pytest.mark.parametrize(("flipped", "passes"), [(0.0, True), (0.01, True), (0.0101, False), (None, True)])
def test_formulas_may_change_as_many_decisions_as_the_policy_allows(flipped: float | None, passes: bool) -> None:
    agreement = FormulaAgreement(
        rows=9, rmse=0.0, largest=0.0, largest_dense=0.0, flipped=flipped, same_top=None, proved_link_bounds=(None,)
    )
    result = fidelity_gate(agreement, POLICY)
    assert result.is_passed is passes
    assert fidelity_gate(None, POLICY).is_passed


def direction(holds: bool | None, expected: str | None) -> Certificate:
    unknown = dict.fromkeys(("direction", "bounds", "response", "found", "tightness", "reason", "seconds"))
    words = dict.fromkeys(("statement", "method", "unit", "domain"), "")
    known = {"fact": "monotone", "output": "y", "feature": "income", "outcome": "proved", "witness": (), "boxes": 0}
    return Certificate.model_validate({**unknown, **words, **known, "expected": expected, "holds": holds})


@pytest.mark.parametrize(("holds", "passes"), [(True, True), (False, False), (None, False)])
def test_every_expected_direction_is_proved(holds: bool | None, passes: bool) -> None:
    result = certificates_gate(Certificates(certificates=(direction(holds, "decreasing"), direction(None, None))))
    assert result.is_passed is passes
    assert passes or "income decreasing" in result.reason


def test_open_findings_of_high_severity_and_missing_words_close_a_gate() -> None:
    assert findings_gate(()).is_passed
    assert "Proxy" in findings_gate(("Proxy",)).reason
    assert not findings_gate(("Proxy",)).is_passed
    assert reasons_gate(("age",), are_owed=False).is_passed
    assert reasons_gate((), are_owed=True).is_passed
    assert not reasons_gate(("age",), are_owed=True).is_passed


def measured(version: int, value: float, better: str = "higher", rows: str = "a") -> Measured:
    metric = Metric.model_validate({"name": "auc", "value": value, "rows": 9, "better": better})
    return Measured(version=version, rows_digest=rows, metric=metric)


def test_a_challenger_is_no_worse_than_the_champion_on_the_same_rows() -> None:
    champion = measured(1, 0.8)
    assert challenger_gate(measured(2, 0.1), None).is_passed
    assert challenger_gate(measured(2, 0.8), champion).is_passed
    assert not challenger_gate(measured(2, 0.79), champion).is_passed
    assert challenger_gate(measured(2, 0.79, "lower"), measured(1, 0.8, "lower")).is_passed
    assert "other rows" in challenger_gate(measured(2, 0.9, rows="b"), champion).reason


def test_a_refusal_gives_the_reason_of_every_gate_that_is_closed() -> None:
    require_gates([findings_gate(())])
    with pytest.raises(errors.GatesFailed, match=r"Proxy.*age"):
        require_gates([findings_gate(("Proxy",)), reasons_gate(("age",), are_owed=True), fidelity_gate(None, POLICY)])


def test_a_policy_without_a_second_factor_is_bound_as_before_there_was_one() -> None:
    policy = ReviewPolicy(quorum=1, gates=("findings",))
    assert "second_factor" not in policy.model_dump(mode="json")
    assert policy_digest(policy) != policy_digest(policy.model_copy(update={"second_factor": True}))
