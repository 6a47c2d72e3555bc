"""How a call is to be answered: which version, against which reference, in which words.

A plan is made once from the database and used until the database says otherwise: the transaction that stores a record
also reads how the version stands then, and where that is not what the plan was made from, the answer is computed anew.
So nobody is answered by a version that was suspended, replaced or explained otherwise before the record was stored.
"""

from dataclasses import dataclass

from service.domain.limits import is_in_force
from service.modelling.prediction import Basis
from service.modelling.registry import LoadedModel
from service.operations.explanations import Asked, basis_of_request
from service.operations.resources import Resources
from service.operations.versions import require_usable
from service.storage import models
from service.storage.standings import Standing, get_standing


@dataclass(frozen=True)
class Target:
    """What is asked: a version by its number, or the champion; a trial takes versions in any state."""

    model: str
    number: int | None = None
    trial: bool = False

    @property
    def alias(self) -> str | None:
        """The pointer that is followed."""
        return "champion" if self.number is None else None

    @property
    def operation(self) -> str:
        """What an idempotency key remembers it by."""
        return f"predictions/{self.model}/{self.number or 'champion'}{'/trial' if self.trial else ''}"


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything that the database says about an answer, with the version in memory."""

    model: str
    standing: Standing
    network: LoadedModel
    basis: Basis
    most_rows: int


def find_plan(resources: Resources, target: Target, asked: Asked) -> Plan | None:
    """The plan that is remembered, or None."""
    plan = resources.plans.find((target, asked))
    return plan if isinstance(plan, Plan) else None


def holds(resources: Resources, target: Target, plan: Plan, now: Standing | None) -> bool:
    """Whether a plan is still right, given how its version stands now."""
    return now == plan.standing and (target.trial or is_in_force(plan.standing.expires_at, resources.clock()))


def get_plan(resources: Resources, target: Target, asked: Asked) -> Plan:
    """The plan that is remembered, or one made from what the database says now, with the version loaded.

    Raises: NotFound (also of a reference), NoChampion, VersionNotApproved, ApprovalExpired, LocaleUnknown,
    InvalidRequest, ArtifactCorrupted.
    """
    with resources.plans.making:
        plan = find_plan(resources, target, asked)
        if plan is None:
            plan = _made(resources, target, asked)
            resources.plans.keep((target, asked), plan)
        return plan


def _made(resources: Resources, target: Target, asked: Asked) -> Plan:
    with resources.database.read() as session:
        version = (
            models.get_champion(session, target.model)
            if target.number is None
            else models.get_version(session, target.model, target.number)
        )
        standing = get_standing(session, target.model, target.number, asked.reference)
    if not target.trial:
        require_usable(resources, version)
    network = resources.registry.get(version.digest)
    basis = basis_of_request(resources, network, version, asked)
    allowed = resources.settings.maximum_prediction_rows
    most = allowed if target.trial else min(allowed, version.maximum_rows or allowed)
    return Plan(target.model, standing, network, basis, most)
