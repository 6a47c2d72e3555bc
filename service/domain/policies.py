"""Review policies: how many must sign, who may, and which gates a version passes before it can be approved.

A gate is a rule that is decided by what is known of a version, not by a person. Each says why.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from service.domain.canonical import digest_of_json
from service.domain.certificates import Certificates
from service.domain.documents import Document, Line
from service.domain.networks import FormulaAgreement
from service.domain.permissions import Actor
from service.domain.training_configuration import Metric
from service.errors import GatesFailed, NotAmongSigners, PolicyTooWeak

Gate = Literal["findings", "fidelity", "certificates", "reasons", "challenger"]
RiskTier = Literal["low", "medium", "high"]


class ReviewPolicy(Document):
    """What a review of a model's versions needs."""

    quorum: int = Field(
        ge=1, le=9, description="How many distinct people must sign an approval; a rejection needs one."
    )
    signers: Annotated[tuple[Line, ...], Field(min_length=1, max_length=50, strict=False)] | None = Field(
        None, description="Sign-in names of those who may sign; every independent auditor where it is null."
    )
    gates: Annotated[tuple[Gate, ...], Field(max_length=5, strict=False)]
    largest_flipped: float = Field(
        0.05, ge=0, le=1, description="Fidelity: share of held-out decisions that formulas may change."
    )
    #: Policies are bound by their digest, so what was settled without this reads as it did.
    second_factor: bool = Field(
        False,
        exclude_if=lambda is_needed: not is_needed,
        description="Whether every signature needs a second factor, here or at the identity provider.",
    )


class GateResult(Document):
    """Whether a version passes a gate, and why or why not."""

    gate: Gate
    is_passed: bool
    reason: str


class Measured(Document):
    """What the challenger gate compares: metrics, and which rows they were measured on."""

    version: int
    rows_digest: str
    metric: Metric


DEFAULT_POLICIES: Mapping[RiskTier, ReviewPolicy] = {
    "low": ReviewPolicy(quorum=1, gates=("findings",)),
    "medium": ReviewPolicy(quorum=1, gates=("findings", "fidelity")),
    "high": ReviewPolicy(quorum=2, gates=("findings", "fidelity", "certificates", "reasons")),
}


def require_strong_enough(policy: ReviewPolicy, tier: RiskTier) -> None:
    """Raise PolicyTooWeak where a policy asks for less than the default of the risk tier."""
    least = DEFAULT_POLICIES[tier]
    missing = tuple(gate for gate in least.gates if gate not in policy.gates)
    if policy.quorum < least.quorum or missing:
        raise PolicyTooWeak(tier, least.quorum, missing)


def require_signer(policy: ReviewPolicy, actor: Actor) -> None:
    """Raise NotAmongSigners unless the policy lets this person sign."""
    if policy.signers is not None and actor.name not in policy.signers:
        raise NotAmongSigners


def policy_digest(policy: ReviewPolicy) -> str:
    """The digest that a signature binds the policy by."""
    return digest_of_json(policy.model_dump(mode="json"))


def require_gates(results: Sequence[GateResult]) -> None:
    """Raise GatesFailed with the reason of every gate that is not passed."""
    failed = tuple(result.reason for result in results if not result.is_passed)
    if failed:
        raise GatesFailed(failed)


def fidelity_gate(agreement: FormulaAgreement | None, policy: ReviewPolicy) -> GateResult:
    """Whether formulas decide as the splines did, on rows that no training has seen."""
    if agreement is None:
        return _passed("fidelity", "No formula took the place of a spline.")
    if agreement.flipped is None:
        return _passed("fidelity", "The version decides nothing that formulas could change.")
    said = f"formulas change {agreement.flipped:.2%} of the decisions on held-out rows"
    if agreement.flipped > policy.largest_flipped:
        return _failed("fidelity", f"{said}, more than the {policy.largest_flipped:.2%} that the policy allows")
    return _passed("fidelity", f"{said}, within the {policy.largest_flipped:.2%} that the policy allows")


def certificates_gate(certificates: Certificates) -> GateResult:
    """Whether every direction that dataset or training name is proved for the whole domain."""
    expected = [fact for fact in certificates.certificates if fact.expected is not None]
    open_facts = [f"{fact.feature} {fact.expected}" for fact in expected if fact.holds is not True]
    if open_facts:
        return _failed("certificates", f"these expected directions are not proved: {', '.join(open_facts)}")
    return _passed("certificates", f"all {len(expected)} expected directions are proved")


def reasons_gate(unmapped: Sequence[str], *, are_owed: bool) -> GateResult:
    """Whether the reason dictionary has words for every scored feature, where people are owed reasons."""
    if not are_owed:
        return _passed("reasons", "decisions of the model need no reasons")
    if unmapped:
        return _failed("reasons", f"the reason dictionary has no words for {', '.join(unmapped)}")
    return _passed("reasons", "the reason dictionary has words for every scored feature")


def findings_gate(unclosed: Sequence[str]) -> GateResult:
    """Whether every finding of high severity is closed; `unclosed` has the titles of the others."""
    if unclosed:
        return _failed("findings", f"these findings of high severity are not closed: {', '.join(unclosed)}")
    return _passed("findings", "no finding of high severity is open")


def challenger_gate(version: Measured, champion: Measured | None) -> GateResult:
    """Whether a version does at least as well as the champion on the same held-out rows."""
    if champion is None:
        return _passed("challenger", "the model has no champion to compare with")
    mine, other = version.metric, champion.metric
    if version.rows_digest != champion.rows_digest or mine.name != other.name:
        return _failed("challenger", f"it was measured on other rows than champion version {champion.version}")
    is_worse = mine.value > other.value if mine.better == "lower" else mine.value < other.value
    said = f"{mine.name} {mine.value:.6g} against {other.value:.6g} of champion version {champion.version}"
    return _failed("challenger", said) if is_worse else _passed("challenger", said)


def _passed(gate: Gate, reason: str) -> GateResult:
    return GateResult(gate=gate, is_passed=True, reason=_sentence(reason))


def _failed(gate: Gate, reason: str) -> GateResult:
    return GateResult(gate=gate, is_passed=False, reason=_sentence(reason))


def _sentence(reason: str) -> str:
    return reason[0].upper() + reason[1:].rstrip(".") + "."
